"""Count the replicas that share the global batch, and find which of them this is."""

from __future__ import annotations

import tensorflow as tf


def replicas() -> int:
    """Return how many replicas share the global batch."""
    return int(tf.distribute.get_strategy().num_replicas_in_sync)


def replica_index() -> int | tf.Tensor:
    """Return this replica's index, 0 outside of any strategy."""
    context = tf.distribute.get_replica_context()
    return 0 if context is None or replicas() == 1 else context.replica_id_in_sync_group
