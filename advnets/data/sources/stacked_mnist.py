"""Stack three random digits as the channels of one image: a thousand modes to be counted."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import cached_property
from typing import Any, Literal

import numpy as np

from ...builtin.datasets import StackedMnistParameters
from ...recipe.validated import validated_by
from ..examples import Examples
from ..source import Source
from ..spec import SPLITS, DataSpec, Field
from .composed import Composed
from .digits import Digits
from .mixture import draw_uniform
from .tfds import Tfds

SIZE, CHANNELS = 28, 3


class StackedMnist(Composed):
    """Draw images of 28×28×3, each channel a random digit of the split's own digits.

    Which digits, is a pure function of the seed, the split and the example's index, so that
    a longer split begins with the same examples. Labels are 100·red + 10·green + blue: 1,000
    classes, nearly equally frequent.

    Args:
        digits: ``mnist`` (from TFDS, prepared or downloaded), or ``sklearn``: scikit-learn's
            1,797 digits, enlarged, which need no download and are another data set.
        examples: In the training split.
        held_out: In each other split.
        seed: Of the draw of the data; independent of the run's seed.
        data_dir: Where MNIST lies prepared; by default where TFDS keeps its data.
        preprocess: See :class:`advnets.DatasetParameters`.

    Source: Metz et al. 2017, "Unrolled generative adversarial networks" (arXiv:1611.02163).

    >>> data = StackedMnist("sklearn", examples=50)
    >>> data.load("train").shape, data.parts(data.load("train")).shape
    ((50, 28, 28, 3), (50, 3, 28, 28, 1))
    >>> bool((data.base.load("train") == data.parts(data.load("train"))[7, 2]).all((1, 2, 3)).any())
    True
    """

    name = "stacked_mnist"
    count_of_parts = CHANNELS

    @validated_by(StackedMnistParameters)
    def __init__(
        self,
        digits: Literal["mnist", "sklearn"] = "mnist",
        examples: int = 128_000,
        held_out: int = 10_000,
        seed: int = 0,
        data_dir: str | os.PathLike[str] | None = None,
        preprocess: str | Mapping[str, Any] = "auto",
    ):
        super().__init__(preprocess)
        self.name = f"stacked_mnist of {digits}"  # type: ignore[misc]
        self._digits, self._data_dir, self._seed = digits, data_dir, seed
        self._examples, self._held_out = examples, held_out

    @cached_property
    def base(self) -> Source:  # type: ignore[override]
        if self._digits == "sklearn":
            return Digits(size=SIZE)
        return Tfds("mnist", data_dir=self._data_dir)

    @property
    def spec(self) -> DataSpec:
        label = Field((), "int64", classes=10**CHANNELS)
        return DataSpec((SIZE, SIZE, CHANNELS), "uint8", 0, 255, "image", {"label": label})

    @property
    def splits(self) -> tuple[str, ...]:
        return self.base.splits

    def available(self) -> None:
        self.base.available()

    def prepared(self) -> bool:
        return self.base.prepared()

    def count(self, split: str) -> int:
        self.check_split(split)
        return self._examples if split == "train" else self._held_out

    def read(self, split: str) -> Examples:
        n = self.count(split)
        self.check_budget(split, n)
        digits, labels = self.base.load(split), self.base.labels(split)
        assert labels is not None
        stream = SPLITS.index(split)  # type: ignore[arg-type]
        drawn = draw_uniform(self._seed, stream, n * CHANNELS).reshape(n, CHANNELS)
        indices = np.minimum((drawn * len(digits)).astype(np.int64), len(digits) - 1)
        stacked = np.stack([digits[index, ..., 0] for index in indices.T], axis=-1)
        return Examples(stacked, {"label": labels[indices] @ 10 ** np.arange(CHANNELS)[::-1]})

    def parts(self, examples: np.ndarray) -> np.ndarray:
        return np.moveaxis(examples, -1, 1)[..., None]
