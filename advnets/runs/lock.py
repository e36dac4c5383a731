"""Let one process at a time write a run's folder."""

from __future__ import annotations

import contextlib
import json
import logging
import os
import re
import socket
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import filelock

from ..errors import RunError, UsageError
from ..safe_io import read_json
from ..safe_io.atomic import cannot_write, write_atomically
from .manifest import now

log = logging.getLogger(__name__)

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
        self._file: tuple[int, int] | None = None

    def __enter__(self) -> RunLock:
        try:
            self._acquire()
        except filelock.Timeout:
            raise self._taken() from None
        self.left = self.holder()
        try:
            if is_alive(self.left):  # the file of its lock was removed
                raise self._taken()
            self._sign()
        except BaseException:
            self._lock.release()
            raise
        return self

    def keep(self) -> None:
        """Hold the lock anew where somebody removed its file, which locks nothing then.

        Raises:
            UsageError: If another process took it since.
            RunError: If it cannot be written.
        """
        if self._file == _identify(self.folder / LOCK) or not self.folder.is_dir():
            return
        log.warning("%s was removed while the run played: locked anew", self.folder / LOCK)
        self._lock.release()
        try:
            self._acquire()
        except filelock.Timeout:
            raise self._taken() from None
        self._sign()

    @property
    def held(self) -> bool:
        """Whether it is held, as far as :meth:`keep` has looked."""
        return bool(self._lock.is_locked)

    def _sign(self) -> None:
        """Leave our name, and remember which file is locked."""
        me = {"host": socket.gethostname(), "pid": os.getpid(), "since": now()}
        write_atomically(self.folder / HOLDER, json.dumps(me))
        self._file = _identify(self.folder / LOCK)

    def _taken(self) -> UsageError:
        holder = self.holder()
        heir = "; it no longer runs, but something that it started still keeps the lock"
        return UsageError(
            f"another process works in this folder: {describe(holder)}{heir * is_dead(holder)}",
            where=str(self.folder),
            hint="wait for it, stop it, or choose another folder with --run-dir",
        )

    def __exit__(self, *_: object) -> None:
        if self.held:  # else it is another process's by now
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
            yield not is_alive(self.holder())
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


def is_alive(holder: dict[str, Any]) -> bool:
    """Tell whether a holder is another process of this machine that still runs.

    One that began after the holder left its name only has its number. ``False`` if unknown.

    >>> is_alive({"host": socket.gethostname(), "pid": os.getpid()}), is_alive({"host": "ada"})
    (False, False)
    """
    pid = holder.get("pid")
    if holder.get("host") != socket.gethostname() or type(pid) is not int or pid == os.getpid():
        return False
    try:
        since = datetime.fromisoformat(str(holder.get("since"))).timestamp()
        began = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        booted = re.search(r"^btime (\d+)$", Path("/proc/stat").read_text(), re.MULTILINE)
        ticks = int(began[19]) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError, IndexError):  # it is no more, or this is not Linux
        return False
    return booted is not None and began[0] != "Z" and int(booted[1]) + ticks <= since + 2


def _identify(path: Path) -> tuple[int, int] | None:
    """Return by what a file is known whatever its name; ``None`` if there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_dev, found.st_ino


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
