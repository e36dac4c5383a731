"""Who calls what a component names by hand gets what a recipe gets that leaves a key out."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from pydantic import BaseModel

from advnets.plugins import load_plugins
from advnets.plugins.components import KINDS, Component

REGISTRY = load_plugins()
WITHOUT_PARAMETERS = ("recipes", "sweeps", "commands")
WITH_CONTEXT = ("architectures", "optimizers", "metrics", "features")
COMPONENTS = [
    pytest.param(kind, component, id=f"{kind}-{component.name}")
    for kind in KINDS
    if kind not in WITHOUT_PARAMETERS
    for component in REGISTRY.components(kind)
]
EXCEPTIONS: dict[tuple[str, str], Any] = {
    # Networks fill in what a mapping leaves out, so None is the schema's default to them.
    ("architectures", "output"): None,
    ("architectures", "heads"): None,
}
"""What the signature says instead, by kind and parameter."""


def plain(value: Any) -> Any:
    """Lists for tuples, mappings for models."""
    if isinstance(value, BaseModel):
        return value.model_dump()
    return list(value) if isinstance(value, tuple) else value


@pytest.mark.parametrize(("kind", "component"), COMPONENTS)
class TestEach:
    def test_defaults_of_schema_and_signature_agree(self, kind: str, component: Component) -> None:
        signature = inspect.signature(component.load()).parameters
        for name, field in component.parameters.model_fields.items():
            if name not in signature or signature[name].default is inspect.Parameter.empty:
                continue
            assert not field.is_required(), f"a recipe must say {name}, and a caller need not"
            default = plain(signature[name].default)
            if (kind, name) in EXCEPTIONS and default == EXCEPTIONS[kind, name]:
                continue
            assert default == plain(field.get_default(call_default_factory=True)), name

    def test_the_target_takes_what_the_schema_has(self, kind: str, component: Component) -> None:
        signature = inspect.signature(component.load())
        given = dict.fromkeys(component.parameters.model_fields)
        if kind not in WITH_CONTEXT and "context" in signature.parameters:
            given["context"] = None
        context = [object()] if kind in WITH_CONTEXT else []
        signature.bind(*context, **given)
