"""Play one run of a trial in a process of its own."""

from __future__ import annotations

import contextlib
import math
import os
import signal
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import filelock

from ..compare import choose_score
from ..distribute.launcher import THREADS, end_with_parent, worker_command
from ..distribute.signals import SIGNALS
from ..errors import Interrupted, RunError
from ..runs import RunFolder
from ..runs.lock import LOCK
from ..safe_io.last_lines import last_lines, size_of
from .space import encode

LAST_LINES = 3
PATIENCE = 120.0
"""Seconds that a process has to finish its round after a signal to end."""


class RunProcess:
    """Play or resume one run with `advnets run`, once no other process plays it any more.

    Args:
        recipe: The recipe's file.
        overrides: What the run changes in it.
        folder: The run's folder.
        log: Its output is appended to this file.
        plugins: Words for ``--plugin``.
        threads: How many threads it may use, unless the environment sets it.

    Raises:
        Interrupted: If another process still plays it after two minutes.
        RunError: If it cannot be started.
    """

    def __init__(
        self,
        recipe: Path,
        overrides: Mapping[str, Any],
        folder: RunFolder,
        log: Path,
        plugins: Sequence[str] = (),
        threads: int | None = None,
    ):
        words = ["run", *(word for name in plugins for word in ("--plugin", name))]
        changes = [f"{key}={encode(value)}" for key, value in overrides.items()]
        words += ["--run-dir", str(folder.path), "--", str(recipe), *changes]
        self.folder, self.log = folder, log
        self._manifest_seen: tuple[int, int] | None = None
        self._await_predecessor()
        self._since = size_of(log)
        try:
            with log.open("ab") as output:
                self._process = subprocess.Popen(
                    worker_command(words),
                    env=(dict.fromkeys(THREADS, str(threads)) if threads else {}) | os.environ,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,  # so that Ctrl-C reaches it through us, once
                    preexec_fn=end_with_parent,
                )
        except OSError as error:
            raise RunError(f"a run cannot be started: {error}", where=str(log)) from error

    def _await_predecessor(self) -> None:
        """Wait for a run that a killed sweep has left, and that ends by itself after its round."""
        if not self.folder.path.is_dir():
            return
        try:
            with filelock.FileLock(self.folder.path / LOCK, timeout=PATIENCE):
                return
        except filelock.Timeout as error:
            raise Interrupted(
                "a process of an earlier session still plays this run",
                where=str(self.folder.path),
                hint="end it, and run the same command again",
            ) from error

    @property
    def code(self) -> int | None:
        """Its exit code; ``None`` while it runs."""
        return self._process.poll()

    def stop(self) -> None:
        """Signal it to commit its state and end."""
        self._process.terminate()

    def kill(self) -> None:
        """End it at once, and wait for that."""
        self._process.kill()
        self._process.wait()

    def wait(self) -> None:
        """Wait for its end."""
        self._process.wait()

    def has_news(self) -> bool:
        """Tell whether its manifest was written since the last call."""
        with contextlib.suppress(OSError):
            stat = self.folder.manifest_file.stat()
            before, self._manifest_seen = self._manifest_seen, (stat.st_mtime_ns, stat.st_ino)
            return before != self._manifest_seen
        return False

    def describe_failure(self) -> str:
        """Describe its failure in a line: its error, or the end of what it said."""
        code = self.code or 0
        how = f"ended by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        lines = [line.strip() for line in last_lines(self.log, self._since)]
        errors = [number for number, line in enumerate(lines) if line.startswith("error:")]
        last = lines[errors[-1] :][:LAST_LINES] if errors else lines[-LAST_LINES:]
        return " / ".join([how, *last])


STOPPED = (Interrupted.exit_code, 130, *(-number for number in SIGNALS))
"""Exit codes of a run that was signalled to stop."""


def read_scores(folder: RunFolder, metric: str, seed: int) -> dict[int, Mapping[str, Any]]:
    """Read the scores of a metric in a run's manifest, by step; of several, the one that counts.

    Raises:
        UsageError: If the metric was measured in several ways.
    """
    found: dict[int, list[dict[str, Any]]] = {}
    for score in folder.manifest.data.get("scores") or []:
        step = (score.get("protocol") or {}).get("step")
        if score["metric"] == metric and step is not None:
            found.setdefault(step, []).append(score)
    return {step: choose_score(found[step], seed, str(folder.path)) for step in sorted(found)}


def finite_value(score: Mapping[str, Any]) -> float | None:
    """Return a score's value; ``None`` if it is not finite."""
    value = score.get("value")
    return float(value) if value is not None and math.isfinite(value) else None


def is_finished(folder: RunFolder, steps: int) -> bool:
    """Tell whether a run has been played to its end, or to where a callback ended it."""
    manifest = folder.manifest.data
    ended = manifest.get("step") == steps or manifest.get("ended_by") is not None
    return manifest.get("status") == "finished" and ended
