"""Replace a file's content so that a reader, or a crash, finds the old or the new one whole."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, cast

from ..errors import AdvnetsError, RunError

FULL = (errno.ENOSPC, errno.EDQUOT)
REFUSED = (*FULL, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO)
"""What a system says of a place that takes no file, or no more."""

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
        if refusal := find_refusal(error):
            raise cannot_write(path, refusal) from error
        raise


@contextlib.contextmanager
def replace_whole(path: Path) -> Iterator[Path]:
    """Give a path next to ``path`` to write a file or a folder at, which then takes its place.

    For what libraries write by a name of their own; else nothing is left of it. It ends as
    ``path`` does. A link at ``path`` is replaced, not followed; a folder by a folder only.

    Raises:
        RunError: If the disk is full or the folder cannot be written to, however a library says
            so; what was there stays.
    """
    draft, aside = (path.with_name(f".{what}-{path.name}") for what in ("writing", "replaced"))
    try:
        remove(draft)
        yield draft
        if draft.is_dir() and path.is_dir() and not path.is_symlink():  # no rename replaces it
            remove(aside)
            os.replace(path, aside)
        os.replace(draft, path)
        remove(aside)
    except Exception as error:
        if refusal := find_refusal(error):
            raise cannot_write(path, refusal) from error
        raise
    finally:
        with contextlib.suppress(OSError):
            remove(draft)


def remove(path: Path) -> None:
    """Remove a file, a folder or a link (but not what it leads to), if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def find_refusal(error: BaseException) -> OSError | None:
    """Return why the system refused to write, of an error that says so; else ``None``.

    Libraries pack it into errors of their own, or raise another one while they clean up.

    >>> find_refusal(RuntimeError("x.index: No space left on device; while saving"))
    OSError(28, 'No space left on device')
    >>> find_refusal(ValueError("no such layer"))
    """
    if isinstance(error, OSError) and error.strerror:
        return error
    if isinstance(error, AdvnetsError) or not isinstance(error, Exception):
        return None  # which says what it has to
    try:
        text = str(error)
    except Exception:  # a stranger's may have no words
        text = ""
    for number in REFUSED:
        if os.strerror(number) in text:
            return OSError(number, os.strerror(number))
    before = error.__cause__ or error.__context__
    found = find_refusal(before) if before is not None else None
    if found is not None and found.errno in REFUSED:
        return found
    return error if isinstance(error, OSError) else None


def cannot_write(path: Path, error: OSError) -> RunError:
    """Return the error to raise when the system refuses to write ``path``, and what to do then.

    >>> refused = cannot_write(Path("ring"), PermissionError(errno.EACCES, "Permission denied"))
    >>> print(refused.hint)
    make it writable for you, or choose another place (--run-dir, --out); a run can be resumed
    """
    remedy = REMEDIES.get(error.errno or 0, "see to what lies there")
    return RunError(
        f"cannot write {path.name}: {error.strerror or error}",
        where=str(path.parent),
        hint=f"{remedy}, or choose another place (--run-dir, --out); a run can be resumed",
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
