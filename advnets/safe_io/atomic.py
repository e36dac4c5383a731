"""Replace a file's content so that a reader, or a crash, finds the old or the new one whole."""

from __future__ import annotations

import contextlib
import errno
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from ..errors import RunError

REMEDIES = {
    errno.ENOSPC: "free some space",
    errno.EDQUOT: "free some space of your quota",
    errno.EACCES: "make it writable for you",
    errno.EPERM: "make it writable for you",
    errno.EROFS: "make its disk writable, which is read-only",
    errno.ENOTDIR: "move the file away that lies where a folder belongs",
    errno.EISDIR: "move the folder away that lies where a file belongs",
    errno.ENOENT: "put the folder back",
}
"""What to do about the reasons for which a system refuses to write."""


def write_atomically(path: Path, text: str) -> None:
    """Write UTF-8 text to a temporary file next to ``path``, flush it to disk, rename it.

    Half a character, as there may be in a command's words, is written as its escape.

    Raises:
        RunError: If the disk is full or the folder cannot be written to; the old file stays.
    """
    with replace_atomically(path) as file:
        file.write(text.encode("utf-8", "backslashreplace"))


@contextlib.contextmanager
def replace_atomically(path: Path) -> Iterator[BinaryIO]:
    """Open a temporary file next to ``path``, which replaces it once it is written.

    A link at ``path`` is replaced, not followed.

    Raises:
        RunError: As :func:`write_atomically` does.
    """
    temporary = None
    try:
        with tempfile.NamedTemporaryFile(
            "wb", dir=path.parent, prefix=f".{path.name[:100]}.", delete=False
        ) as file:
            temporary = file.name
            yield cast(BinaryIO, file)
            file.flush()
            os.fsync(file.fileno())
        mode = path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~_umask()
        os.chmod(temporary, mode)
        os.replace(temporary, path)
        with contextlib.suppress(OSError):  # not every system makes the rename itself durable
            flush(path.parent)
    except BaseException as error:
        if temporary is not None:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
        if isinstance(error, OSError):
            raise cannot_write(path, error) from error
        raise


def cannot_write(path: Path, error: OSError) -> RunError:
    """Return the error to raise when the system refuses to write ``path``, and what to do then.

    >>> cannot_write(Path("runs/ring"), PermissionError(errno.EACCES, "Permission denied")).hint
    'make it writable for you, or choose another place; a run that has begun can be resumed'
    """
    remedy = REMEDIES.get(error.errno or 0, "see to what lies there")
    return RunError(
        f"cannot write {path.name}: {error.strerror or error}",
        where=str(path.parent),
        hint=f"{remedy}, or choose another place; a run that has begun can be resumed",
    )


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def flush(path: Path) -> None:
    """Have the system write a file, or a folder's entries, to disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
