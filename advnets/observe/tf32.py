"""TensorFloat-32: what GPUs make of float32 products unless they are told not to."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import tensorflow as tf


@contextmanager
def without_tf32() -> Iterator[None]:
    """Compute products of float32 with all of its 24 bits, not the 11 of TensorFloat-32.

    Scores are computed so: features differ by some 10⁻³ otherwise, between GPUs and between a
    GPU and a CPU. It says nothing on a CPU, which knows no such thing.

    >>> with without_tf32():
    ...     tf.config.experimental.tensor_float_32_execution_enabled()
    False
    """
    settings = tf.config.experimental
    before = settings.tensor_float_32_execution_enabled()
    settings.enable_tensor_float_32_execution(False)
    try:
        yield
    finally:
        settings.enable_tensor_float_32_execution(before)
