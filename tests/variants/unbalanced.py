"""Unbalanced digits in one file, as somebody would write them who read the documentation."""

from __future__ import annotations

import numpy as np
from sklearn.datasets import load_digits

import advnets
from advnets.data import DataSpec, Examples, Field, Source

TEST = 180


class Unbalanced(Source):
    """Give scikit-learn's digits, but of the training ones that are odd every tenth only."""

    name = "unbalanced"
    spec = DataSpec((8, 8, 1), "uint8", 0, 255, "image", {"label": Field((), "int64", classes=10)})
    splits = ("train", "test")

    def read(self, split: str) -> Examples:
        images, labels = load_digits(return_X_y=True)
        order = np.random.default_rng(0).permutation(len(labels))
        chosen = order[:TEST]
        if split == "train":
            rest = order[TEST:]
            kept = [rest[labels[rest] == k] for k in range(10)]
            chosen = np.concatenate([of[::10] if k % 2 else of for k, of in enumerate(kept)])
        pixels = np.rint(images[chosen] * (255 / 16)).astype(np.uint8)
        return Examples(pixels.reshape(-1, 8, 8, 1), {"label": labels[chosen]})


@advnets.hookimpl
def advnets_datasets() -> list[advnets.Component]:
    return [
        advnets.Component(
            "unbalanced",
            f"{__name__}:Unbalanced",
            "digits, odd ones ten times as rare",
            advnets.DatasetParameters,
        )
    ]
