"""Refuse changes of a run, on purpose, that it cannot go on with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..checkpoint import Commit
from ..data import Source
from ..errors import UsageError
from ..game.state import state_variables
from ..recipe import Recipe
from ..train.build import build_game


def refuse_to_change_nothing(newest: Commit, changes: Sequence[Mapping[str, Any]]) -> None:
    """Refuse a change that comes after the last round."""
    if changes:
        raise UsageError(
            f"there is no round to change anything in: the run is at step {newest.step:,}",
            hint="a larger training.steps plays on: KEY=VALUE training.steps=N --change",
        )


def refuse_other_variables(
    recipe: Recipe, source: Source, changes: Sequence[Mapping[str, Any]]
) -> None:
    """Refuse changes that the game's variables don't allow, by name.

    Both games are built for it before anything is written, so that a run whose change is refused
    is as it was.

    Args:
        recipe: The recipe with the changes.
        source: Its data.
        changes: ``key``, ``old``, ``new``.

    Raises:
        UsageError: If the game has other variables with them; or if they are what a variable
            begins with, which has moved since.
    """
    old, game = (
        build_game(each, source)
        for each in (recipe.override({each["key"]: each["old"] for each in changes}), recipe)
    )
    before, after = state_variables(old), state_variables(game)
    keys = ", ".join(each["key"] for each in changes)
    signatures = [{n: (v.dtype, v.shape) for n, v in each.items()} for each in (before, after)]
    if signatures[0] != signatures[1]:
        odd = sorted(set(signatures[0].items()) ^ set(signatures[1].items()), key=str)
        raise UsageError(
            f"what cannot be changed on the way: {keys}; the game would have other variables "
            f"than the checkpoint has, such as {odd[0][0]}",
            hint="it is another run: give it a recipe and a folder of its own",
        )
    rates = {id(rate) for name in game.optimizers for rate in game.rates_of(name)}
    for name, variable in after.items():
        if id(variable) in rates or np.array_equal(
            before[name].numpy(), variable.numpy(), equal_nan=variable.dtype.is_floating
        ):
            continue
        raise UsageError(
            f"what cannot be changed on the way: {keys}; it is what the variable {name} begins "
            "with, which has moved since",
            hint="it is another run: give it a recipe and a folder of its own",
        )
