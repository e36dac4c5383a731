"""Find schedules of a recipe that go on when its run has ended."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from ..plugins.schedule import Schedule
from .recipe import Recipe


def unfinished_schedules(recipe: Recipe) -> list[str]:
    """Return, in words, which schedules end after the run does: they never reach their end.

    >>> from advnets.recipe import load_recipe
    >>> plan = {"from": 1.0, "to": 0.0, "rounds": 500}
    >>> recipe = load_recipe("digits", {"penalties": [{"name": "r1", "gamma": plan}]})
    >>> unfinished_schedules(recipe)
    []
    >>> unfinished_schedules(recipe.override({"training.steps": 100}))
    ['penalties.0.gamma reaches 0 in round 500, and the run ends with round 100']
    """
    steps = recipe.settings.training.steps
    return [
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
