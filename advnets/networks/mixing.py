"""Find out whether a network's output for an example depends on the others in its batch."""

from __future__ import annotations

import logging
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from .. import random
from ..random import Draw

log = logging.getLogger(__name__)

NEAR = 1e-3
"""By what part of the largest value two outputs may differ: rounding."""
AWAKE = 0.1
"""What weights that are all zero are taken to be: a gain of 0 hides what it multiplies."""


def mixes_examples(network: keras.Model, batch: Any, others: Any) -> bool:
    """Tell whether a network lets the examples of a batch influence each other in training.

    If it does not, a discriminator may see real and generated examples as one batch. It is asked:
    the batch is given to it in the company of itself, and of the others; dropout is the same both
    times. No weight and no state is changed. Batch normalisation mixes, frozen or not.

    Args:
        network: A built network.
        batch: What it takes, n examples: one thing ``[n, ...]``, or several by name.
        others: As many, quite different from these: statistics over examples differ.

    Returns:
        ``True`` also where it cannot be asked, or returns no row for each example.

    >>> x = keras.Input((3,))
    >>> alone = keras.Model(x, keras.layers.Dense(2)(x))
    >>> centred = keras.Model(x, x - keras.ops.mean(x, axis=0))
    >>> batch, others = tf.eye(3), 5.0 + tf.eye(3)
    >>> mixes_examples(alone, batch, others), mixes_examples(centred, batch, others)
    (False, True)
    """
    layers = network._flatten_layers()
    if any(isinstance(layer, keras.layers.BatchNormalization) for layer in layers):
        return True
    n = len(tf.nest.flatten(batch)[0])
    kept = [(v, v.numpy()) for v in _own_variables(network)]
    try:
        alone, among = (_ask(network, batch, company, n) for company in (batch, others))
    except Exception as error:
        log.debug("%s was not to be asked whether it mixes examples: %s", network.name, error)
        return True
    finally:
        for variable, value in kept:
            variable.assign(value)
    return any(_differ(x, y, n) for x, y in zip(alone, among, strict=True))


def _ask(network: keras.Model, batch: Any, company: Any, n: int) -> list[np.ndarray]:
    both = tf.nest.map_structure(lambda *parts: tf.concat(parts, axis=0), batch, company)
    weights = [(v, _awake(v)) for v in network.trainable_variables]
    scope = random.scope(Draw(0, 0), "asked", [("batch", n), ("company", n)])
    with scope, keras.StatelessScope(state_mapping=weights):  # what moves, moves in there alone
        said = network(both, training=True)
    return [np.asarray(values, np.float64) for values in tf.nest.flatten(said)]


def _differ(alone: np.ndarray, among: np.ndarray, n: int) -> bool:
    if alone.shape != among.shape or alone.shape[:1] != (2 * n,):
        return True
    x, y = alone[:n], among[:n]
    near = NEAR * np.abs(x, where=np.isfinite(x), out=np.zeros_like(x)).max(initial=0.0)
    return not np.allclose(x, y, rtol=0.0, atol=near, equal_nan=True)


def _awake(variable: Any) -> tf.Tensor:
    value = tf.convert_to_tensor(variable)
    return value if np.any(value) else tf.fill(value.shape, tf.cast(AWAKE, value.dtype))


def _own_variables(network: keras.Model) -> list[tf.Variable]:
    """Return the variables of layers that Keras does not know of: it would change them."""
    held = [value for layer in network._flatten_layers() for value in vars(layer).values()]
    return [value for value in held if isinstance(value, tf.Variable)]
