"""Let a condition say which real examples are read, a function of the seed and the batch."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from ..data import Source
from ..errors import PluginError, UsageError
from ..game import AdversarialGame, Condition
from ..game.state import find_variables
from ..plugins.tracebacks import describe_error, find_source
from ..random import Draw


class ChosenRows:
    """Say which examples each global batch has, by a condition's ``indices``.

    The same whatever the number of replicas and workers, from whatever round on, and whether
    the data are resident or streamed: nothing is kept between calls.

    Args:
        name: The condition's.
        condition: It.
        seed: The run's.
        batch_size: Examples in a global batch.
        count: Examples of the training split.

    Raises:
        PluginError: If what it says are no places in the split, or not the same every time.
    """

    def __init__(self, name: str, condition: Condition, seed: int, batch_size: int, count: int):
        self.name, self._condition, self._seed = name, condition, seed
        self._batch_size, self._count = batch_size, count
        for variable, _ in find_variables(condition):
            raise self._refusal(
                f"says which examples are read, and holds the variable {variable!r}: examples are "
                "read ahead of the rounds, by the seed and the round alone",
            )
        try:
            first, again = (tf.convert_to_tensor(self._one(tf.constant(0, tf.int64))) for _ in "ab")
        except (ArithmeticError, LookupError, TypeError, ValueError) as error:
            failed = f"fails to say which examples are read: {describe_error(error)}"
            raise self._refusal(failed) from error
        found = first.numpy()
        if not first.dtype.is_integer or first.shape != (batch_size,):
            raise self._refusal(
                f"said {first.dtype.name} of shape {tuple(first.shape)}; int64 of shape "
                f"({batch_size},), places in the split, were expected"
            )
        if found.min() < 0 or found.max() >= count:
            raise self._refusal(f"said {found.min()} to {found.max()}; places are 0 to {count - 1}")
        if (found != again.numpy()).any():
            raise self._refusal("said other examples of the same seed and batch")

    def __call__(self, batches: tf.Tensor) -> tf.Tensor:
        """Return the places in the split of the examples of batches ``[…]``: int64 ``[…, N]``."""
        flat = tf.reshape(tf.cast(batches, tf.int64), [-1])
        spec = tf.TensorSpec([self._batch_size], tf.int64)
        chosen = tf.map_fn(self._one, flat, fn_output_signature=spec)
        # A place that there is not would be read as another, or as zeros.
        inside = tf.clip_by_value(chosen, 0, self._count - 1)
        shaped = tf.reshape(inside, tf.concat([tf.shape(batches), [self._batch_size]], 0))
        return tf.ensure_shape(shaped, [*batches.shape, self._batch_size])

    def _one(self, batch: tf.Tensor) -> Any:
        draw, stream = Draw(self._seed, batch), f"rows/{self.name}"
        chosen = self._condition.indices(draw, stream, self._batch_size, self._count)
        return tf.cast(chosen, tf.int64) if isinstance(chosen, tf.Tensor) else chosen

    def _refusal(self, says: str) -> PluginError:
        kind = type(self._condition)
        return PluginError(
            f"the condition {self.name!r}, a {kind.__name__}, {says}",
            hint="draw.uniform(stream, shape, examples) is a function of the seed, the batch and "
            "the place in it",
            where=find_source(kind),
            module=kind.__module__,
        )


def choose_rows(game: AdversarialGame, source: Source, batch_size: int) -> ChosenRows | None:
    """Return which examples a game's batches have; ``None``: those of shuffled epochs.

    Raises:
        UsageError: If several conditions would say it.
        PluginError: As :class:`ChosenRows` does.
    """
    names = [name for name, each in game.conditions.items() if each.chooses]
    if len(names) > 1:
        raise UsageError(
            f"the conditions {' and '.join(map(repr, names))} each say which examples are read",
            where="conditions",
            hint="leave it to one of them",
        )
    if not names:
        return None
    (name,) = names
    return ChosenRows(name, game.conditions[name], game.seed, batch_size, source.count("train"))
