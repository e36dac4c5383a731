"""Let a checkpoint last while somebody reads it: what is held, nobody prunes."""

from __future__ import annotations

import contextlib
import os
import weakref
from collections.abc import Iterator
from pathlib import Path

try:
    import fcntl
except ImportError:  # Windows, where what is open cannot be removed anyway
    fcntl = None  # type: ignore[assignment]


class Hold:
    """Hold a folder, as long as anybody refers to this, or the process lives.

    It takes no writing: the lock is on the folder itself, and of its readers.

    Raises:
        FileNotFoundError: If it has gone, or is about to.
    """

    def __init__(self, folder: Path):
        descriptor = os.open(folder, os.O_RDONLY)
        self._letting_go = weakref.finalize(self, os.close, descriptor)
        if not _lock(descriptor, "LOCK_SH") or not os.path.samestat(
            os.fstat(descriptor), os.stat(folder)
        ):
            self._letting_go()
            raise FileNotFoundError(f"{folder} has just been removed")


@contextlib.contextmanager
def unless_held(folder: Path) -> Iterator[bool]:
    """Yield whether nobody holds a folder; until the end nobody can begin to."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        yield _lock(descriptor, "LOCK_EX")
    finally:
        os.close(descriptor)


def _lock(descriptor: int, kind: str) -> bool:
    """Lock it, unless others have locked it otherwise."""
    if fcntl is None:
        return True
    try:
        fcntl.flock(descriptor, getattr(fcntl, kind) | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks: readers look again instead
        return True
    return True
