"""``checkpoint.json``: what a committed checkpoint consists of, and whether it is still that."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..safe_io import open_file, read_json
from .index_shape import shape_fault

INDEX = "checkpoint.json"
FIRST_FORM = {"step", "state_sha256", "variables", "files", "extras"}
"""The keys of indices that were written before they carried a hash of themselves."""


def write_index(folder: Path, index: Mapping[str, Any]) -> None:
    """Describe the files in ``folder`` in its index, and flush them, it, and the folder to disk.

    Args:
        folder: Holds the files; the index is added.
        index: What to say beside ``files`` (sizes and SHA-256) and ``sha256``, its own hash.
    """
    files = {path.name: describe(path) for path in sorted(folder.iterdir())}
    content = {**index, "files": files}
    content["sha256"] = _own_hash(content)
    (folder / INDEX).write_text(json.dumps(content, indent=1))
    for path in folder.iterdir():
        flush(path)
    flush(folder)


def read_index(folder: Path) -> dict[str, Any]:
    """Return the index of a checkpoint.

    Raises:
        ValueError: If it is no longer what was written.
        OSError: If it cannot be read.
    """
    try:
        index = read_json(folder / INDEX, finite=False)  # its sums may be NaN
    except ValueError as error:
        raise ValueError(f"{INDEX}: {error}") from error
    if not isinstance(index, dict):
        raise ValueError(f"{INDEX} holds no object")
    wrong = shape_fault(index)
    if wrong:
        raise ValueError(f"{INDEX}: {wrong}")
    if set(index) != FIRST_FORM and index.get("sha256") != _own_hash(index):
        raise ValueError(f"{INDEX} is not what was written")
    return index


def fault_of(folder: Path, step: int) -> str | None:
    """Return what is wrong with a checkpoint's files, or ``None`` if they are what was written.

    Files that the index does not name are nobody's business.
    """
    try:
        index = read_index(folder)
        for name, described in index["files"].items():
            path = folder / name
            if path.is_symlink():
                return f"{name} is a link"
            # The size first: a file is not read for longer than it should be.
            if path.stat().st_size != described["bytes"] or describe(path) != described:
                return f"{name} is not what was written"
        if index["step"] != step:
            return f"it holds step {index['step']}"
    except ValueError as error:
        return str(error)
    except OSError as error:
        return f"{type(error).__name__}: {error}"
    return None


def describe(path: Path) -> dict[str, Any]:
    """Return a file's size in bytes and its SHA-256."""
    with open_file(path) as file:
        return {
            "bytes": os.fstat(file.fileno()).st_size,
            "sha256": hashlib.file_digest(file, "sha256").hexdigest(),
        }


def flush(path: Path) -> None:
    """Have the system write a file, or a folder's entries, to disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _own_hash(index: Mapping[str, Any]) -> str:
    rest = {key: value for key, value in index.items() if key != "sha256"}
    text = json.dumps(rest, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
