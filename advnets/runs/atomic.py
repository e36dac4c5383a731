"""Replace a file's content so that a reader, or a crash, finds the old or the new one whole."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

from ..errors import RunError


def write_atomically(path: Path, text: str) -> None:
    """Write UTF-8 text to a temporary file beside ``path``, flush it to disk, rename it.

    Raises:
        RunError: If the disk is full or the folder cannot be written to; the old file stays.
    """
    temporary = None
    try:
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", dir=path.parent, prefix=f".{path.name}.", delete=False
        ) as file:
            temporary = file.name
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        mode = path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask()
        os.chmod(temporary, mode)
        os.replace(temporary, path)
        _sync_folder(path.parent)
    except OSError as error:
        if temporary is not None:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
        raise cannot_write(path, error) from error


def cannot_write(path: Path, error: OSError) -> RunError:
    """The error to raise when the system refuses to write ``path``."""
    return RunError(
        f"cannot write {path.name}: {error.strerror or error}",
        where=str(path.parent),
        hint="free some space, or choose another folder with --run-dir; the run can be resumed",
    )


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _sync_folder(folder: Path) -> None:
    """Make the rename itself durable, where the system offers that."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
