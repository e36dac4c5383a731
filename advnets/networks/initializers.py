"""Draw initial weights as Keras does not, and choose among them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf


@keras.saving.register_keras_serializable(package="advnets")
class SparseNormal(keras.initializers.Initializer):
    """Give each unit exactly ``count`` incoming weights ~ N(0, stddev²); the rest are zero.

    Args:
        count: Non-zero weights per column; all of them if the layer has fewer inputs.
        stddev: Standard deviation of a non-zero weight.
        seed: Seed of the draw.

    Source: J. Martens 2010, "Deep learning via Hessian-free optimization", section 5; the
    code of Goodfellow et al. 2014 uses 100 (``sparse_init``).

    >>> weights = SparseNormal(2, seed=0)((5, 3)).numpy()
    >>> (weights != 0).sum(axis=0).tolist()
    [2, 2, 2]
    """

    def __init__(self, count: int, stddev: float = 1.0, seed: int = 0):
        self.count = count
        self.stddev = stddev
        self.seed = seed

    def __call__(self, shape: tuple[int, int], dtype: str | None = None) -> tf.Tensor:
        """Draw a matrix [inputs, units]."""
        inputs, units = shape
        count = min(self.count, inputs)
        draw = np.random.default_rng(self.seed)
        weights = np.zeros((units, inputs), "float32")
        for unit in weights:
            unit[draw.choice(inputs, count, replace=False)] = draw.normal(0, self.stddev, count)
        return tf.convert_to_tensor(weights.T, dtype=dtype or keras.config.floatx())

    def get_config(self) -> dict[str, Any]:
        """Return the arguments, for serialisation."""
        return {"count": self.count, "stddev": self.stddev, "seed": self.seed}


def weight_initializer(choice: Mapping[str, Any], seed: int) -> keras.initializers.Initializer:
    """Return the initializer that a recipe's layer names.

    Args:
        choice: At most one of ``irange`` (a: uniform in (−a, a)), ``stddev`` (σ: normal,
            mean 0) and ``sparse`` (n: :class:`SparseNormal`) is not ``None``. With none of
            them: Glorot and Bengio's uniform.
        seed: Seed of the draw.

    >>> bool(abs(weight_initializer({"irange": 0.05}, 0)((100, 100))).numpy().max() < 0.05)
    True
    """
    if choice.get("irange") is not None:
        a = choice["irange"]
        return keras.initializers.RandomUniform(-a, a, seed=seed)
    if choice.get("stddev") is not None:
        return keras.initializers.RandomNormal(0.0, choice["stddev"], seed=seed)
    if choice.get("sparse") is not None:
        return SparseNormal(choice["sparse"], seed=seed)
    return keras.initializers.GlorotUniform(seed=seed)
