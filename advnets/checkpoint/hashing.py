"""Hash and copy variables, whatever they belong to."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

import numpy as np
import tensorflow as tf


def state_sha256(state: Mapping[str, tf.Variable]) -> str:
    """Return SHA-256 over every variable's name, dtype, shape and bytes, in the order of names.

    Two runs with the same value are the same run.

    >>> one = state_sha256({"a": tf.Variable([1.0]), "b": tf.Variable(2)})
    >>> one == state_sha256({"b": tf.Variable(2), "a": tf.Variable([1.0])})
    True
    >>> one == state_sha256({"a": tf.Variable([1.5]), "b": tf.Variable(2)})
    False
    """
    return _sha256((f"{name}:", state[name].numpy()) for name in sorted(state))


def snapshot(state: Mapping[str, tf.Variable]) -> dict[str, tf.Variable]:
    """Return a copy of the state in the host's memory, which training does not change.

    It takes as many bytes as the state. What is mirrored on several devices is copied once.

    >>> state = {"a": tf.Variable([1.0])}
    >>> kept = snapshot(state)
    >>> _ = state["a"].assign([2.0])
    >>> float(kept["a"][0])
    1.0
    """
    with tf.device("CPU:0"):
        return {name: tf.Variable(v.numpy(), trainable=False) for name, v in state.items()}


def weights_sha256(weights: Iterable[np.ndarray]) -> str:
    """Return SHA-256 over a network's weights: dtype, shape and bytes of each, in order.

    >>> weights_sha256([np.zeros([2, 1])]) == weights_sha256([np.zeros([1, 2])])
    False
    """
    return _sha256(("", weight) for weight in weights)


def _sha256(arrays: Iterable[tuple[str, np.ndarray]]) -> str:
    digest = hashlib.sha256()
    for prefix, array in arrays:
        value = np.ascontiguousarray(array)
        digest.update(f"{prefix}{value.dtype}:{value.shape};".encode())
        digest.update(value.tobytes())
    return digest.hexdigest()
