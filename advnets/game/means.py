"""Step over batches in Keras's loops, and return the means of what was logged so far."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import tensorflow as tf

from . import batch
from .constants import read_constants
from .encounter import explain_unequal
from .players import NORMS_MEASURED, SAMPLED_NORMS, WEIGHTS_SEEN

if TYPE_CHECKING:
    from .game import AdversarialGame

OF_EVERY_ROUND = ("_loss_scale", "_skipped")
"""What names end with that are averaged over all rounds, those too in which a step is skipped."""

Step = Callable[[Any, tf.Tensor], Mapping[str, tf.Tensor]]
"""Plays or judges a replica's batch, given its number, and returns what is logged."""
Around = Callable[[Callable[[Any], tf.Tensor]], tf.Tensor]
"""Calls what does so on all replicas."""


def once(play: Callable[[Any], tf.Tensor]) -> tf.Tensor:
    """Call what does something on all replicas, as it is."""
    return play(None)


def is_of_every_round(name: str) -> bool:
    """Tell whether it is averaged over all rounds, those too in which a player skips its step.

    >>> [is_of_every_round(name) for name in ("d_skipped", "d_weights", "clipped_weights")]
    [True, True, False]
    """
    return name.endswith(OF_EVERY_ROUND) or name in WEIGHTS_SEEN


class Means:
    """Average what batches log, each by the number of its examples; begin again when asked.

    Gradient norms are averaged over the rounds that measured them; rounds in which a player
    skipped its step, since its gradient overflowed, are left out.

    Attributes:
        names: What the last steps logged.
        batches: How many there were since the beginning.
    """

    def __init__(self) -> None:
        self.names: list[str] = []
        self.clear()

    def clear(self) -> None:
        """Begin again."""
        self.batches = 0
        self._sums: Any = None

    def over(
        self, game: AdversarialGame, step: Step, skips: bool, around: Around = once
    ) -> Callable[[Any], dict[str, Any]]:
        """Return what Keras's loops call with an iterator over batches.

        Args:
            game: Says how it is compiled, and on which replicas.
            step: What is done with a batch.
            skips: Whether a step may log what is not finite without being wrong.
            around: Is given what does it on all replicas, and calls it.
        """
        names: list[str] = []

        def on_replica(data: Any, number: tf.Tensor) -> tf.Tensor:
            logs = step(data, number)
            counts = _counts(logs, skips)
            names[:] = counts
            examples = batch.total([tf.cast(game.take(data).size, tf.float32)])[0]
            counted = tf.cast(examples * tf.stack(list(counts.values())), tf.float64)
            values = tf.cast(tf.stack([tf.cast(logs[n], tf.float32) for n in counts]), tf.float64)
            return tf.stack([tf.where(counted > 0, values * counted, 0.0), counted])

        on_batch = Compiled(game, on_replica, around)

        def function(iterator: Any) -> dict[str, Any]:
            for done in range(game.steps_per_execution):
                try:
                    sums = on_batch(next(iterator), tf.constant(self.batches, tf.int64))
                except StopIteration:
                    if done:
                        break
                    raise
                self._sums = sums if self._sums is None else self._sums + sums
                self.batches += 1
            self.names = list(names)
            means = self._sums[0] / self._sums[1]  # NaN where no round counts: none was sound
            return dict(zip(names, tf.unstack(means), strict=True))

        return function


class Compiled:
    """Compile what is done with a batch, once for all sizes of batches of one kind; again where
    a number was changed that a compiled round takes for constant.

    The batch is fetched first, and not inside: where there is no more, TensorFlow runs what
    needs no data nevertheless, and a round would be counted that nobody played.

    Args:
        game: Says how, and on which replicas.
        step: Takes a replica's batch and its number.
        around: Is given what calls it on all replicas, and calls that.
    """

    def __init__(
        self,
        game: AdversarialGame,
        step: Callable[[Any, tf.Tensor], tf.Tensor],
        around: Around = once,
    ):
        self._game, self._step, self._around = game, step, around
        self._constants: list[Any] = []
        self._compiled: dict[Any, Callable[..., tf.Tensor]] = {}

    def __call__(self, data: Any, number: tf.Tensor) -> tf.Tensor:
        """Return what the first replica's step returns, which all return."""
        leaves = [_as_tensor(leaf) for leaf in tf.nest.flatten(data)]
        places = [place for place, leaf in enumerate(leaves) if leaf is not None]
        present = [leaves[place] for place in places]
        specs = tuple(_spec(leaf) for leaf in present)
        shape = tf.nest.map_structure(lambda _: None, data)
        key = (repr(shape), tuple(places), specs)
        if self._constants != read_constants(self._game):
            self._compiled.clear()
        if key not in self._compiled:

            def on_all(*given: Any) -> tf.Tensor:
                filled: list[Any] = [None] * len(leaves)
                for place, leaf in zip(places, given[:-1], strict=True):
                    filled[place] = leaf
                strategy = self._game.distribute_strategy
                whole = tf.nest.pack_sequence_as(shape, filled)

                def everywhere(_: Any) -> tf.Tensor:
                    done = strategy.run(self._step, args=(whole, given[-1]))
                    return strategy.experimental_local_results(done)[0]

                return self._around(everywhere)

            self._compiled[key] = (
                on_all
                if self._game.run_eagerly
                else tf.function(
                    on_all,
                    input_signature=(*specs, tf.TensorSpec([], tf.int64)),
                    jit_compile=self._game.compiled and self._game.jit_compile,
                    autograph=False,
                ).get_concrete_function()  # TensorFlow would warn of the fifth game's trace
            )
        try:
            done = self._compiled[key](*present, number)
        except tf.errors.InvalidArgumentError as error:
            if explained := explain_unequal(error):
                raise explained from None
            raise
        self._constants = read_constants(self._game)  # what a component counts itself is no change
        return done


def _as_tensor(leaf: Any) -> Any:
    """Return a leaf of a batch as a tensor, on each replica; ``None`` where there is nothing."""
    if leaf is None or isinstance(leaf, tf.experimental.Optional):
        return None  # Keras's word for what was not given
    return leaf if isinstance(leaf, tf.distribute.DistributedValues) else tf.convert_to_tensor(leaf)


def _spec(leaf: Any) -> Any:
    """Return what a leaf of a batch looks like, whatever the number of examples."""
    if isinstance(leaf, tf.distribute.DistributedValues):
        return type(leaf._type_spec)(*(_spec(value) for value in leaf.values))
    return tf.TensorSpec([None, *leaf.shape[1:]] if leaf.shape.rank else [], leaf.dtype)


def _counts(logs: Mapping[str, tf.Tensor], skips: bool) -> dict[str, tf.Tensor]:
    """Return 1 or 0 by name: whether a value counts in the means."""
    one = tf.constant(1.0)
    sound = one
    if skips:
        values = tf.stack([tf.cast(value, tf.float32) for value in logs.values()])
        sound = tf.cast(tf.reduce_all(tf.math.is_finite(values)), tf.float32)
    counts = {name: one if is_of_every_round(name) else sound for name in logs}
    if NORMS_MEASURED in counts:
        measured = sound * logs[NORMS_MEASURED]
        del counts[NORMS_MEASURED]
        counts |= {name: measured for name in SAMPLED_NORMS if name in counts}
    return counts
