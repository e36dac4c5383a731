"""Know splits by the names that they usually have."""

from __future__ import annotations

import re
from collections.abc import Iterable

from .spec import SPLITS, Split

USUAL: dict[Split, tuple[str, ...]] = {
    "train": ("train", "training"),
    "validation": ("validation", "valid", "val", "dev", "eval", "evaluation"),
    "test": ("test", "testing", "holdout"),
}
"""What folders and arrays of a split are called, in lower case."""


_OF_A_DOMAIN = re.compile(
    "(" + "|".join(sorted(sum(USUAL.values(), ()), key=len, reverse=True)) + r")[-_. ]?(.+)", re.I
)


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


def find_domains(names: Iterable[str]) -> dict[str, list[str]]:
    """Return the names that splits of several domains have, by domain, in lower case.

    Where the same word follows those of two splits, or a single character that of one split
    twice; folders of classes are hardly called so.

    >>> find_domains(["trainA", "testA", "trainB", "train_photos", "bus"])
    {'a': ['trainA', 'testA'], 'b': ['trainB']}
    >>> find_domains(["train_photos", "test_photos", "train_freight", "trainee"])
    {'photos': ['train_photos', 'test_photos']}
    """
    found: dict[str, dict[str, Split]] = {}
    for name in names:
        match = _OF_A_DOMAIN.fullmatch(name)
        if match and split_called(name) is None and (split := split_called(match[1])):
            found.setdefault(match[2].lower(), {})[name] = split
    short = {word: of for word, of in found.items() if len(word) == 1}
    return {
        word: list(of)
        for word, of in found.items()
        if len(set(of.values())) > 1 or (word in short and len(short) > 1)
    }
