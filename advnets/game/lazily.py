"""Penalise lazily: a penalty in every n-th round, n times as heavy."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from itertools import product
from typing import TypeVar

import tensorflow as tf

from ..errors import UsageError
from .configured import Configured
from .penalties import Penalty

T = TypeVar("T")
MOST = 3
"""Different n that penalties of one game may have: each doubles what is compiled."""


class Every(Configured):
    """Have a penalty in every n-th round only, n times: n · penalty where n divides the round.

    The mean over rounds is the penalty's, and the other rounds cost nothing for it: they are
    compiled without. Its `observe` and `update` are called in every round. A recipe says
    ``every: n`` beside the penalty's name.

    Args:
        every: n, at least 1.
        penalty: The penalty.

    Source: "lazy regularization", Karras et al. 2020 (arXiv:1912.04958), section 3.1.

    >>> from advnets.game import R1
    >>> Every(16, R1(gamma=10.0))
    Every(16, R1(gamma=10.0))
    """

    def __init__(self, every: int, penalty: Penalty):
        if isinstance(every, bool) or not isinstance(every, int) or every < 1:
            raise UsageError(f"every: a whole number of rounds was expected, got {every!r:.50}")
        if not isinstance(penalty, Penalty):
            raise UsageError(
                f"Every({every}, …) takes a penalty, got {penalty!r:.50}",
                hint="Every(16, R1(10.0))",
            )
        self.every, self.penalty = every, penalty

    def __repr__(self) -> str:
        return f"Every({self.every}, {self.penalty!r})"


Due = frozenset[int]
"""The places of lazy penalties that a round has."""


class Rota:
    """Say which lazy penalties a round has, and compile a round for each such set.

    Args:
        listed: A game's penalties as they were given, some of them perhaps in :class:`Every`.

    Attributes:
        listed: The same, without an ``Every(1, …)``.
        every: In every how many rounds a penalty is taken that is not taken in each, by its place.

    Raises:
        UsageError: If they have more than :data:`MOST` different n.
    """

    def __init__(self, listed: Iterable[Penalty | Every] = ()):
        self.listed = tuple(
            one.penalty if isinstance(one, Every) and one.every == 1 else one for one in listed
        )
        self.every = {
            place: one.every for place, one in enumerate(self.listed) if isinstance(one, Every)
        }
        self._periods = sorted(set(self.every.values()))
        if len(self._periods) > MOST:
            periods = ", ".join(map(str, self._periods))
            raise UsageError(
                f"penalties are to be taken every {periods} rounds: rounds are compiled for each "
                f"set of them, and {MOST} different ones are the most",
                where="penalties",
            )
        self.current: Due | None = None
        self._reached: dict[str, set[int]] = {}

    def weight(self, place: int, rounds: tf.Tensor) -> float | tf.Tensor | None:
        """Return how often a penalty counts in the round that is traced; ``None``: it is left out.

        Args:
            place: The penalty's.
            rounds: The rounds played before.
        """
        every = self.every.get(place, 1)
        if every == 1:
            return 1
        if self.current is None:  # nobody says which round it is: all are computed
            return every * tf.cast(tf.equal(rounds % every, 0), tf.float32)
        return every if place in self.current else None

    def completed(
        self, player: str, gradients: Sequence[tf.Tensor | None], variables: Sequence[tf.Variable]
    ) -> list[tf.Tensor | None]:
        """Return gradients with 0 where only a penalty reaches that this round is compiled without.

        It is 0 · penalty there: an optimizer goes on by its moments, as by the formula.

        Args:
            player: Whose gradients.
            gradients: As a tape returns them, ``None`` for what nothing reaches.
            variables: What they are of.
        """
        found = list(gradients)
        if self.current is None:
            return found
        if len(self.current) == len(self.every):  # it is the first that is traced
            known = self._reached.setdefault(player, set())
            known.update(i for i, one in enumerate(found) if one is not None)
            return found
        # Where nothing is traced, a game that was loaded may begin with such a round.
        reached = self._reached.get(player, range(len(found)))
        return [
            tf.zeros_like(variables[i]) if one is None and i in reached else one
            for i, one in enumerate(found)
        ]

    def over(self, rounds: tf.Variable, play: Callable[[Due | None], T]) -> T:
        """Play a round with the penalties that are due in it.

        It branches outside of replicas, where it is known that all take the same way: inside of a
        branch they could not meet.

        Args:
            rounds: The rounds played before.
            play: Plays it on all replicas, returning tensors; given which penalties are due. Traced
                first with all of them, so that it is known what they reach.
        """
        if not self.every:
            return play(None)
        number = tf.convert_to_tensor(rounds)
        divides = [tf.equal(number % n, 0) for n in self._periods]
        index = sum(2**i * tf.cast(each, tf.int32) for i, each in enumerate(divides))
        places = [self._places(pattern) for pattern in patterns(self._periods)]
        known = list(dict.fromkeys(each for each in places if each is not None))
        known.sort(key=len, reverse=True)
        table = [known.index(each) if each is not None else 0 for each in places]
        branches = [lambda due=due: self._with(due, play) for due in known]
        return tf.switch_case(tf.gather(tf.constant(table), index), branches)

    def first(self, play: Callable[[Due | None], T]) -> T:
        """Trace a round that has all penalties, as round 0 has; see :meth:`over`."""
        due = frozenset(self.every)
        return self._with(due, play) if due else play(None)

    def _with(self, due: Due, play: Callable[[Due | None], T]) -> T:
        before, self.current = self.current, due
        try:
            return play(due)
        finally:
            self.current = before

    def _places(self, periods: Sequence[int] | None) -> Due | None:
        if periods is None:
            return None
        return frozenset(place for place, every in self.every.items() if every in periods)


def patterns(periods: Sequence[int]) -> list[tuple[int, ...] | None]:
    """Return which periods divide a round, for each number of which bit i says whether i does.

    ``None`` where no round is so: one that 2 and 3 divide is divided by 6.

    >>> patterns([2, 4])
    [(), (2,), None, (2, 4)]
    """
    found: list[tuple[int, ...] | None] = []
    for bits in product((0, 1), repeat=len(periods)):
        chosen = tuple(n for n, bit in zip(periods, reversed(bits), strict=True) if bit)
        others = [n for n in periods if n not in chosen]
        first = math.lcm(*chosen) if chosen else 1  # the first such round, but for 0
        found.append(None if any(first % n == 0 for n in others) else chosen)
    return found
