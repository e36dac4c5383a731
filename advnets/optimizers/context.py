"""Give an optimizer what it needs to know of the run."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class OptimizerContext:
    """Relate the rounds to the data.

    Args:
        steps_per_epoch: Rounds in which the training set is seen once.
        total_steps: Rounds planned. A schedule that depends on it makes a run that is
            extended later differ from one planned longer at once; the built-in ones don't.
        batch_size: Examples per update, over all replicas.
    """

    steps_per_epoch: int
    total_steps: int
    batch_size: int
