"""Store arrays that take long to compute in files that are verified when they are read again."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import filelock
import numpy as np

from ...data.sources.npy_arrays import Archive
from ...errors import RunError
from ...safe_io import parse_json
from ...safe_io.atomic import replace_atomically

MOST_ABOUT = 2**20
"""Bytes of the description of the arrays."""
ABOUT = "about"
"""The member that describes the arrays."""

log = logging.getLogger(__name__)


class StoredArrays(NamedTuple):
    """Hold arrays and their description."""

    arrays: list[np.ndarray]
    about: dict[str, Any]


def load_or_compute(
    path: Path, compute: Callable[[], StoredArrays], shapes: Sequence[tuple[int, ...]]
) -> StoredArrays:
    """Load the arrays of a file, or compute them and write it if it holds nothing sound.

    One process computes; another that needs the same waits for it. A file whose content does
    not have the hash that it was written with, or whose arrays have other shapes, is written
    again; of the latter nothing is unpacked. Where nothing can be written or locked, the arrays
    are computed and not stored.

    Args:
        path: A file in a folder that need not exist.
        compute: Computes the arrays, of float32, and JSON values that describe them.
        shapes: The arrays'.

    Returns:
        The arrays, and their description, to which ``weights_sha256`` is added.
    """
    with _lock(path):
        found = _read(path, shapes)
        if found is None:
            arrays, about = compute()
            found = StoredArrays(arrays, about | {"weights_sha256": arrays_sha256(arrays)})
            _write(path, found)
    return found


def arrays_sha256(arrays: list[np.ndarray]) -> str:
    """Return a hash of arrays' types, shapes and bytes.

    >>> arrays_sha256([np.zeros(2)]) == arrays_sha256([np.zeros((2, 1))])
    False
    """
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.dtype.str} {array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


@contextlib.contextmanager
def _lock(path: Path) -> Iterator[None]:
    lock: contextlib.AbstractContextManager[Any] = contextlib.nullcontext()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(path.with_suffix(".lock"), thread_local=False)
        lock.acquire()  # type: ignore[attr-defined]
    except (OSError, NotImplementedError) as error:
        log.debug("%s cannot be locked: %s", path, error)
        lock = contextlib.nullcontext()
    try:
        yield
    finally:
        if isinstance(lock, filelock.BaseFileLock):
            lock.release()


def _read(path: Path, shapes: Sequence[tuple[int, ...]]) -> StoredArrays | None:
    if not path.exists():
        return None
    try:
        archive = Archive(path)
        _check_headers(archive, shapes)
        about = parse_json(archive.read(ABOUT).tobytes())
        arrays = [archive.read(f"array_{index}") for index in range(len(shapes))]
        if arrays_sha256(arrays) == about["weights_sha256"]:
            return StoredArrays(arrays, about)
        reason = "it has another hash than when it was written"
    except Exception as error:  # whatever a damaged archive makes its readers raise
        reason = str(error)
    log.warning("%s is computed again: %s", path, reason)
    return None


def _check_headers(archive: Archive, shapes: Sequence[tuple[int, ...]]) -> None:
    """Raise if an archive claims other arrays than are wanted, before one is unpacked."""
    headers = dict(archive.headers)
    about = headers.pop(ABOUT)
    if about.dtype != np.uint8 or about.bytes > MOST_ABOUT:
        raise ValueError(f"its {ABOUT} is no text of {MOST_ABOUT:,} bytes at most")
    wanted = {f"array_{index}": shape for index, shape in enumerate(shapes)}
    floats = all(header.dtype == np.float32 for header in headers.values())
    if not floats or {name: header.shape for name, header in headers.items()} != wanted:
        raise ValueError("its arrays are not those that are wanted")


def _write(path: Path, found: StoredArrays) -> None:
    members: Mapping[str, np.ndarray] = {
        f"array_{index}": array for index, array in enumerate(found.arrays)
    } | {ABOUT: np.frombuffer(json.dumps(found.about).encode(), np.uint8)}
    content = io.BytesIO()
    np.savez(content, **members)  # type: ignore[arg-type]
    try:
        with replace_atomically(path) as file:
            file.write(content.getvalue())
    except (OSError, RunError) as error:
        log.debug("%s is not stored: %s", path, error)
