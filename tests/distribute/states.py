"""The states that runs have committed, and their comparison."""

from __future__ import annotations

from pathlib import Path

import numpy as np


def state(run: Path, step: int) -> dict[str, np.ndarray]:
    """The numbers of a checkpoint."""
    import tensorflow as tf

    reader = tf.train.load_checkpoint(str(run / f"checkpoints/step-{step:08}/state"))
    return {
        name: reader.get_tensor(name)
        for name in reader.get_variable_to_shape_map()
        if name != "_CHECKPOINTABLE_OBJECT_GRAPH"
    }


def alike(one: dict[str, np.ndarray], other: dict[str, np.ndarray]) -> None:
    """Assert that two states are equal within rounding."""
    assert one.keys() == other.keys()
    for name, value in one.items():
        if value.dtype.kind == "f":
            np.testing.assert_allclose(other[name], value, rtol=1e-4, atol=1e-6, err_msg=name)


def near(
    one: dict[str, np.ndarray], other: dict[str, np.ndarray], before: dict[str, np.ndarray]
) -> None:
    """Assert that two states are equal within half precision, as a share of the way ``before``.

    Half precision rounds each example's numbers, and rounds some of them the other way if a
    matrix product is added up in another order. A gradient that lacked a replica's part, or
    had it twice, would be off by a half or more.
    """
    assert one.keys() == other.keys()
    for name, value in one.items():
        if value.dtype.kind == "f":
            moved = np.linalg.norm(value - before[name])
            assert np.linalg.norm(other[name] - value) < 0.05 * moved + 1e-4, name
