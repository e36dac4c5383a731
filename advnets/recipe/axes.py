"""Check which components take examples of the data's shape, without TensorFlow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..plugins.components import PLAYERS, Component
from .document import Keys, join_keys
from .named import walk_named
from .problems import Findings
from .recipe import Recipe

ASKING = ("augmentations", "architectures", "conditions")
"""The kinds whose components may ask for a shape."""
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
            f"{_instead(keys)}, or choose a data set of {'images' if images else 'such examples'}",
        )
    if findings.problems:
        raise findings.error()


def _instead(keys: Keys) -> str:
    if keys[0] in PLAYERS:
        return "choose mlp or maxout, which take examples of any shape"
    return "leave it out"


def _asking(recipe: Recipe) -> Iterator[tuple[Keys, Component]]:
    """Yield what says `axes`, but for further networks: an encounter says what these are given."""
    for keys, component in walk_named(recipe, ASKING):
        if component.axes is not None and keys[0] != "networks":
            yield keys, component
