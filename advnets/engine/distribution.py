"""Which devices play: from ``distribution.strategy`` to a ``tf.distribute`` strategy."""

from __future__ import annotations

import tensorflow as tf

from ..errors import UsageError


def make_strategy(name: str, batch_size: int) -> tf.distribute.Strategy:
    """The strategy that a recipe asks for.

    Args:
        name: ``one_device``; ``mirrored`` (all GPUs, or all logical CPU devices where
            there is none); or ``auto``: mirrored over several GPUs, else one device.
        batch_size: The global batch size, to be divided evenly among the replicas.

    Raises:
        UsageError: If the replicas cannot share the batch evenly.
    """
    gpus = tf.config.list_logical_devices("GPU")
    if name == "one_device" or (name == "auto" and len(gpus) < 2):
        return tf.distribute.get_strategy()
    devices = gpus or tf.config.list_logical_devices("CPU")
    strategy = tf.distribute.MirroredStrategy([device.name for device in devices])
    if batch_size % strategy.num_replicas_in_sync:
        raise UsageError(
            f"training.batch_size {batch_size} cannot be shared evenly by "
            f"{strategy.num_replicas_in_sync} devices",
            hint="choose a multiple, or distribution.strategy=one_device",
        )
    return strategy


def describe(strategy: tf.distribute.Strategy) -> str:
    """One line for the log: how many replicas, on what.

    >>> describe(tf.distribute.get_strategy())
    'one device (CPU)'
    """
    kind = "GPU" if tf.config.list_logical_devices("GPU") else "CPU"
    count = strategy.num_replicas_in_sync
    return f"one device ({kind})" if count == 1 else f"{count} mirrored replicas ({kind})"
