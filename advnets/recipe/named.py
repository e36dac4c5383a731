"""Walk through a recipe's components, and through those that their parameters name."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from ..plugins.components import Component
from ..plugins.parameters import Names
from ..plugins.registry import Registry
from .document import Keys
from .problems import resolve_alone
from .recipe import Recipe


def walk_named(recipe: Recipe, kinds: Collection[str]) -> Iterator[tuple[Keys, Component]]:
    """Yield every component with its place in the recipe, and all of such kinds that it names.

    Args:
        recipe: A validated recipe.
        kinds: Of the components that others name by a parameter (``Names``), at any depth.
    """
    for path, component, parameters in recipe.walk():
        keys = tuple(int(part) if part.isdigit() else part for part in path.split("."))
        yield from _with_named(component, parameters, keys, kinds, recipe.registry)


def _with_named(
    component: Component,
    parameters: Mapping[str, Any],
    keys: Keys,
    kinds: Collection[str],
    registry: Registry,
) -> Iterator[tuple[Keys, Component]]:
    yield keys, component
    for name, described in component.parameters.model_fields.items():
        value = parameters[name]
        many = isinstance(value, list)
        for kind in (m.kind for m in described.metadata if isinstance(m, Names)):
            for index, entry in enumerate(value if many else [value]):
                if kind in kinds and isinstance(entry, str | Mapping):
                    given = {"name": entry} if isinstance(entry, str) else dict(entry)
                    one = registry.component(kind, given.pop("name"))
                    own = resolve_alone(one, kind, given).model_dump()
                    place = (*keys, name, index) if many else (*keys, name)
                    yield from _with_named(one, own, place, kinds, registry)
