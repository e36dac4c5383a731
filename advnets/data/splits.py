"""Know splits by the names that they usually have."""

from __future__ import annotations

from collections.abc import Iterable

from .spec import SPLITS, Split

USUAL: dict[Split, tuple[str, ...]] = {
    "train": ("train", "training"),
    "validation": ("validation", "valid", "val", "dev", "eval", "evaluation"),
    "test": ("test", "testing", "holdout"),
}
"""What folders and arrays of a split are called, in lower case."""


def split_called(name: str) -> Split | None:
    """Return the split that is usually called so, in whatever case, if one is.

    >>> split_called("Training"), split_called("dev"), split_called("truck")
    ('train', 'validation', None)
    """
    return next((split for split in SPLITS if name.lower() in USUAL[split]), None)


def group_by_split(names: Iterable[str]) -> dict[Split, list[str]]:
    """Return the names that splits usually have, by split.

    >>> group_by_split(["val", "Train", "bus", "dev"])
    {'train': ['Train'], 'validation': ['val', 'dev']}
    """
    names = list(names)
    found = {split: [name for name in names if split_called(name) == split] for split in SPLITS}
    return {split: some for split, some in found.items() if some}
