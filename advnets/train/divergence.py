"""Whether a game's numbers are finite, and which are not."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import tensorflow as tf

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
class Unsound:
    """What was found not to be finite.

    Attributes:
        step: The round after which it was found, the first in which a logged value was.
        logged: Names of what the round logged: losses, norms, whatever the loss observes.
        variables: Names of variables, as in checkpoints: ``generator/0002/kernel``.
        other: What else is wrong, in words.

    >>> print(Unsound(7, ("d_loss",), ("generator/0000/kernel", "generator/0001/bias")))
    in round 7 d_loss is not finite, nor are generator/0000/kernel, generator/0001/bias
    >>> print(Unsound(7, ("g_gradient_norm",), ("generator/0000/kernel",)))
    in round 7 the generator's gradient is not finite, nor is generator/0000/kernel
    >>> print(Unsound(7, (), ("rounds",)))
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


class Soundness:
    """Looks for variables that hold NaN or infinity, all of them in one compiled call.

    Args:
        state: Variables by name (:func:`advnets.game.state.state_variables`); of those that are
            mirrored, every replica's copy is looked at.

    >>> weight = tf.Variable([1.0, 2.0])
    >>> soundness = Soundness({"weight": weight, "count": tf.Variable(3)})
    >>> soundness.faults()
    ()
    >>> _ = weight.assign([float("nan"), 2.0])
    >>> soundness.faults()
    ('weight',)
    >>> Soundness({"bias": tf.Variable(0.0)}).faults(lambda here: [n + 1 for n in here])
    ('bias',)
    """

    def __init__(self, state: Mapping[str, tf.Variable]):
        floating = {name: v for name, v in state.items() if v.dtype.is_floating}
        self._names = tuple(floating)
        copies = [_copies(variable) for variable in floating.values()]
        self._check = tf.function(
            lambda: tf.stack([tf.reduce_all([_finite(c) for c in each]) for each in copies]),
            autograph=False,
        )

    def faults(self, total: Callable[[Sequence[int]], Sequence[int]] = tuple) -> tuple[str, ...]:
        """Return the names of those that do, the networks' own before the optimizers'.

        Args:
            total: Adds up over the workers what each of them has found.
        """
        found = total([int(not fine) for fine in self._check().numpy()])
        return tuple(name for name, bad in zip(self._names, found, strict=True) if bad)


def _copies(variable: tf.Variable) -> tuple[tf.Variable, ...]:
    """Return a variable on each of this worker's replicas."""
    several = isinstance(variable, tf.distribute.DistributedValues)
    return tuple(variable.values) if several else (variable,)


def _finite(variable: tf.Variable) -> tf.Tensor:
    return tf.reduce_all(tf.math.is_finite(tf.convert_to_tensor(variable)))


def _listed(names: Sequence[str], first: bool = False) -> str:
    verb = "is" if len(names) == 1 else "are"
    listed = some(names, TOLD)
    return f"{verb} {listed}" if first else f"{listed} {verb}"
