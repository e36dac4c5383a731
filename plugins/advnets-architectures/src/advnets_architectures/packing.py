"""Join the examples of a batch to packs, and say of examples what was said of packs."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from advnets import validated_by

from .hooks import PacParameters


class OfPacks(keras.layers.Layer):
    """Hold how many examples a pack has.

    Args:
        m: So many, at least 1.
        **options: Keras's own: ``name``, ``dtype``.
    """

    @validated_by(PacParameters)
    def __init__(self, m: int, **options: Any):
        super().__init__(**options, autocast=False)  # what it moves keeps its dtype
        self.m = m

    def compute_output_spec(self, inputs: Any) -> keras.KerasTensor:
        """Return the shape and dtype of what it returns, symbolically."""
        shapes = [x.shape for x in inputs] if isinstance(inputs, list) else inputs.shape
        first = inputs[0] if isinstance(inputs, list) else inputs
        return keras.KerasTensor(self.compute_output_shape(shapes), first.dtype)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments, for serialisation."""
        return {**super().get_config(), "m": self.m}


@keras.saving.register_keras_serializable(package="advnets_architectures")
class Pack(OfPacks):
    """Join m examples along the last axis: [N, …, C] → [⌈N/m⌉, …, m·C]; [N] → [⌈N/m⌉, m].

    Examples 1 … m are the first pack, the next m the second. A last pack that lacks some is
    filled up from the batch's beginning.

    Source: Lin et al. 2018 (arXiv:1712.04086).

    >>> Pack(2)(tf.constant([[1.0], [2.0], [3.0]])).numpy().tolist()
    [[1.0, 2.0], [3.0, 1.0]]
    """

    def call(self, x: tf.Tensor) -> tf.Tensor:
        """Return the packs, in the order of the examples."""
        groups = group(x if len(x.shape) > 1 else tf.expand_dims(x, -1), self.m)
        last = len(groups.shape) - 1
        ordered = tf.transpose(groups, [0, *range(2, last), 1, last])
        *between, channels = groups.shape[2:]
        return tf.reshape(ordered, [-1, *between, self.m * channels])

    def compute_output_shape(self, input_shape: tuple[int | None, ...]) -> tuple[int | None, ...]:
        """Return the shape of packs."""
        *between, channels = input_shape[1:] or (1,)
        return (None, *between, None if channels is None else self.m * channels)


@keras.saving.register_keras_serializable(package="advnets_architectures")
class Unpack(OfPacks):
    """Say of each of N examples what was said of its pack: [⌈N/m⌉, …], [N, …] → [N, …].

    >>> said, examples = tf.constant([[5.0], [6.0]]), tf.zeros([3, 1])
    >>> Unpack(2)([said, examples]).numpy().ravel().tolist()
    [5.0, 5.0, 6.0]
    """

    def call(self, inputs: list[tf.Tensor]) -> tf.Tensor:
        """Return a row for each example."""
        said, examples = inputs
        return tf.repeat(said, self.m, axis=0)[: tf.shape(examples)[0]]

    def compute_output_shape(
        self, input_shape: list[tuple[int | None, ...]]
    ) -> tuple[int | None, ...]:
        """Return the shape of what is said of examples."""
        return (None, *input_shape[0][1:])


def group(x: tf.Tensor, size: int) -> tf.Tensor:
    """Gather consecutive examples: [N, …] → [⌈N/size⌉, size, …], the last from the beginning.

    >>> group(tf.constant([[1], [2], [3]]), 2).numpy()[..., 0].tolist()
    [[1, 2], [3, 1]]
    """
    if size > 1:
        n = tf.shape(x)[0]
        first = x[:size]  # all of them, if there are fewer
        times = (size + tf.minimum(n, size) - 1) // tf.minimum(n, size)
        more = tf.tile(first, [times, *[1] * (len(x.shape) - 1)])
        # Not by tf.gather, whose gradient by x is no tensor.
        x = tf.concat([x, more[: -n % size]], axis=0)
    return tf.reshape(x, [-1, size, *x.shape[1:]])
