"""Refuse a prepared TFDS data set whose description would have code imported."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ...errors import DataError
from ...safe_io import is_there, read_json
from ...safe_io.wording import shorten


def refuse_foreign_classes(folder: Path) -> None:
    """Refuse prepared data whose description has TFDS import a module that it names.

    TFDS imports whatever class ``features.json`` names; what is imported already, by a plugin
    that brings a feature of its own, is not imported again.
    """
    if not is_there(folder):
        return
    for path in (*folder.glob("*/features.json"), *folder.glob("*/*/features.json")):
        try:
            names = set(_class_names(read_json(path, 2**20)))
        except (OSError, ValueError) as error:
            raise DataError(f"{path} cannot be read: {error}") from error
        for name in names:
            module = name.rpartition(".")[0]
            if module.split(".")[0] != "tensorflow_datasets" and module not in sys.modules:
                raise DataError(
                    f"{path} names the Python class {shorten(name, 100)!r}",
                    hint="if you trust that data set, import its class in a plugin of yours",
                )


def _class_names(description: Any) -> Iterator[str]:
    """Yield the classes that a description of features names, in today's form and in older ones."""
    if isinstance(description, dict):
        for key, value in description.items():
            if key in ("pythonClassName", "python_class_name", "type") and isinstance(value, str):
                yield value
            yield from _class_names(value)
    elif isinstance(description, list):
        for item in description:
            yield from _class_names(item)
