"""Make a ``tf.distribute`` strategy of a recipe's ``distribution.strategy``."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

import tensorflow as tf

from ..errors import RunError, UsageError
from .cluster import Cluster, find_cluster
from .rendezvous import rendezvous


def make_strategy(
    name: str, batch_size: int, streams: Mapping[str, int] = MappingProxyType({})
) -> tf.distribute.Strategy:
    """Make the strategy that a recipe names.

    Args:
        name: ``one_device``; ``mirrored`` (all GPUs, or all logical CPU devices where there
            is none); ``multi_worker`` (all workers of the cluster, with all their GPUs);
            ``tpu``; or ``auto``: ``multi_worker`` in a cluster, else ``mirrored`` where
            there are several GPUs, else ``one_device``. A cluster of one is one machine.
        batch_size: The global batch size, to be divided evenly among the replicas.
        streams: The same of each stream, by its name.

    Raises:
        UsageError: If the devices are not there, or cannot share each batch evenly.
        RunError: If the workers cannot connect.
        Interrupted: If a signal ends the wait for them.
    """
    # Only if need be: a cluster's description may be wrong, or take its time.
    cluster = find_cluster() if name in ("auto", "multi_worker") else None
    if name == "tpu":
        strategy = _tpu()
    elif cluster is not None and cluster.size > 1:
        strategy = _multi_worker(cluster)
    elif name == "multi_worker" and cluster is None:
        raise UsageError(
            "distribution.strategy is multi_worker, but nothing names several workers",
            hint="start them by `advnets launch --workers N RECIPE`, by srun, or with TF_CONFIG "
            "set in each; see docs/scaling.md",
        )
    else:
        strategy = make_local_strategy(name)
    own = {f"streams.{stream}.batch_size": size for stream, size in streams.items()}
    check_shares({"training.batch_size": batch_size, **own}, strategy.num_replicas_in_sync)
    return strategy


def check_shares(batch_sizes: Mapping[str, int], replicas: int) -> None:
    """Refuse global batches that replicas cannot share evenly, all of them at once.

    Args:
        batch_sizes: Their examples, by what in the recipe says so.
        replicas: How many there are.

    Raises:
        UsageError: With what to change.

    >>> check_shares({"training.batch_size": 8, "streams.labelled.batch_size": 5}, 2)
    Traceback (most recent call last):
    ...
    advnets.errors.UsageError: streams.labelled.batch_size 5 cannot be shared evenly by 2 devices
      hint: choose a multiple, or fewer devices
    """
    uneven = [f"{where} {size}" for where, size in batch_sizes.items() if size % replicas]
    if uneven:
        raise UsageError(
            f"{', '.join(uneven)} cannot be shared evenly by {replicas} devices",
            hint="choose a multiple, or fewer devices",
        )


def make_local_strategy(name: str) -> tf.distribute.Strategy:
    """Make of a recipe's strategy what one process can, whoever else played the run.

    Args:
        name: As for :func:`make_strategy`: ``one_device``; ``mirrored``; anything else is all
            GPUs, or one device where there are fewer than two.

    >>> make_local_strategy("multi_worker").num_replicas_in_sync
    1
    """
    gpus = tf.config.list_logical_devices("GPU")
    if name == "one_device" or (name != "mirrored" and len(gpus) < 2):
        return tf.distribute.get_strategy()
    devices = gpus or tf.config.list_logical_devices("CPU")
    if len(devices) == 1:
        return tf.distribute.get_strategy()
    try:
        return _mirrored(tuple(device.name for device in devices))
    except ValueError as error:  # it reads TF_CONFIG, too
        raise UsageError(
            f"TensorFlow cannot mirror {len(devices)} devices: {error}",
            hint="unset TF_CONFIG, or use distribution.strategy=one_device",
        ) from error


def constant_scope(strategy: tf.distribute.Strategy) -> contextlib.AbstractContextManager[Any]:
    """Return the scope to make constant data in: on every device, or once in each worker.

    Variables made in the scope of several workers are sent around by the chief, which
    TensorFlow cannot do with bytes, and which is needless for what every worker can read.
    """
    several = isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy)
    return contextlib.nullcontext() if several else strategy.scope()


def describe(strategy: tf.distribute.Strategy, workers: int = 1) -> str:
    """Describe a strategy in one line for the log: how many replicas, on what.

    >>> describe(tf.distribute.get_strategy())
    'one device (CPU)'
    """
    kind, count = device_type(), strategy.num_replicas_in_sync
    if workers > 1:
        return f"{count} replicas on {workers} workers ({kind})"
    return f"one device ({kind})" if count == 1 else f"{count} mirrored replicas ({kind})"


@cache
def _mirrored(devices: tuple[str, ...]) -> tf.distribute.Strategy:
    """Make one per process: a second one over the same CPU devices cannot add up."""
    return tf.distribute.MirroredStrategy(devices)


def _multi_worker(cluster: Cluster) -> tf.distribute.Strategy:
    """Make one per process, which meets the others once: TensorFlow's servers outlive a run."""
    if (joined := _joined.get(repr(cluster))) is not None:
        return joined
    resolver = tf.distribute.cluster_resolver.SimpleClusterResolver(
        tf.train.ClusterSpec({job: list(w) for job, w in cluster.workers.items()}),
        task_type=cluster.job,
        task_id=cluster.index,
        rpc_layer="grpc",
    )
    try:
        with rendezvous(cluster):
            made = tf.distribute.MultiWorkerMirroredStrategy(resolver)
    except (tf.errors.OpError, RuntimeError) as error:
        own = cluster.workers[cluster.job][cluster.index]
        raise RunError(
            f"worker {cluster.rank} of {cluster.size} ({own}, from {cluster.source}) cannot "
            f"join the others: {str(error).splitlines()[0]}",
            hint="is the port free, and can the machines reach each other?",
        ) from error
    _joined[repr(cluster)] = made
    return made


_joined: dict[str, tf.distribute.Strategy] = {}


def _tpu() -> tf.distribute.Strategy:
    try:
        resolver = tf.distribute.cluster_resolver.TPUClusterResolver()
        tf.config.experimental_connect_to_cluster(resolver)
        tf.tpu.experimental.initialize_tpu_system(resolver)
        return tf.distribute.TPUStrategy(resolver)
    except (ValueError, RuntimeError, OSError, tf.errors.OpError) as error:
        raise UsageError(
            f"distribution.strategy is tpu, but no TPU was found: {str(error).splitlines()[0]}",
            hint="run on a TPU host, or set TPU_NAME; else leave distribution.strategy at auto",
        ) from error


def device_type() -> str:
    """Return the type of device that plays: ``TPU``, ``GPU`` or ``CPU``.

    >>> device_type()
    'CPU'
    """
    kinds = ("TPU", "GPU")
    return next((kind for kind in kinds if tf.config.list_logical_devices(kind)), "CPU")
