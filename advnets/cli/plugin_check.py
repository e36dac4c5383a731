"""Check one component for ``advnets plugins check``."""

from __future__ import annotations

import json
from collections.abc import Iterator

import click

from ..errors import AdvnetsError
from ..plugins.components import Component
from ..plugins.registry import Registry
from ..plugins.tracebacks import text_of
from ..recipe import load_recipe, read_yaml, recipe_bytes, recipe_path


def check_component(kind: str, component: Component, registry: Registry) -> list[str]:
    """List everything wrong with a component that can be seen by building it."""
    found = [
        *_schema(component),
        *_name(kind, component, registry),
        *_target(kind, component, registry),
    ]
    return found or list(_built(kind, component))


def missing_parameters(component: Component) -> list[str]:
    """List the parameters without which a component cannot be built, and that it has no values of.

    They have no default, and the component's ``example`` gives none.
    """
    given = component.example.get("parameters", {})
    fields = component.parameters.model_fields.items()
    return [name for name, field in fields if field.is_required() and name not in given]


def _schema(component: Component) -> Iterator[str]:
    """Check that its defaults fit its own schema, and that editors can read that."""
    parameters = component.parameters
    try:
        parameters.model_json_schema()
    except Exception as error:
        yield f"its parameters have no JSON Schema: {type(error).__name__}: {text_of(error)}"
    if missing_parameters(component):
        return
    try:
        made = component.resolve(component.example.get("parameters", {}))
        defaults = made.model_dump(mode="json", by_alias=True, warnings="error")
        json.dumps(defaults, allow_nan=False)
        component.resolve(defaults)
    except Exception as error:
        yield f"its defaults do not fit its own schema: {type(error).__name__}: {text_of(error)}"


def _name(kind: str, component: Component, registry: Registry) -> Iterator[str]:
    if (kind, component.name) in registry.conflicts:
        first, second = registry.conflicts[kind, component.name]
        yield f"the name is taken: it is registered by {first} and by {second}"


def _target(kind: str, component: Component, registry: Registry) -> Iterator[str]:
    """Check that what it names is there, and of the right sort."""
    try:
        if kind == "recipes":
            load_recipe(recipe_path(component), registry=registry)
            return
        if kind == "sweeps":
            read_yaml(recipe_bytes(recipe_path(component)), component.target)
            return
        target = component.load()
    except AdvnetsError as error:
        yield str(error)
        return
    if kind == "commands" and not isinstance(target, click.Command):
        yield f"{component.target} is a {type(target).__name__}, not a click.Command"
    elif not callable(target):
        yield f"{component.target} cannot be called"


def _built(kind: str, component: Component) -> Iterator[str]:
    """Check that it can be built, of its defaults and what its example says."""
    from ..testing import ConformanceError
    from ..testing.building import build
    from ..testing.check import attempt
    from ..testing.subject import subject_of

    if missing_parameters(component):
        return
    try:
        attempt(build, subject_of(kind, component))
    except ConformanceError as error:
        yield f"it cannot be built: {error}"
