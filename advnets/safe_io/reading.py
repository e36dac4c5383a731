"""Open only what is a file, and read only so much of it.

A named pipe that lies where a file is expected keeps its reader waiting for ever, a device
may never end, and a file's size is what its author wants it to be.
"""

from __future__ import annotations

import errno
import io
import os
import stat
from pathlib import Path


class NotAFile(OSError):
    """A pipe, a socket or a device lies where a file is expected."""


class TooLarge(ValueError):
    """A file has more bytes than anything honest of its kind."""


def is_there(path: str | os.PathLike[str]) -> bool:
    """Whether anything lies at ``path``; a path that no system can have is none.

    >>> is_there("a\\0b"), is_there("a" * 10_000)
    (False, False)
    """
    try:
        return os.path.exists(path)
    except (OSError, ValueError):
        return False


def open_file(path: str | os.PathLike[str]) -> io.BufferedReader:
    """Open a regular file for reading; never wait for one that is none.

    Raises:
        NotAFile: If it is something else.
        OSError: If it cannot be opened.
    """
    try:
        mode = os.stat(path).st_mode
    except ValueError as error:  # an embedded NUL
        raise FileNotFoundError(errno.ENOENT, "no such file", repr(path)) from error
    if not stat.S_ISREG(mode):
        raise NotAFile(errno.EINVAL, f"is {_kind(mode)}, not a file", os.fspath(path))
    # It may have been exchanged since: without O_NONBLOCK, opening a pipe would wait.
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    file = os.fdopen(descriptor, "rb")
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        file.close()
        raise NotAFile(errno.EINVAL, "is not a file", os.fspath(path))
    return file


def read_bytes(path: str | os.PathLike[str], most: int) -> bytes:
    """A file's content.

    Args:
        path: A regular file.
        most: The bytes it may have.

    Raises:
        TooLarge: If it has more; no more are read.
        OSError: If it cannot be read, or is no file.
    """
    with open_file(path) as file:
        content = file.read(most + 1)
        if len(content) > most:
            size = max(os.fstat(file.fileno()).st_size, most + 1)
            raise TooLarge(f"it has {size:,} bytes; {most:,} are the most that are read")
    return content


def _kind(mode: int) -> str:
    kinds = {
        "a folder": stat.S_ISDIR,
        "a named pipe": stat.S_ISFIFO,
        "a socket": stat.S_ISSOCK,
        "a device": lambda mode: stat.S_ISCHR(mode) or stat.S_ISBLK(mode),
    }
    return next((name for name, test in kinds.items() if test(mode)), "something else")


def as_path(text: str | os.PathLike[str]) -> Path:
    """A path with ``~`` replaced, where there is such a user; left as it is otherwise."""
    try:
        return Path(text).expanduser()
    except RuntimeError:
        return Path(text)
