"""Arrays that took long to compute, kept in a folder, verified when they are read again."""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import logging
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import filelock
import numpy as np

from ...errors import RunError
from ...runs.atomic import replaced
from ...untrusted import read_bytes
from ...untrusted.json_text import parse_json

MOST_BYTES = 2**30
ABOUT = "about"
"""The member that says what the arrays are."""

log = logging.getLogger("advnets.evaluate")


class Kept(NamedTuple):
    """Arrays, and what is known about them."""

    arrays: list[np.ndarray]
    about: dict[str, Any]


def kept(path: Path, compute: Callable[[], Kept]) -> Kept:
    """What a file holds, or what is computed and written there if it holds nothing sound.

    One process computes; another that wants the same waits for it. A file whose content does
    not have the hash that it was written with is made anew. Where nothing can be written, or
    locked, it is computed and not kept.

    Args:
        path: A file in a folder that need not exist.
        compute: What makes the arrays, and JSON values about them.

    Returns:
        The arrays, and what is known about them; ``about["weights_sha256"]`` is added.
    """
    with _alone(path):
        found = _read(path)
        if found is None:
            arrays, about = compute()
            found = Kept(arrays, about | {"weights_sha256": arrays_sha256(arrays)})
            _write(path, found)
    return found


def arrays_sha256(arrays: list[np.ndarray]) -> str:
    """A hash of arrays' types, shapes and bytes.

    >>> arrays_sha256([np.zeros(2)]) == arrays_sha256([np.zeros((2, 1))])
    False
    """
    digest = hashlib.sha256()
    for array in arrays:
        digest.update(f"{array.dtype.str} {array.shape}".encode())
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


@contextlib.contextmanager
def _alone(path: Path) -> Iterator[None]:
    lock: contextlib.AbstractContextManager[Any] = contextlib.nullcontext()
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(path.with_suffix(".lock"), thread_local=False)
        lock.acquire()  # type: ignore[attr-defined]
    except (OSError, NotImplementedError) as error:
        log.info("%s cannot be locked: %s", path, error)
        lock = contextlib.nullcontext()
    try:
        yield
    finally:
        if isinstance(lock, filelock.BaseFileLock):
            lock.release()


def _read(path: Path) -> Kept | None:
    if not path.exists():
        return None
    try:
        with np.load(io.BytesIO(read_bytes(path, MOST_BYTES)), allow_pickle=False) as archive:
            about = parse_json(archive[ABOUT].tobytes())
            arrays = [archive[f"array_{i}"] for i in range(len(archive.files) - 1)]
        if arrays_sha256(arrays) == about["weights_sha256"]:
            return Kept(arrays, about)
        reason = "it has another hash than when it was written"
    except Exception as error:  # whatever a damaged archive makes its readers raise
        reason = str(error)
    log.warning("%s is made anew: %s", path, reason)
    return None


def _write(path: Path, found: Kept) -> None:
    members: Mapping[str, np.ndarray] = {
        f"array_{index}": array for index, array in enumerate(found.arrays)
    } | {ABOUT: np.frombuffer(json.dumps(found.about).encode(), np.uint8)}
    content = io.BytesIO()
    np.savez(content, **members)  # type: ignore[arg-type]
    try:
        with replaced(path) as file:
            file.write(content.getvalue())
    except (OSError, RunError) as error:
        log.info("%s is not kept: %s", path, error)
