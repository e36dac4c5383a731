"""Define what a feature extractor is, and what it is made from."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ...data import DataSpec, Source
from ...errors import DataError, UsageError

AT_ONCE = 500


class FeatureExtractor(ABC):
    """Describe examples by numbers: a network's penultimate layer, or the pixels themselves.

    Metrics that compare distributions, such as the Fréchet distance, mean something only in
    the space of such features, so that whoever reads a score must know which: :meth:`describe`
    says it, and the score's protocol carries it.

    An extractor treats each example by itself, and gives the same numbers every time, in every
    process. Several threads may call it at once.

    Attributes:
        name: As metrics name it.
        at_once: How many examples it is given at a time, at most, which bounds memory.

    >>> class Means(FeatureExtractor):
    ...     name = "means"
    ...     def __call__(self, examples):
    ...         return examples.reshape(len(examples), -1).mean(axis=1, keepdims=True)
    ...     def describe(self):
    ...         return {"dimensions": 1}
    >>> Means()(np.array([[1.0, 3.0]]))
    array([[2.]])
    >>> Means().probabilities(np.array([[1.0, 3.0]]))
    Traceback (most recent call last):
    ...
    advnets.errors.UsageError: features 'means' have no classes, so no probabilities of them
      hint: name features that have them: classifier, or inception
    """

    name: str = "features"
    at_once: int = AT_ONCE

    @abstractmethod
    def __call__(self, examples: np.ndarray) -> np.ndarray:
        """Compute the features of some examples.

        Args:
            examples: float32 ``[n, *shape]``, in the range of the preprocessed data.

        Returns:
            float64 ``[n, d]``.
        """

    @abstractmethod
    def describe(self) -> dict[str, Any]:
        """Return what a protocol must say of the extractor; JSON values only.

        ``dimensions`` is the number of features d. Whatever was trained has a hash of its
        weights (``weights_sha256``), the data and split it was trained on, and its accuracy.
        """

    def probabilities(self, examples: np.ndarray) -> np.ndarray:
        """Compute class probabilities, for metrics that need them, such as the inception score.

        Args:
            examples: float32 ``[n, *shape]``, in the range of the preprocessed data.

        Returns:
            float64 ``[n, classes]``, rows that add up to 1.

        Raises:
            UsageError: If these features know no classes.
        """
        raise UsageError(
            f"features {self.name!r} have no classes, so no probabilities of them",
            hint="name features that have them: classifier, or inception",
        )


@dataclass(frozen=True, kw_only=True)
class FeatureContext:
    """Hold what a feature extractor may be made from.

    Attributes:
        data: The data that are scored: spec, preprocessing, splits, labels; or ``None``
            where there are only arrays.
        spec: What an example looks like, as stored; ``None`` if unknown.
        cache: A folder for what takes long to compute. It may not exist yet, may be emptied at
            any time, and several processes may use it at once.
        open: From a data set's name, or its entry in a recipe, to its source.
    """

    data: Source | None
    spec: DataSpec | None
    cache: Path
    open: Callable[[str | Mapping[str, Any]], Source]

    @property
    def source(self) -> Source:
        """The data that are scored.

        Raises:
            DataError: If there are only arrays.
        """
        if self.data is None:
            raise DataError("these features are made from a data set, and there is none here")
        return self.data
