"""Everything that training can change, by name."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping

import keras
import numpy as np
import tensorflow as tf

from ..game import AdversarialGame


def state_variables(game: AdversarialGame) -> dict[str, tf.Variable]:
    """The variables that training can change: networks, optimizers, loss state, the round;
    the average of G's weights where one is kept, the players' loss scales where they compute
    in float16, and the factors of learning rates that follow a schedule.

    Args:
        game: A compiled game.

    Returns:
        Variables by a name that depends only on how the game was built, such as
        ``generator/0002/kernel``.
    """
    named: dict[str, tf.Variable] = {"rounds": game.rounds.value}
    groups = {
        "generator": game.generator.variables,
        "discriminator": game.discriminator.variables,
        "generator_optimizer": game.generator_optimizer.variables,
        "discriminator_optimizer": game.discriminator_optimizer.variables,
        "loss": game.loss.variables,
    }
    if game.average is not None:
        groups["averaged_generator"] = game.average.network.variables
    for group, variables in groups.items():
        for index, variable in enumerate(variables):
            # Not the whole path: Keras counts the layers of a process into their names.
            own = "" if group.endswith("optimizer") else f"/{variable.name.split(':')[0]}"
            value = variable.value if isinstance(variable, keras.Variable) else variable
            named[f"{group}/{index:04d}{own}"] = value
    for player, scale in game.loss_scales.items():
        named[f"loss_scale/{player}/scale"] = scale.scale
        named[f"loss_scale/{player}/good_steps"] = scale.good_steps
    for player, factor in game.rate_factors.items():
        named[f"learning_rate_factor/{player}"] = factor
    return named


def state_sha256(state: Mapping[str, tf.Variable]) -> str:
    """SHA-256 over every variable's name, dtype, shape and bytes, in the order of names.

    Two runs with the same value are the same run.

    >>> one = state_sha256({"a": tf.Variable([1.0]), "b": tf.Variable(2)})
    >>> one == state_sha256({"b": tf.Variable(2), "a": tf.Variable([1.0])})
    True
    >>> one == state_sha256({"a": tf.Variable([1.5]), "b": tf.Variable(2)})
    False
    """
    digest = hashlib.sha256()
    for name in sorted(state):
        value = np.ascontiguousarray(state[name].numpy())
        digest.update(f"{name}:{value.dtype}:{value.shape};".encode())
        digest.update(value.tobytes())
    return digest.hexdigest()


def snapshot(state: Mapping[str, tf.Variable]) -> dict[str, tf.Variable]:
    """A copy of the state in the host's memory, which training does not change.

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
    """SHA-256 over a network's weights: dtype, shape and bytes of each, in order."""
    digest = hashlib.sha256()
    for weight in weights:
        value = np.ascontiguousarray(weight)
        digest.update(f"{value.dtype}:{value.shape};".encode())
        digest.update(value.tobytes())
    return digest.hexdigest()
