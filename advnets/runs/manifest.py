"""Keep in manifest.json what a run was, on what, and what became of it."""

from __future__ import annotations

import contextlib
import importlib.metadata
import json
import logging
import os
import platform
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import filelock

from .._version import __version__
from ..errors import RunError
from ..safe_io import read_json
from ..safe_io.atomic import cannot_write, write_atomically
from ..safe_io.jsonable import to_jsonable
from .entries import STATUSES, Entries
from .record import validate
from .recover import CARRIED, recover, run_of

log = logging.getLogger(__name__)

PATIENCE = 30.0
"""Seconds after which it is said for what a run waits."""
RUN = ("identity", "data with the fingerprint", "a first state with the hash")
"""What :func:`run_of` returns, in words."""
PACKAGES = ("tensorflow", "keras", "numpy")


class Manifest:
    """Read and write a run's manifest, at every use from and to its file.

    Args:
        path: The file; it need not exist yet. What it holds: :class:`Entries`.

    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     manifest = Manifest(Path(folder) / "manifest.json")
    ...     manifest.update(status="running", step=0)
    ...     manifest.update(step=10)
    ...     manifest["status"], manifest["step"]
    ('running', 10)
    """

    def __init__(self, path: Path):
        self.path = path
        self._kept: dict[str, Any] | None = None  # the content, once this object has written it

    @property
    def data(self) -> dict[str, Any]:
        """Its content; where it is gone or damaged, what this object wrote, or the checkpoints carry.

        Empty where nothing is known.

        Raises:
            RunError: If the file is no JSON object, or an entry that others rely on is not
                what it must be, and no checkpoint carries one.
        """
        return self._read()[0]

    @property
    def fault(self) -> str | None:
        """What is wrong with the file, where the content is the checkpoints' instead.

        Raises:
            RunError: As ``data`` does.
        """
        return self._read()[1]

    def _read(self) -> tuple[dict[str, Any], str | None]:
        found: dict[str, Any] = {}
        begun = True
        try:
            found = read_json(self.path)
            validate(Entries, found)
            if found.get("identity"):
                self._kept = self._kept and found
                return found, None
            fault, begun = "does not say whose it is", False
        except FileNotFoundError:
            fault, begun = "is gone", False
        except OSError as error:
            raise RunError(f"cannot read the manifest: {error}", where=str(self.path)) from error
        except ValueError as error:
            fault = f"is damaged: {error}"
        if self._kept and self._kept.get("identity"):
            return self._kept, fault
        try:
            carried = recover(self.path.parent)
            validate(Entries, carried or {})
        except ValueError as error:
            raise RunError(
                f"the manifest {fault}; and in its place {error}",
                where=str(self.path),
                hint="bring a copy of it back, or move the other run's checkpoints out of here",
            ) from error
        if carried is None and begun:
            raise RunError(
                f"the manifest {fault}",
                where=str(self.path),
                hint="bring a copy of it back; no checkpoint is here that carries one",
            )
        return (found, None) if carried is None else (carried, fault)

    def __getitem__(self, key: str) -> Any:
        return self.data[key]

    def get(self, key: str, default: Any = None) -> Any:
        """Return one entry, or ``default``."""
        return self.data.get(key, default)

    def update(self, **fields: Any) -> None:
        """Replace entries and write the file, whole or not at all.

        NumPy values, paths and tuples are written as plain JSON, numbers that are not
        finite as ``null``.
        """
        status = fields.get("status", STATUSES[0])
        if status not in STATUSES:
            raise ValueError(f"status {status!r} is not one of {STATUSES}")
        self.change(lambda _: fields)

    def change(self, work: Callable[[dict[str, Any]], Mapping[str, Any]]) -> None:
        """Replace entries by what ``work`` makes of those that there are.

        Between reading and writing nobody else writes: `advnets evaluate` may add scores to a
        run that adds its own.

        Args:
            work: Takes the content; returns the entries to replace.
        """
        self._rewrite(lambda data: {**data, **work(data)})

    def put_back(self, before: Mapping[str, Any]) -> None:
        """Write the entries that there were, and the scores that others have added since.

        Args:
            before: The content then.
        """
        if {**self.data, "updated": None} == {**before, "updated": None}:
            return

        def merge(data: dict[str, Any]) -> dict[str, Any]:
            known = before.get("scores") or []
            added = [score for score in data.get("scores") or [] if score not in known]
            return {**before, "scores": [*known, *added]} if added else dict(before)

        self._rewrite(merge)

    def _rewrite(self, work: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
        if not self.path.parent.is_dir():  # the lock would make it
            raise RunError(
                "the run's folder is gone",
                where=str(self.path.parent),
                hint="put it back, and the same command resumes from its checkpoints",
            )
        try:
            with self._lock():
                data, fault = self._read()
                if fault is not None:
                    self._set_aside(fault, data)
                content: dict[str, Any] = to_jsonable({**work(data), "updated": now()})
                text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)
                write_atomically(self.path, f"{text}\n")
                self._kept = content
        except OSError as error:
            raise cannot_write(self.path, error) from error

    def stranger(self, step: int, extras: Mapping[str, Any]) -> str | None:
        """Return why a checkpoint is not this run's; ``None`` if it is, or nobody can tell.

        Args:
            step: The checkpoint's.
            extras: What it keeps next to the variables.
        """
        theirs, ours = extras.get(CARRIED) or {}, self.data
        if not theirs or not ours:
            return None
        try:
            validate(Entries, theirs)
        except ValueError as error:
            return f"what it carries of the manifest is damaged: {error}"
        for what, one, other in zip(RUN, run_of(theirs), run_of(ours), strict=True):
            if one and other and one != other:
                return f"it is another run's: {what} {one[:12]}, not {other[:12]}"
        before, now = (
            [(each["from"], each["key"], each["new"]) for each in entries if each["from"] < step]
            for entries in (theirs.get("changes") or [], ours.get("changes") or [])
        )
        return "it is another run's, changed otherwise on the way" if before != now else None

    def bring_back(self, step: int, extras: Mapping[str, Any]) -> None:
        """Take entries that the manifest has lost from what the newest checkpoint carries.

        So a copy of the manifest that is older than its checkpoints forgets no rollback.

        Args:
            step: The checkpoint's.
            extras: What it keeps next to the variables.
        """
        ours, theirs = self.data, extras.get(CARRIED) or {}
        lost = {key: value for key, value in theirs.items() if key not in ours}
        known = ours.get("divergences") or []
        if any(entry not in known for entry in (theirs.get("divergences") or [])[-1:]):
            lost["divergences"] = theirs["divergences"]
        if lost:
            self.update(**lost)
            log.warning(
                "the manifest has lost %s; taken from the checkpoint of step %d, which carries it",
                *(", ".join(sorted(lost)), step),
            )

    @contextlib.contextmanager
    def _lock(self) -> Iterator[None]:
        """Lock the file; wait for whoever holds it, who may have been stopped, and say so."""
        lock = filelock.FileLock(self.path.parent / f".{self.path.name}.lock")
        try:
            lock.acquire(timeout=PATIENCE)
        except filelock.Timeout:
            log.warning(
                "%s: another process keeps it locked, and may be stopped; waiting for it to go on "
                "or to end",
                self.path,
            )
            lock.acquire()
        try:
            yield
        finally:
            lock.release()

    @property
    def aside(self) -> Path:
        """Where a damaged file is kept when another one is written in its place."""
        return self.path.with_name(f"{self.path.name}.damaged")

    def _set_aside(self, fault: str, data: Mapping[str, Any]) -> None:
        kept = ""
        if self.path.exists():
            os.replace(self.path, self.aside)
            kept = f"; what was there is {self.aside.name} now"
        source = f"the checkpoint of step {data.get('step')}" if self._kept is None else "memory"
        log.warning("the manifest %s. It is written anew from %s%s", fault, source, kept)


def now() -> str:
    """Return the time, ISO 8601 in UTC."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def versions() -> dict[str, str | None]:
    """Return the versions of Python and of what a run depends on, none of which it imports.

    >>> sorted(versions())
    ['advnets', 'keras', 'numpy', 'python', 'tensorflow']
    """
    found: dict[str, str | None] = {"python": platform.python_version(), "advnets": __version__}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            found[name] = None
    return found


def machine() -> dict[str, Any]:
    """Return the computer: system, processor, cores that this process may use, bytes of memory."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    try:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (ValueError, OSError, AttributeError):
        memory = None
    return {
        "system": f"{platform.system()} {platform.release()}",
        "machine": platform.machine(),
        "processor": _processor(),
        "cores": cores,
        "memory": memory,
    }


def _processor() -> str:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
