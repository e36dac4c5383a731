"""Make what a recipe's components stand for. Imports no TensorFlow itself."""

from __future__ import annotations

from typing import Any

from ..recipe import Recipe


def make(recipe: Recipe, path: str, kind: type, *context: Any) -> Any:
    """The object of the component at ``path``; see :meth:`advnets.Component.make`."""
    component, parameters = recipe.component(path)
    return component.make(kind, parameters, *context)
