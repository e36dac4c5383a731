"""Read scikit-learn's embedded digits: real images that need no download."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Any

import numpy as np

from ...builtin.datasets import DigitsParameters
from ...recipe.validated import validated_by
from ..examples import Examples
from ..source import Source
from ..spec import SPLITS, DataSpec, Field

NATIVE = 8
"""The images' own width and height, in pixels."""
SIZES = {"train": 1437, "validation": 180, "test": 180}


class Digits(Source):
    """Give 1,797 handwritten digits, 8×8 pixels of 17 grey levels, as uint8 of 0 to 255.

    They are brought to another size by bicubic interpolation of the grey levels as real
    numbers, cut off at the ends of the range and rounded. The splits (1,437 / 180 / 180)
    are drawn once and for all, with the same permutation for every size.

    Args:
        size: Width and height in pixels; 8 is the images' own, 28 is MNIST's.
        preprocess: See :class:`advnets.DatasetParameters`.

    Source: Alpaydin and Kaynak, "Optical Recognition of Handwritten Digits" (UCI, 1998),
    its test part, as it comes with scikit-learn.

    >>> Digits(size=28).load("train").shape
    (1437, 28, 28, 1)
    """

    name = "digits"

    @validated_by(DigitsParameters)
    def __init__(self, size: int = NATIVE, preprocess: str | Mapping[str, Any] = "auto"):
        super().__init__(preprocess)
        self.size = size

    @cached_property
    def spec(self) -> DataSpec:  # type: ignore[override]
        label = Field((), "int64", classes=10)
        return DataSpec((self.size, self.size, 1), "uint8", 0, 255, "image", {"label": label})

    @property
    def splits(self) -> tuple[str, ...]:
        return SPLITS

    def count(self, split: str) -> int:
        self.check_split(split)
        return SIZES[split]

    def read(self, split: str) -> Examples:
        from PIL import Image
        from sklearn.datasets import load_digits

        bunch = load_digits()
        order = np.argsort(np.random.Philox(key=[0, 0]).random_raw(len(bunch.images)))
        start = {"train": 0, "validation": SIZES["train"], "test": len(order) - SIZES["test"]}
        chosen = order[start[split] :][: SIZES[split]]
        images = bunch.images[chosen].astype(np.float32) * (255 / 16)
        if self.size != NATIVE:
            to = (self.size, self.size)
            resized = [Image.fromarray(i).resize(to, Image.Resampling.BICUBIC) for i in images]
            images = np.stack([np.asarray(image) for image in resized])
        pixels = np.rint(np.clip(images, 0, 255)).astype(np.uint8)
        return Examples(pixels[..., None], {"label": bunch.target[chosen]})
