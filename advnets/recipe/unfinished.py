"""Find schedules of a recipe that go on when its run has ended, and penalties taken but once."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from ..plugins.schedule import Schedule
from .recipe import Recipe
from .schema import EVERY


def unfinished_schedules(recipe: Recipe) -> list[str]:
    """Return, in words, which schedules end after the run does: they never reach their end; and
    which lazy penalties it takes in its first round alone.

    >>> from advnets.recipe import load_recipe
    >>> plan = {"from": 1.0, "to": 0.0, "rounds": 500}
    >>> recipe = load_recipe("digits", {"penalties": [{"name": "r1", "gamma": plan}]})
    >>> unfinished_schedules(recipe)
    []
    >>> unfinished_schedules(recipe.override({"training.steps": 100}))
    ['penalties.0.gamma reaches 0 in round 500, and the run ends with round 100']
    >>> unfinished_schedules(recipe.override({"penalties": [{"name": "r1", "every": 10_000}]}))
    ['penalties.0 is taken every 10,000 rounds, and the run has 6,000: in its first alone']
    """
    steps = recipe.settings.training.steps
    once = [
        f"penalties.{index} is taken every {entry[EVERY]:,} rounds, and the run has {steps:,}: in "
        "its first alone"
        for index, entry in enumerate(recipe.settings.penalties)
        if entry.get(EVERY, 1) >= steps > 1
    ]
    return once + [
        f"{path} reaches {schedule.end:g} in round {schedule.last:,}, and the run ends with round "
        f"{steps:,}"
        for path, schedule in _schedules("", recipe.data)
        if schedule.last > steps
    ]


def _schedules(path: str, value: Any) -> Iterator[tuple[str, Schedule]]:
    """Yield every schedule in plain data, with its dotted path."""
    if isinstance(value, Mapping) and value.keys() >= {"from", "to", "rounds"}:
        with contextlib.suppress(ValidationError):  # a plugin's own, of another kind
            yield path, Schedule.model_validate(value)
        return
    listed = enumerate(value) if isinstance(value, list) else ()
    for key, item in value.items() if isinstance(value, Mapping) else listed:
        yield from _schedules(f"{path}.{key}".lstrip("."), item)
