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


def mixes_examples(network: keras.Model, batch: Any, others: Any, *, training: bool = True) -> bool:
    """Tell whether a network lets the examples of a batch influence each other.

    If it does not, a discriminator may see real and generated examples as one batch. It is asked:
    the batch is given to it in the company of itself, and of the others; dropout is the same both
    times. Company stands between the examples, in an order in which every group of neighbours, or
    of examples at equal distances, has some: a network may mix within groups alone. No weight and
    no state is changed. Batch normalisation mixes in training, frozen or not.

    Args:
        network: A built network.
        batch: What it takes, n examples: one thing ``[n, ...]``, or several by name.
        others: As many, quite different from these: statistics over examples differ.
        training: Whether it is asked as it is in training; else as in inference.

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
    if training and any(isinstance(one, keras.layers.BatchNormalization) for one in layers):
        return True
    n = len(tf.nest.flatten(batch)[0])
    places = _places(n)
    kept = [(v, v.numpy()) for v in _own_variables(network)]
    try:
        alone, among = (
            _ask(network, batch, company, places, training) for company in (batch, others)
        )
    except Exception as error:
        log.debug("%s was not to be asked whether it mixes examples: %s", network.name, error)
        return True
    finally:
        for variable, value in kept:
            variable.assign(value)
    return any(_differ(x, y, places) for x, y in zip(alone, among, strict=True))


def _places(n: int) -> np.ndarray:
    """Return where in a batch of 2n the n examples stand that are asked of.

    They are the zeros of the Thue-Morse sequence, which is neither periodic nor has three equal
    terms in a row.

    >>> _places(4).tolist()
    [0, 3, 5, 6]
    """
    return np.array([place for place in range(2 * n) if place.bit_count() % 2 == 0])


def _ask(
    network: keras.Model, batch: Any, company: Any, places: np.ndarray, training: bool
) -> list[np.ndarray]:
    n = len(places)
    order = np.argsort([*places, *np.setdiff1d(np.arange(2 * n), places)])
    both = tf.nest.map_structure(
        lambda *parts: tf.gather(tf.concat(parts, axis=0), order), batch, company
    )
    weights = [(v, _awake(v)) for v in network.trainable_variables]
    scope = random.scope(Draw(0, 0), "asked", [("asked", 2 * n)])
    with scope, keras.StatelessScope(state_mapping=weights):  # what moves, moves in there alone
        said = network(both, training=training)
    return [np.asarray(values, np.float64) for values in tf.nest.flatten(said)]


def _differ(alone: np.ndarray, among: np.ndarray, places: np.ndarray) -> bool:
    if alone.shape != among.shape or alone.shape[:1] != (2 * len(places),):
        return True
    x, y = alone[places], among[places]
    near = NEAR * np.abs(x, where=np.isfinite(x), out=np.zeros_like(x)).max(initial=0.0)
    return not np.allclose(x, y, rtol=0.0, atol=near, equal_nan=True)


def _awake(variable: Any) -> tf.Tensor:
    value = tf.convert_to_tensor(variable)
    return value if np.any(value) else tf.fill(value.shape, tf.cast(AWAKE, value.dtype))


def _own_variables(network: keras.Model) -> list[tf.Variable]:
    """Return the variables of layers that Keras does not know of: it would change them."""
    held = [value for layer in network._flatten_layers() for value in vars(layer).values()]
    return [value for value in held if isinstance(value, tf.Variable)]
