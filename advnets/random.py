"""The one source of randomness: numbers as pure functions of (seed, stream, step, example).

Nothing here has a state to save. A :class:`Draw` names a seed and a step; each use names
a stream ("latent", "dropout_0", …). Numbers are drawn for the *global* batch and sliced by
replica, so that a result does not depend on the number of replicas, and they are built
from integer bits, because TensorFlow's floating-point draws differ with and without XLA
while its integer draws agree.
"""

from __future__ import annotations

import contextlib
import contextvars
import hashlib
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

import tensorflow as tf

Segments = Sequence[tuple[str, int | tf.Tensor]]
"""The parts of a batch along its first axis: names and sizes."""


def stream_key(seed: int, stream: str) -> int:
    """A 62-bit key for ``stream`` under ``seed``: streams are independent of each other.

    >>> stream_key(1, "latent") == stream_key(1, "latent") != stream_key(2, "latent")
    True
    """
    digest = hashlib.sha256(f"{seed}/{stream}".encode()).digest()
    return int.from_bytes(digest[:8], "little") >> 2


@dataclass(frozen=True)
class Draw:
    """Random numbers of one step.

    Args:
        seed: The run's seed.
        step: The round, a scalar int64 tensor or an int.
        replica: This replica's index, an int or a scalar int32 tensor.
        replicas: How many replicas share the global batch.
        sizes: Returns of this replica's number of examples those of all replicas, int32
            ``[replicas]``, where they may differ; by default they are alike.

    >>> draw = Draw(seed=1, step=0)
    >>> bool(tf.reduce_all(draw.uniform("a", (2,), 3) == draw.uniform("a", (2,), 3)))
    True
    >>> both = Draw(1, 0).uniform("a", (2,), 4)
    >>> second = Draw(1, 0, replica=1, replicas=2).uniform("a", (2,), 2)
    >>> bool(tf.reduce_all(both[2:] == second))
    True
    """

    seed: int
    step: int | tf.Tensor
    replica: int | tf.Tensor = 0
    replicas: int = 1
    sizes: Callable[[tf.Tensor], tf.Tensor] | None = field(default=None, compare=False)

    def bits(self, stream: str, shape: Sequence[int], examples: int | tf.Tensor) -> tf.Tensor:
        """Uniform random bits for this replica's examples.

        Args:
            stream: What the numbers are for.
            shape: The shape of one example.
            examples: How many examples this replica has.

        Returns:
            uint32 ``[examples, *shape]``.
        """
        key = tf.stack([tf.constant(stream_key(self.seed, stream), tf.int64), self._step()])
        if self.sizes is None or isinstance(examples, int) or self.replicas == 1:
            total, first = examples * self.replicas, self.replica * examples
        else:
            sizes = self.sizes(examples)
            total, first = tf.reduce_sum(sizes), tf.reduce_sum(sizes[: self.replica])
        bits = tf.random.stateless_uniform(
            [total, *shape], seed=key, minval=None, maxval=None, dtype=tf.uint32, alg="philox"
        )
        if self.replicas == 1:
            return bits
        return bits[first : first + examples]

    def uniform(self, stream: str, shape: Sequence[int], examples: int | tf.Tensor) -> tf.Tensor:
        """Numbers of U[0, 1), multiples of 2⁻²³: float32 ``[examples, *shape]``."""
        return unit_interval(self.bits(stream, shape, examples))

    def normal(self, stream: str, shape: Sequence[int], examples: int | tf.Tensor) -> tf.Tensor:
        """Numbers of N(0, 1): float32 ``[examples, *shape]``, by z = √2 erf⁻¹(2u − 1)."""
        centred = self.uniform(stream, shape, examples) + 2.0**-24
        return 2.0**0.5 * tf.math.erfinv(2.0 * centred - 1.0)

    def _step(self) -> tf.Tensor:
        return tf.cast(self.step, tf.int64)


@dataclass(frozen=True)
class _Scope:
    draw: Draw
    stage: str
    segments: Segments


_scope: contextvars.ContextVar[_Scope | None] = contextvars.ContextVar(
    "advnets_random", default=None
)


@contextlib.contextmanager
def scope(draw: Draw, stage: str, segments: Segments) -> Iterator[None]:
    """Let the layers called inside draw their noise from ``draw``.

    Args:
        draw: Seed and step.
        stage: The part of the round ("discriminator/0", "generator"): each has noise of its own.
        segments: The parts of the batch along its first axis, ``(name, size)``. Every
            segment has its own noise, so that a joint batch of real and generated
            examples gets the same numbers as two separate batches.
    """
    token = _scope.set(_Scope(draw, stage, tuple(segments)))
    try:
        yield
    finally:
        _scope.reset(token)


def current() -> Draw | None:
    """The draw of the enclosing :func:`scope`, or ``None`` outside of any."""
    active = _scope.get()
    return active.draw if active else None


def segmented_uniform(stream: str, x: tf.Tensor) -> tf.Tensor:
    """Numbers of U[0, 1) in the shape of ``x``, under the enclosing :func:`scope`.

    Args:
        stream: What the numbers are for; unique among the layers of a network.
        x: A batch whose first axis is made of the scope's segments.

    Returns:
        float32 of the shape of ``x``.

    Raises:
        RuntimeError: Outside of a scope.
    """
    return unit_interval(_segmented_bits(stream, x))


def segmented_at_least(stream: str, x: tf.Tensor, threshold: float) -> tf.Tensor:
    """Whether ``segmented_uniform(stream, x) >= threshold``, without making the numbers.

    u = ⌊bits / 2⁹⌋ · 2⁻²³ ≥ t if and only if bits ≥ ⌈t · 2²³⌉ · 2⁹: whole numbers are
    compared, in one pass over them instead of five.

    Args:
        stream, x: See :func:`segmented_uniform`.
        threshold: t, in [0, 1).

    Returns:
        bool of the shape of ``x``.

    >>> x = tf.zeros([3, 50])
    >>> with scope(Draw(seed=1, step=0), "generator", [("latent", 3)]):
    ...     told, number = segmented_at_least("a", x, 0.3), segmented_uniform("a", x)
    >>> bool(tf.reduce_all(told == (number >= 0.3)))
    True
    """
    least = math.ceil(threshold * 2**23) << 9
    return _segmented_bits(stream, x) >= tf.constant(least, tf.uint32)


def unit_interval(bits: tf.Tensor) -> tf.Tensor:
    """Numbers of U[0, 1), multiples of 2⁻²³, from the upper 23 of random uint32's bits."""
    mantissa = tf.bitwise.right_shift(bits, tf.constant(9, tf.uint32))
    one_to_two = tf.bitwise.bitwise_or(mantissa, tf.constant(0x3F800000, tf.uint32))
    return tf.bitcast(one_to_two, tf.float32) - 1.0


def _segmented_bits(stream: str, x: tf.Tensor) -> tf.Tensor:
    active = _scope.get()
    if active is None:
        raise RuntimeError("random numbers for layers need an enclosing advnets.random.scope")
    shape = [
        static if static is not None else tf.shape(x)[axis]
        for axis, static in enumerate(x.shape.as_list())
    ][1:]
    parts = [
        active.draw.bits(f"{active.stage}/{stream}/{name}", shape, size)
        for name, size in active.segments
    ]
    bits = parts[0] if len(parts) == 1 else tf.concat(parts, axis=0)
    return _of_groups(bits, x)


def _of_groups(bits: tf.Tensor, x: tf.Tensor) -> tf.Tensor:
    """Return bits for each row of x: of as many rows as examples, all; of fewer, where a layer
    joined m examples to one row, those of every m-th example, the first of each row.
    """
    examples, rows = bits.shape[0], x.shape[0]
    if examples is not None and rows:
        return bits if examples == rows else bits[:: -(-examples // rows)][:rows]
    examples, rows = tf.shape(bits)[0], tf.shape(x)[0]
    every = -(-examples // tf.maximum(rows, 1))
    return tf.ensure_shape(bits[::every][:rows], x.shape)
