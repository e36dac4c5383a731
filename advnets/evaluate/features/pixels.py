"""Take the values of an example themselves as features."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .extractor import FeatureContext, FeatureExtractor


class Pixels(FeatureExtractor):
    """Compute φ(x) = x, flattened, in the range of the preprocessed data.

    Right for vectors; for images it is a poor measure of likeness, but one that needs no
    training.

    Args:
        context: Whose ``spec`` says how many values there are.
    """

    name = "pixels"

    def __init__(self, context: FeatureContext):
        self._shape = context.spec.shape if context.spec is not None else None
        self._range = None if context.data is None else context.data.preprocess.description

    def __call__(self, examples: np.ndarray) -> np.ndarray:
        return examples.reshape(len(examples), -1).astype(np.float64)

    def describe(self) -> dict[str, Any]:
        size = {"dimensions": math.prod(self._shape) if self._shape else None}
        return size if self._range is None else size | {"preprocess": self._range}
