"""Schedule numbers, such as weights and rates: functions of the round that is played."""

from __future__ import annotations

import contextlib
import contextvars
import json
import math
from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

import tensorflow as tf
from pydantic import ValidationError

from .errors import UsageError
from .plugins.schedule import Schedule

REACHED = "reached"
"""The key of a saved schedule's config for the round that its game had reached."""

Round: TypeAlias = int | tf.Tensor | tf.Variable

_round: contextvars.ContextVar[Round | None] = contextvars.ContextVar("advnets_round", default=None)


@contextlib.contextmanager
def at_round(number: Round | None) -> Iterator[None]:
    """Let what is called inside know the round: the rounds that were played before it.

    Args:
        number: A scalar int64 tensor or variable, or an int; ``None`` for outside of rounds.
    """
    token = _round.set(number)
    try:
        yield
    finally:
        _round.reset(token)


def current_round() -> Round | None:
    """Return the round that is being played, counted from 0; ``None`` outside of rounds.

    Known wherever a component's code runs in a round: losses, penalties, conditions,
    encounters, update rules, layers, optimizers.

    >>> with at_round(7):
    ...     current_round()
    7
    """
    return _round.get()


class Scheduled:
    """Give a number, or the value that a schedule has in a round; made by :func:`scheduled`.

    Args:
        value: The number, or the schedule.
        reached: The round that a game had reached, of which this is a copy; none by default.

    Attributes:
        value: The number, or the schedule.
    """

    def __init__(self, value: float | Schedule, reached: int | None = None):
        self.value = value
        self._clock: Round | None = reached

    def follow(self, clock: Round) -> None:
        """Take the round from a variable, where no round is played: that which was reached."""
        self._clock = clock

    def changed_to(self, value: Any) -> Scheduled:
        """Return what :func:`scheduled` makes of another value, of the same game."""
        made = scheduled(value)
        made._clock = self._clock
        return made

    def __call__(self) -> float | tf.Tensor:
        """Return the value in the round that is played; outside of rounds, in the one reached.

        Returns:
            The number itself, as it was given, or a float32 scalar. Of a schedule that belongs to
            no game the value that it ends with; in a network that was saved, or exported, apart
            from its game, the value that it had then.
        """
        return self.at(self.reached())

    def reached(self) -> Round | None:
        """Return the round that is played, else that which a game has reached; ``None`` of none."""
        number = current_round()
        return self._clock if number is None else number

    def at(self, number: Round | None) -> float | tf.Tensor:
        """Return the value in a round; in the last one where it is ``None``.

        With t = (round − begin)/rounds, at least 0 and at most 1, and s = t, (1 − cos πt)/2 for
        the shape ``cosine``: (1 − s) from + s to; from (to/from)^t for ``exponential``; times
        min((round + 1)/warm_up, 1).
        """
        plan = self.value
        if not isinstance(plan, Schedule):
            return plan
        if number is None:
            return plan.end
        rounds = tf.cast(tf.convert_to_tensor(number), tf.float32)
        t = tf.clip_by_value((rounds - plan.begin) / plan.rounds, 0.0, 1.0)
        if plan.shape == "exponential":
            grown = plan.start * tf.exp(t * math.log(plan.end / plan.start))
            value = tf.where(t < 1.0, grown, plan.end)
        else:
            s = 0.5 * (1.0 - tf.cos(math.pi * t)) if plan.shape == "cosine" else t
            value = (1.0 - s) * plan.start + s * plan.end
        if plan.warm_up:
            value *= tf.minimum((rounds + 1.0) / plan.warm_up, 1.0)
        return value

    def get_config(self) -> Any:
        """Return what :func:`scheduled` makes it of; of a schedule also the round reached."""
        plan = self.value
        if not isinstance(plan, Schedule):
            return plan
        clock = self._clock
        reached = {} if clock is None else {REACHED: int(tf.convert_to_tensor(clock))}
        return {**plan.model_dump(), **reached}

    def __eq__(self, other: object) -> bool:
        """Tell whether it is that number, or follows that schedule."""
        return bool(self.value == (other.value if isinstance(other, Scheduled) else other))

    def __hash__(self) -> int:
        return id(self)

    def __repr__(self) -> str:
        plan = self.value
        return repr(plan.model_dump() if isinstance(plan, Schedule) else plan)


def scheduled(value: float | Mapping[str, Any] | Schedule | Scheduled) -> Scheduled:
    """Make a number that may change with the round: a weight, a rate, a probability.

    A component that takes one as a parameter (:data:`advnets.Weight` in its schema) keeps what
    this returns as an attribute, and calls it where the number is wanted.

    Args:
        value: A number, which stays that number, or a mapping with ``from``, ``to`` and
            ``rounds``; ``shape`` (``linear``, ``cosine``, ``exponential``), ``begin``, and
            ``warm_up`` if wanted.

    Raises:
        UsageError: If it is neither, with what is wrong.

    >>> weight = scheduled({"from": 0.0, "to": 8.0, "rounds": 4, "begin": 10})
    >>> [round(float(weight.at(number)), 3) for number in (0, 10, 11, 12, 14, 99)]
    [0.0, 0.0, 2.0, 4.0, 8.0, 8.0]
    >>> scheduled(0.5)()
    0.5
    """
    if isinstance(value, Scheduled):
        return Scheduled(value.value)
    if isinstance(value, Schedule):
        return Scheduled(value)
    if isinstance(value, Mapping):
        plan = dict(value)
        reached = plan.pop(REACHED) if type(plan.get(REACHED)) is int else None
        return Scheduled(_check(plan), reached)
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise UsageError(
            f"a number or a schedule was expected, got {value!r:.100}",
            hint="a schedule is {'from': 0.0, 'to': 10.0, 'rounds': 1000}",
        )
    return Scheduled(value)


def _check(value: Mapping[str, Any]) -> Schedule:
    try:
        return Schedule.model_validate_json(json.dumps(dict(value)), strict=True)
    except (ValidationError, TypeError, ValueError) as error:
        found = error.errors() if isinstance(error, ValidationError) else [{"msg": str(error)}]
        wrong = "; ".join(
            f"{'.'.join(map(str, each.get('loc', ()))) or 'schedule'}: {each['msg']}"
            for each in found
        )
        raise UsageError(
            f"the schedule {dict(value)!r:.200} is none: {wrong}",
            hint="it has from, to, rounds, and if wanted shape, begin, warm_up",
        ) from error
