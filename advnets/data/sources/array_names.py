"""Know the arrays of an archive by the names that they usually have."""

from __future__ import annotations

import re
from collections.abc import Iterable

from ...errors import DataError
from ..spec import SPLITS, Split
from ..splits import split_called
from .array_types import LABELLED

EXAMPLES = ("x", "images", "image", "data", "features", "samples", "examples")
"""Words for examples in an array's name: ``x_train``, ``test_images``."""
UNNAMED = "arr_0"
"""What NumPy calls the first array that is saved without a name."""
LABELS = ("labels", "label", "y", "targets", "target")
"""Words for their classes."""


def find_examples(names: Iterable[str]) -> dict[Split, list[str]]:
    """Return the arrays that may hold the examples of each split, by their names.

    A split's own name comes before all others. One array of examples that names no split is
    the training split: ``images``, or NumPy's ``arr_0``.

    >>> find_examples(["x_train", "y_train", "x_test", "y_test"])
    {'train': ['x_train'], 'test': ['x_test']}
    >>> find_examples(["train", "train_images", "val"])
    {'train': ['train'], 'validation': ['val']}
    >>> find_examples(["images", "labels"])
    {'train': ['images']}
    """
    names = list(names)
    found: dict[Split, list[str]] = {}
    for name in names:
        words = [word for word in _words(name) if word.lower() not in EXAMPLES]
        split = split_called(words[0]) if len(words) == 1 else None
        if split is not None:
            found.setdefault(split, []).append(name)
    for split in SPLITS:
        if split in names:
            found[split] = [split]
    bare = [name for name in names if name.lower() in EXAMPLES or name == UNNAMED]
    if bare and "train" not in found:
        found["train"] = bare
    return found


def find_partner(names: Iterable[str], examples: str, words: Iterable[str]) -> list[str]:
    """Return the arrays that may hold something of each of these examples, by their names.

    Args:
        names: All arrays'.
        examples: The name of the examples'.
        words: What is looked for, in words.

    >>> find_partner(["x_train", "y_train"], "x_train", LABELS)
    ['y_train']
    >>> find_partner(["train", "train_labels", "train_y"], "train", LABELS)
    ['train_labels', 'train_y']
    """
    own = _words(examples)
    place = next((i for i, word in enumerate(own) if word.lower() in EXAMPLES), None)
    wanted = []
    for word in words:
        wanted.append([*own, word])
        if place is not None:
            wanted.append([*own[:place], word, *own[place + 1 :]])
    known = {tuple(word.lower() for word in _words(name)): name for name in names}
    keys = [tuple(word.lower() for word in each) for each in wanted]
    return list(dict.fromkeys(known[key] for key in keys if key in known))


def refuse_unnamed(path: str, names: Iterable[str], examples: str, field: str, key: str) -> None:
    """Refuse a field without an array, where it is one of another name or labels that were meant.

    Args:
        path: The archive.
        names: Its arrays'.
        examples: The name of the training examples'.
        field: The field's name.
        key: The array that it would be read from.

    Raises:
        DataError: With how it is read; not where nobody knows what was meant.
    """
    likely = find_partner(names, examples, LABELS)
    labels = field if field in likely else (likely[0] if field in LABELS and likely else None)
    message = f"{path} has no array {key!r}, which the field {field!r} would be read from"
    if labels is not None:
        hint = f"the classes of examples are no field: dataset.labels={labels}; {LABELLED}"
        raise DataError(message, hint=hint)
    if field in names:
        raise DataError(message, hint=f"store {field!r} under that name")


def in_split(name: str, examples: str) -> str:
    """Return the name that an array of the training split has in the split of other examples.

    >>> in_split("y_train", "x_test"), in_split("ids", "x_test")
    ('y_test', 'ids')
    """
    other = next((word for word in _words(examples) if split_called(word)), None)
    parts = re.split(r"([_.\-]+)", name)
    return "".join(other if other and split_called(part) == "train" else part for part in parts)


def _words(name: str) -> list[str]:
    return [word for word in re.split(r"[_.\-]+", name) if word]
