"""Describe in ``checkpoint.json`` what a committed checkpoint consists of, and verify it.

It lies below the checkpoints themselves, since the manifest is made anew from it.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, FailFast, Field

from ..recipe.starts import COMMITTED, INDEX
from ..safe_io import open_file, read_json
from ..safe_io.atomic import flush, write_atomically
from .record import Count, Few, Number, Numbers, at_most, validate

MOST_FILES = 10_000


def _in_the_folder(name: str) -> str:
    """Refuse a name with a folder in it: others' files would be read and their hashes shown."""
    if name in ("", ".", "..") or any(part in name for part in ("/", "\\", "\0")):
        raise ValueError("it is no file in the checkpoint's folder")
    return name


class File(BaseModel):
    """Describe a file of a checkpoint."""

    bytes: Count
    sha256: str


class Window(BaseModel, extra="forbid"):
    """Hold the open averages of a line that is logged later."""

    rounds: Count
    sums: Numbers
    seen: Numbers = {}


class Best(BaseModel, extra="forbid"):
    """Hold which checkpoint had the best score so far."""

    metric: str = ""
    mode: str = ""
    step: Count | None = None
    value: Number | None = None


class Ended(BaseModel):
    """Say which callback ended the run here, and which ones the recipe named."""

    by: str
    callbacks: list[Any]


class Extras(BaseModel):
    """Hold what the engine keeps next to the variables; others may stand there as well."""

    time: Numbers = {}
    window: Window = Window(rounds=0, sums={})
    best: Best | None = None
    manifest: dict[str, Any] = {}
    callbacks: dict[str, dict[str, dict[str, bool | int | float | str | None]]] = {}
    ended: Ended | None = None
    weights: Annotated[dict[str, Annotated[dict[str, str], Few]], Few] = {}


def _sound(extras: dict[str, Any]) -> dict[str, Any]:
    """Check the extras, and keep them as they were written."""
    validate(Extras, extras)
    return extras


class Index(BaseModel):
    """Say what a committed checkpoint consists of.

    >>> files = {"../../x": {"bytes": 1, "sha256": ""}}
    >>> validate(Index, {"files": files, "step": 1, "state_sha256": "", "variables": {},
    ...                 "extras": {}, "sha256": ""})
    Traceback (most recent call last):
    ...
    ValueError: files['../../x']: it is no file in the checkpoint's folder
    """

    step: Count = Field(description="the number of rounds played")
    state_sha256: str = Field(description="the hash of the state")
    variables: Annotated[dict[str, tuple[str, Annotated[list[Count], FailFast()]]], Few] = Field(
        description="the type and the shape of each, by name"
    )
    files: Annotated[
        dict[Annotated[str, AfterValidator(_in_the_folder)], File], at_most(MOST_FILES)
    ] = Field(min_length=1, description="size and SHA-256 of each, by name")
    extras: Annotated[dict[str, Any], AfterValidator(_sound)] = Field(
        description="what the engine keeps next to the variables"
    )
    sha256: str = Field(description="the hash of all the rest")


def write_index(folder: Path, index: Mapping[str, Any]) -> None:
    """Describe the files in ``folder`` in its index, and flush them, it, and the folder to disk.

    Args:
        folder: Holds the files; the index is added.
        index: What to say next to ``files`` (sizes and SHA-256) and ``sha256``, its own hash.
    """
    files = {path.name: describe(path).model_dump() for path in sorted(folder.iterdir())}
    content = {**index, "files": files}
    content["sha256"] = own_hash(content)
    (folder / INDEX).write_text(json.dumps(content, indent=1))
    for path in folder.iterdir():
        flush(path)
    flush(folder)


def write_extras(folder: Path, extras: Mapping[str, Any]) -> None:
    """Replace entries of a checkpoint's extras, all at once; its state stays as it is.

    Raises:
        RunError: If it cannot be written.
        ValueError, OSError: As :func:`read_index` does.
    """
    read_index(folder)
    content = read_json(folder / INDEX, finite=False)
    content["extras"] |= extras
    content["sha256"] = own_hash(content)
    write_atomically(folder / INDEX, json.dumps(content, indent=1))


def read_index(folder: Path) -> Index:
    """Return the index of a checkpoint.

    Raises:
        ValueError: If it is no longer what was written.
        OSError: If it cannot be read.
    """
    try:
        found = read_json(folder / INDEX, finite=False)  # its sums may be NaN
        index = validate(Index, found)
    except ValueError as error:
        raise ValueError(f"{INDEX}: {error}") from error
    if index.sha256 != own_hash(found):
        raise ValueError(f"{INDEX} is not what was written")
    return index


def fault_of(folder: Path, step: int) -> str | None:
    """Return what is wrong with a checkpoint's files, or ``None`` if they are what was written.

    Files that the index does not name are nobody's business.
    """
    try:
        index = read_index(folder)
        for name, described in index.files.items():
            path = folder / name
            if path.is_symlink():
                return f"{name} is a link"
            # The size first: a file is not read for longer than it should be.
            if path.stat().st_size != described.bytes or describe(path) != described:
                return f"{name} is not what was written"
        if index.step != step:
            return f"it holds step {index.step}"
    except ValueError as error:
        return str(error)
    except OSError as error:
        return f"{type(error).__name__}: {error}"
    return None


def describe(path: Path) -> File:
    """Return a file's size in bytes and its SHA-256."""
    with open_file(path) as file:
        digest = hashlib.file_digest(file, "sha256")
        return File(bytes=os.fstat(file.fileno()).st_size, sha256=digest.hexdigest())


def own_hash(index: Mapping[str, Any]) -> str:
    """Return the SHA-256 of an index without its ``sha256``."""
    rest = {key: value for key, value in index.items() if key != "sha256"}
    text = json.dumps(rest, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
