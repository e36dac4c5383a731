"""Checks of update rules."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from ..game import AdversarialGame, UpdateRule
from . import toys
from .building import made_of
from .declared import check_declared
from .failure import fail
from .subject import Subject
from .trial import Trial

EACH = 6
"""Examples in one discriminator step's batch."""


def says_how_many_batches_it_uses(subject: Subject) -> None:
    """``batches`` is k ≥ 1."""
    made = _made(subject)
    check_declared(subject, made)
    steps = made.batches
    if not isinstance(steps, int) or steps < 1:
        fail(f"batches is {steps!r}; a whole number from 1 on was expected")


def moves_both_players(subject: Subject) -> None:
    """In a short game both players' weights change, and nothing becomes NaN."""
    made, data = _game(subject)
    toys.trained(made, data, ("discriminator", "generator"))


def logs_finite_scalars(subject: Subject) -> None:
    """Both losses at least, each a scalar."""
    made, data = _game(subject)
    logs = made.train_step(data)
    missing = {"d_loss", "g_loss"} - set(logs)
    if missing:
        fail(
            f"a round logs no {', '.join(sorted(missing))}",
            hint="return game.conclude(…), which makes what is logged",
        )
    for name, value in logs.items():
        if np.shape(value) != () or not np.isfinite(float(value)):
            fail(f"a round logs {name} as {value!r:.100}; a finite scalar was expected")


def plays_the_same_round_again(subject: Subject) -> None:
    """Equal games end in equal weights, played eagerly or compiled."""
    ends = []
    for compiled in (False, False, True):
        made, data = _game(subject)
        step = tf.function(made.train_step, autograph=False) if compiled else made.train_step
        for _ in range(3):
            step(data)
        ends.append([*made.generator.get_weights(), *made.discriminator.get_weights()])
    first, again, graph = ends
    if not all((a == b).all() for a, b in zip(first, again, strict=True)):
        fail(
            "the same rounds of the same game ended in other weights",
            hint="take random numbers from game.draw(), and keep no state in the rule",
        )
    if not all(np.allclose(a, b, rtol=1e-3, atol=1e-4) for a, b in zip(first, graph, strict=True)):
        fail(
            "rounds compiled into a graph end in other weights than rounds played eagerly",
            hint="use TensorFlow's operations, and change variables rather than attributes",
        )


def goes_on_where_it_was(subject: Subject) -> None:
    """A short game that is interrupted ends as one that is not."""
    toys.resumes(lambda: _game(subject)[0], _game(subject)[1])


def uses_all_its_examples(subject: Subject) -> None:
    """Every one of the k batches has a say in where a network goes, within a few rounds."""
    end = _ends(*_game(subject))
    for batch in range(_made(subject).batches):
        other, same = _game(subject)
        changed = same["example"].numpy()
        changed[batch * EACH : (batch + 1) * EACH] += 1.0
        moved = _ends(other, {**same, "example": tf.constant(changed)})
        if all((a == b).all() for a, b in zip(end, moved, strict=True)):
            fail(
                f"the round's batch {batch} of real examples changes nothing",
                hint="`batches` is how many of them a round uses",
            )


def _ends(made: AdversarialGame, data: Any) -> list[np.ndarray]:
    """The weights after some rounds: a rule may leave out a player in the first."""
    for _ in range(3):
        made.train_step(data)
    return [*made.generator.get_weights(), *made.discriminator.get_weights()]


def _made(subject: Subject) -> UpdateRule:
    made: UpdateRule = made_of(subject)
    return made


def _game(subject: Subject) -> tuple[AdversarialGame, dict[str, Any]]:
    rule = _made(subject)
    made, n = toys.game(updates=rule), EACH * rule.batches
    return made, {"example": toys.examples(n), **Trial().streams(n, made.streams)}
