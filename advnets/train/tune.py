"""Time the choices that leave the mathematics alone, on this machine, for this recipe."""

from __future__ import annotations

import gc
import itertools
import logging
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ..data import Source
from ..distribute.strategy import device_type
from ..errors import UsageError
from ..recipe import Recipe
from .alone import build_rounds
from .flops import Cost
from .jit import decide
from .pace import SECONDS_PER_CALL
from .rounds import Rounds

log = logging.getLogger(__name__)

DISCRIMINATOR_CALLS = ("auto", "one", "two")
TURNS = 5
ROUNDS_PER_CALL = (0, 1, 10, 100)
LEAST_GAIN = 1.03
"""A choice has to be faster by so much than the recipe's own to be taken instead of it."""
HOPELESS = 0.5
"""A choice that is slower than this share of the fastest gets no further turns."""


@dataclass(frozen=True)
class Choice:
    """One way of playing the same game; the keys are those of ``distribution`` in a recipe."""

    jit: str
    discriminator_calls: str
    precision: str
    rounds_per_call: int = 0

    def overrides(self) -> dict[str, Any]:
        """Return what to change in a recipe.

        >>> Choice("on", "one", "float32").overrides()["distribution.jit"]
        'on'
        """
        return {f"distribution.{key}": value for key, value in vars(self).items()}

    def __str__(self) -> str:
        """Format it for people.

        >>> print(Choice("on", "auto", "float32"))
        jit on, D's calls auto, float32
        """
        text = f"jit {self.jit}, D's calls {self.discriminator_calls}, {self.precision}"
        return text + (f", {self.rounds_per_call} rounds a call" if self.rounds_per_call else "")


@dataclass
class Timing:
    """Hold what was measured of a choice.

    Attributes:
        choice: The choice.
        ready: Seconds from nothing to the first rounds played: building, tracing, compiling.
        speeds: Rounds per second of each turn.
    """

    choice: Choice
    ready: float
    speeds: list[float] = field(default_factory=list)

    @property
    def speed(self) -> float:
        """The median of the turns, in rounds per second."""
        return statistics.median(self.speeds)


@dataclass(frozen=True)
class Tuned:
    """Hold what came of it.

    Attributes:
        timings: Of all choices.
        own: Of the recipe's own choice, ``auto`` decided.
        best: The one to take: the fastest, or the recipe's own where the gain is not worth
            having (3 %).
    """

    timings: list[Timing]
    own: Timing
    best: Timing


class _Player:
    """Play a game in one way."""

    def __init__(self, rounds: Rounds, choice: Choice, ready: float = 0.0):
        self.rounds, self.timing = rounds, Timing(choice, ready)

    def in_calls_of(self, rounds: int) -> _Player:
        """Return the same game, played in calls of so many rounds."""
        choice = replace(self.timing.choice, rounds_per_call=rounds)
        return _Player(self.rounds, choice, self.timing.ready)

    def turn(self, seconds: float) -> None:
        """Play for about so long, in calls of the choice's length, and note the speed."""
        longest = self.timing.choice.rounds_per_call
        speed = self.timing.speeds[-1] if self.timing.speeds else 0.0
        played, spent = 0, 0.0
        while spent < seconds:
            count = longest or max(1, int(speed * SECONDS_PER_CALL))
            start = time.perf_counter()
            self.rounds.play(count)
            spent += time.perf_counter() - start
            played += count
            speed = min(played / spent, 8 * max(speed, 2.0))
        self.timing.speeds.append(played / spent)


def tune(
    recipe: Recipe,
    source: Source,
    seconds: float = 5.0,
    precisions: Sequence[str] = (),
) -> Tuned:
    """Time the choices for ``jit``, D's calls and rounds per call, on one device.

    They take turns, so that a machine that slows down slows all of them down; the medians
    are compared. First all combinations are played in calls of the recipe's length, then
    the best of them in calls of other lengths.

    Args:
        recipe: The recipe.
        source: Its data.
        seconds: How long each choice is played in all.
        precisions: Further values of ``distribution.precision`` to try. They change the
            numbers that are computed, and so the run's identity.

    Raises:
        UsageError: If the recipe's own choice is not possible.
    """
    settings = recipe.settings.distribution
    players = _built(recipe, source, [settings.precision, *precisions])
    own = _own(settings.jit, players)
    log.info(f"timing {len(players)} ways of playing, {seconds:g} s each")
    _take_turns(players, seconds)
    best = max(players, key=lambda player: player.timing.speed)
    if best.timing.speed < LEAST_GAIN * own.timing.speed:
        best = own
    log.info("timing the fastest in calls of other lengths")
    # Compared with itself in the same turns, another length has to gain as much as any.
    again = best.in_calls_of(settings.rounds_per_call)
    others = [
        best.in_calls_of(count)
        for count in ROUNDS_PER_CALL
        if count != settings.rounds_per_call and count < best.timing.speed * SECONDS_PER_CALL
    ]
    _take_turns([again, *others], seconds)
    fastest = max(others, key=lambda player: player.timing.speed)
    if fastest.timing.speed > LEAST_GAIN * again.timing.speed:
        best = fastest
    return Tuned([p.timing for p in (*players, *others)], own.timing, best.timing)


def _built(recipe: Recipe, source: Source, precisions: Sequence[str]) -> list[_Player]:
    """Return a game for each combination of choices that plays differently from the others."""
    players: list[_Player] = []
    seen: dict[tuple[Any, ...], str] = {}
    same: set[tuple[str, str]] = set()
    settings = recipe.settings.distribution
    calls = sorted(DISCRIMINATOR_CALLS, key=lambda calls: calls != settings.discriminator_calls)
    for precision, jit, d_calls in itertools.product(precisions, ("off", "on"), calls):
        choice = Choice(jit, d_calls, precision, settings.rounds_per_call)
        if (precision, d_calls) in same:
            continue
        log.info(f"building: {choice}")
        begun = time.perf_counter()
        rounds = build_rounds(recipe.override(choice.overrides()), source)
        # Such as two calls of a D that cannot be called once for both: with XLA or without.
        if seen.setdefault((precision, _cost(rounds) or d_calls), d_calls) != d_calls:
            same.add((precision, d_calls))
            continue
        rounds.jit_from = 0 if jit == "on" else None
        try:
            rounds.play(2)
        except UsageError as error:  # XLA does not compile everything
            log.info(f"not possible: {error.message}")
            continue
        players.append(_Player(rounds, choice, time.perf_counter() - begun))
    return players


def _cost(rounds: Rounds) -> Cost | None:
    try:
        return rounds.cost()
    except ValueError:
        return None


def _take_turns(players: Sequence[_Player], seconds: float) -> None:
    """Let all play in turn; who is hopelessly slow plays no more."""
    # Building leaves much behind, which would be cleared in the turn of whoever comes first.
    gc.collect()
    for player in players:
        player.rounds.play(1)
    for number in range(TURNS):
        fastest = max((p.timing.speed for p in players if p.timing.speeds), default=0.0)
        for player in players:
            if number == 0 or player.timing.speed > HOPELESS * fastest:
                player.turn(seconds / TURNS)


def _own(jit: str, players: Sequence[_Player]) -> _Player:
    """Tell who plays as the recipe says, once ``auto`` is decided."""
    decided = decide(jit, players[0].rounds.cost, device_type())
    jit = "off" if decided.start is None else "on"
    own = next((player for player in players if player.timing.choice.jit == jit), None)
    if own is None:
        raise UsageError(
            "the recipe says distribution.jit: on, and XLA cannot compile its rounds",
            hint="tune it with distribution.jit=auto",
        )
    return own
