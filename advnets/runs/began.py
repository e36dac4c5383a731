"""Find the recipe that a run began with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..errors import AdvnetsError
from ..plugins.registry import Registry
from ..recipe import Recipe, load_recipe


def as_it_began(recipe: Recipe, changes: Sequence[Mapping[str, Any]]) -> Recipe:
    """Return a recipe with the values that its run had in the first round."""
    first: dict[str, Any] = {}
    for each in changes:
        first.setdefault(each["key"], each["old"])
    return recipe.override(first) if first else recipe


def with_defaults(
    data: dict[str, Any], registry: Registry, changes: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    try:
        return load_recipe(data, changes or {}, registry).data
    except AdvnetsError:  # written with plugins that are not here now
        return data
