"""Let one process at a time write a run's folder."""

from __future__ import annotations

import contextlib
import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import filelock

from ..errors import RunError, UsageError
from ..safe_io import read_json
from ..safe_io.atomic import cannot_write, write_atomically
from .manifest import now

LOCK = ".lock"
HOLDER = ".lock.json"
MOMENT = 3.0
"""Seconds that somebody may hold the lock who adds a few lines after the run."""


class RunLock:
    """Lock a run's folder; the system releases the lock if the process dies.

    Args:
        folder: The run's folder; it is made if it does not exist.

    Attributes:
        left: Who held it last and died without letting go; empty if nobody did.

    Raises:
        UsageError: On entering, if another process holds it: which, where and since when.
        RunError: On entering, if the folder cannot be written to or cannot be locked.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder, RunLock(Path(folder)) as lock:
    ...     lock.holder()["pid"] == os.getpid()
    True
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self.left: dict[str, Any] = {}
        self._lock = filelock.FileLock(folder / LOCK, timeout=0, thread_local=False)

    def __enter__(self) -> RunLock:
        try:
            self._acquire()
        except filelock.Timeout:
            holder = self.holder()
            heir = "; it no longer runs, but something that it started still keeps the lock"
            raise UsageError(
                f"another process works in this folder: {describe(holder)}{heir * is_dead(holder)}",
                where=str(self.folder),
                hint="wait for it, stop it, or choose another folder with --run-dir",
            ) from None
        self.left = self.holder()
        try:
            me = {"host": socket.gethostname(), "pid": os.getpid(), "since": now()}
            write_atomically(self.folder / HOLDER, json.dumps(me))
        except BaseException:
            self._lock.release()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            (self.folder / HOLDER).unlink()
        self._lock.release()

    def _acquire(self) -> None:
        """Lock the folder; wait a moment for those who hold it for a moment, and leave no name."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            try:
                self._lock.acquire()
            except filelock.Timeout:
                holder = self.holder()
                if holder and not is_dead(holder):
                    raise
                self._lock.acquire(timeout=MOMENT)
        except filelock.Timeout:
            raise
        except NotImplementedError as error:
            raise RunError(
                "the file system does not support locks",
                where=str(self.folder),
                hint="choose a folder on a local disk with --run-dir",
            ) from error
        except OSError as error:
            raise cannot_write(self.folder / LOCK, error) from error

    @contextlib.contextmanager
    def if_free(self) -> Iterator[bool]:
        """Hold it for a moment where nobody does; what a dead holder has left stays as it is.

        Yields:
            Whether it is held by us.

        Raises:
            RunError: If the folder cannot be locked.
        """
        try:
            self._acquire()
        except filelock.Timeout:
            yield False
            return
        try:
            yield True
        finally:
            self._lock.release()

    def holder(self) -> dict[str, Any]:
        """Tell who holds it, or held it last when it died: host, pid, since; empty if unknown."""
        try:
            found = read_json(self.folder / HOLDER, 2**16)
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}


def describe(holder: dict[str, Any]) -> str:
    """Return a holder in words.

    >>> describe({"host": "ada", "pid": 7, "since": "2026-01-01T00:00:00+00:00"})
    'process 7 on ada, since 2026-01-01T00:00:00+00:00'
    """
    if not holder:
        return "it has left no name"
    return f"process {holder.get('pid')} on {holder.get('host')}, since {holder.get('since')}"


def is_dead(holder: dict[str, Any]) -> bool:
    """Tell whether a holder was a process of this machine that is no more; ``False`` if unknown.

    >>> is_dead({"host": socket.gethostname(), "pid": os.getpid()}), is_dead({"host": "ada"})
    (False, False)
    """
    pid = holder.get("pid")
    if holder.get("host") != socket.gethostname() or type(pid) is not int or pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except OSError as error:
        return isinstance(error, ProcessLookupError)
    except OverflowError:
        return True
    return False


def stale(left: dict[str, Any]) -> str:
    """Return what to say of a lock that its holder died with.

    >>> stale({"host": "elsewhere", "pid": 7, "since": "noon"})[:54]
    'process 7 on elsewhere, since noon, has not let go of '
    """
    text = f"{describe(left)}, has not let go of this folder: "
    if left.get("host") == socket.gethostname():
        return text + "it was killed, or the machine was; resuming from the newest checkpoint"
    return text + (
        "it was killed, or it still runs on that machine and its lock cannot be seen from here; "
        "make sure that it does not"
    )
