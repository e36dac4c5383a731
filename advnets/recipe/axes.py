"""Check which components take examples of the data's shape, without TensorFlow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..plugins.components import Component
from ..plugins.parameters import Names
from ..plugins.registry import Registry
from .document import Keys, join_keys
from .problems import Findings, resolve_alone
from .recipe import Recipe

KIND = "augmentations"
"""The kind whose components may ask for a shape."""
IMAGES = 3
"""Of an image: height, width, channels."""


def speaks_of_axes(recipe: Recipe) -> bool:
    """Tell whether a recipe names a component that takes examples of some shapes only."""
    return any(True for _ in _asking(recipe))


def check_axes(recipe: Recipe, data: str, shape: Sequence[int]) -> None:
    """Check that each component takes examples with as many axes as the data's have.

    Args:
        recipe: A validated recipe.
        data: The data set's name.
        shape: Of one of its examples.

    Raises:
        RecipeError: With all that is wrong, each with its place in the recipe.
    """
    findings = Findings(recipe.document)
    for keys, component in _asking(recipe):
        if component.axes == len(shape):
            continue
        images = component.axes == IMAGES
        what = (
            "images, [height, width, channels]" if images else f"examples of {component.axes} axes"
        )
        findings.add(
            keys,
            f"{join_keys(keys)}: {component.name!r} takes {what}, and {data} has examples of the "
            f"shape {list(shape)}",
            f"leave it out, or choose a data set of {'images' if images else 'such examples'}",
        )
    if findings.problems:
        raise findings.error()


def _asking(recipe: Recipe) -> Iterator[tuple[Keys, Component]]:
    for path, component, parameters in recipe.walk():
        keys = tuple(int(part) if part.isdigit() else part for part in path.split("."))
        yield from _with_named(component, parameters, keys, recipe.registry)


def _with_named(
    component: Component, parameters: Mapping[str, Any], keys: Keys, registry: Registry
) -> Iterator[tuple[Keys, Component]]:
    """Yield a component and the augmentations that its parameters name, where they say `axes`."""
    if component.axes is not None:
        yield keys, component
    for name, described in component.parameters.model_fields.items():
        if not any(isinstance(m, Names) and m.kind == KIND for m in described.metadata):
            continue
        value = parameters[name]
        many = isinstance(value, list)
        for index, entry in enumerate(value if many else [value]):
            if isinstance(entry, str | Mapping):
                given = {"name": entry} if isinstance(entry, str) else dict(entry)
                one = registry.component(KIND, given.pop("name"))
                own = resolve_alone(one, KIND, given).model_dump()
                place = (*keys, name, index) if many else (*keys, name)
                yield from _with_named(one, own, place, registry)
