"""Divergence: numbers of a game that are not finite, or on the way there."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import tensorflow as tf

from ..distribute.workers import Workers
from ..game import PLAYERS, WEIGHTS_SEEN, AdversarialGame
from ..game.state import copies, state_variables
from ..observe.window import Window
from ..safe_io.wording import some

IN_WORDS = {
    "d_gradient_norm": "the discriminator's gradient",
    "g_gradient_norm": "the generator's gradient",
    "d_weights": "one of the discriminator's weights",
    "g_weights": "one of the generator's weights",
}
"""What is logged of gradients, as messages call it."""
TOLD = 4
"""Names in a message; all of them are in the manifest."""


@dataclass(frozen=True)
class Divergence:
    """Say what was found not to be finite.

    Attributes:
        step: The round after which it was found, the first in which a logged value was.
        logged: Names of what the round logged: losses, norms, whatever the loss observes.
        variables: Names of variables, as in checkpoints: ``generator/0002/kernel``.
        other: What else is wrong, in words.

    >>> print(Divergence(7, ("d_loss",), ("generator/0000/kernel", "generator/0001/bias")))
    in round 7 d_loss is not finite, nor are generator/0000/kernel, generator/0001/bias
    >>> print(Divergence(7, ("g_gradient_norm",), ("generator/0000/kernel",)))
    in round 7 the generator's gradient is not finite, nor is generator/0000/kernel
    >>> print(Divergence(7, (), ("rounds",)))
    after round 7 rounds is not finite
    """

    step: int
    logged: tuple[str, ...] = ()
    variables: tuple[str, ...] = ()
    other: str = ""

    def __str__(self) -> str:
        if self.other:
            return f"by round {self.step} {self.other}"
        if not self.logged:
            return f"after round {self.step} {_listed(self.variables)} not finite"
        nor = f", nor {_listed(self.variables, first=True)}" if self.variables else ""
        logged = [IN_WORDS.get(name, name) for name in self.logged]
        return f"in round {self.step} {_listed(logged)} not finite{nor}"


class Finite:
    """Look for variables that hold NaN or infinity, all of them in one compiled call.

    Args:
        state: Variables by name (:func:`advnets.game.state.state_variables`); of those that are
            mirrored, every replica's copy is looked at.

    >>> weight = tf.Variable([1.0, 2.0])
    >>> finite = Finite({"weight": weight, "count": tf.Variable(3)})
    >>> finite.faults()
    ()
    >>> _ = weight.assign([float("nan"), 2.0])
    >>> finite.faults()
    ('weight',)
    >>> Finite({"bias": tf.Variable(0.0)}).faults(lambda here: [n + 1 for n in here])
    ('bias',)
    """

    def __init__(self, state: Mapping[str, tf.Variable]):
        floating = {name: v for name, v in state.items() if v.dtype.is_floating}
        self._names = tuple(floating)
        everywhere = [copies(variable) for variable in floating.values()]
        self._check = tf.function(
            lambda: tf.stack([tf.reduce_all([_finite(c) for c in each]) for each in everywhere]),
            autograph=False,
        ).get_concrete_function()  # TensorFlow would warn of the fifth game's trace

    def faults(self, total: Callable[[Sequence[int]], Sequence[int]] = tuple) -> tuple[str, ...]:
        """Return the names of those that do, the networks' own before the optimizers'.

        Args:
            total: Adds up over the workers what each of them has found.
        """
        found = total([int(not fine) for fine in self._check().numpy()])
        return tuple(name for name, bad in zip(self._names, found, strict=True) if bad)


class DivergenceWatch:
    """Look whether a game diverges: at what rounds have logged, and at all of its variables.

    Args:
        game: The game.
        workers: The processes that play it; all find the same.
        skips: How many rounds in a row a player may skip; 0: any number.
    """

    def __init__(self, game: AdversarialGame, workers: Workers, skips: int):
        self._game, self._workers, self._skips = game, workers, skips
        self._finite = Finite(state_variables(game))
        self._skipped: dict[str, int] = {}

    def look(self, step: int, window: Window) -> Divergence | None:
        """Return what is not finite, or on the way there, after ``step`` rounds.

        Args:
            step: Rounds played.
            window: What they have logged.
        """
        # Of all workers, since nobody would wait for one that left alone.
        variables = self._finite.faults(self._workers.all_reduce_sum)
        logged = window.not_finite()
        if variables:  # Names that tell more than that it was a weight.
            logged = tuple(name for name in logged if name not in WEIGHTS_SEEN)
        if logged or variables:
            return Divergence(step, logged, variables)
        for player, loss_scale in self._game.loss_scales.items():
            scale = float(tf.convert_to_tensor(loss_scale.scale))
            if scale < 1:
                what = f"the {player}'s gradients overflow float16, even scaled by {scale:g}"
                return Divergence(step, other=what)
        for player, rounds in self._skipped.items():
            if self._skips and rounds >= self._skips:
                what = f"the {player}'s gradients were not finite in {rounds} rounds in a row"
                return Divergence(step, other=what)
        return None

    def count_skips(self, sums: Mapping[str, float], rounds: int) -> None:
        """Count the rounds in a row that a player has skipped, call by call."""
        for player in PLAYERS:
            all_of_them = sums.get(f"{player[0]}_skipped", 0.0) >= rounds > 0
            self._skipped[player] = self._skipped.get(player, 0) + rounds if all_of_them else 0

    def forget(self) -> None:
        """Count from scratch: the game was put back."""
        self._skipped = {}


def _finite(variable: tf.Variable) -> tf.Tensor:
    return tf.reduce_all(tf.math.is_finite(tf.convert_to_tensor(variable)))


def _listed(names: Sequence[str], first: bool = False) -> str:
    verb = "is" if len(names) == 1 else "are"
    listed = some(names, TOLD)
    return f"{verb} {listed}" if first else f"{listed} {verb}"
