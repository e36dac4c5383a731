"""A folder of committed checkpoints.

A checkpoint is written into a folder of its own beside the others, every file and the
folder flushed to disk, together with ``checkpoint.json`` (sizes and SHA-256 of the files,
the variables' names, the state's hash); one atomic rename commits it. Order is by step,
never by time. A checkpoint that does not verify is moved aside and the one before is used.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tensorflow as tf

from ..errors import RunError
from .state import state_sha256

INDEX = "checkpoint.json"
COMMITTED = re.compile(r"step-(\d{8,})")
WRITING = ".writing-"
QUARANTINED = "quarantined-"


@dataclass(frozen=True)
class Commit:
    """A committed checkpoint.

    Attributes:
        step: The number of rounds played.
        path: Its folder.
        state_sha256: The hash of its state.
        extras: What the engine keeps beside the variables (time spent, open averages).
    """

    step: int
    path: Path
    state_sha256: str
    extras: Mapping[str, Any]


class CheckpointStore:
    """The committed checkpoints of one run.

    Args:
        folder: Where they lie; made on first commit.
        keep: How many of the newest to keep.

    Attributes:
        faults: What :meth:`newest` found wrong with checkpoints, by step.
    """

    def __init__(self, folder: Path, keep: int = 3):
        self.folder = Path(folder)
        self.keep = keep
        self.faults: dict[int, str] = {}

    def steps(self) -> list[int]:
        """The steps with a committed checkpoint, oldest first."""
        if not self.folder.is_dir():
            return []
        found = (COMMITTED.fullmatch(entry.name) for entry in self.folder.iterdir())
        return sorted(int(match[1]) for match in found if match)

    def commit(
        self, step: int, state: Mapping[str, tf.Variable], extras: Mapping[str, Any]
    ) -> Commit:
        """Write the state, flush it to disk, commit it by one rename, and prune.

        Args:
            step: The number of rounds played.
            state: Variables by name (:func:`advnets.checkpoint.state_variables`).
            extras: JSON-able values to keep beside them.

        Raises:
            RunError: If it cannot be written; earlier checkpoints are untouched.
        """
        target = self._path(step)
        draft = self.folder / f"{WRITING}{target.name}"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            shutil.rmtree(draft, ignore_errors=True)
            draft.mkdir()
            tf.train.Checkpoint(state=dict(state)).write(str(draft / "state"))
            index: dict[str, Any] = {
                "step": step,
                "state_sha256": state_sha256(state),
                "variables": {n: [v.dtype.name, v.shape.as_list()] for n, v in state.items()},
                "files": {p.name: _describe(p) for p in sorted(draft.iterdir())},
                "extras": dict(extras),
            }
            (draft / INDEX).write_text(json.dumps(index, indent=1))
            for path in draft.iterdir():
                _flush(path)
            _flush(draft)
            if target.exists():
                shutil.rmtree(target)
            os.replace(draft, target)
            _flush(self.folder)
        except (OSError, tf.errors.OpError) as error:
            shutil.rmtree(draft, ignore_errors=True)
            raise RunError(
                f"the checkpoint of step {step} could not be written: {error}",
                where=str(self.folder),
                hint="make room or repair the folder, then run the same command again; "
                "earlier checkpoints are untouched",
            ) from error
        self._prune()
        return Commit(step, target, index["state_sha256"], index["extras"])

    def newest(self, quarantine: bool = False) -> Commit | None:
        """The newest checkpoint that verifies.

        Args:
            quarantine: Whether newer ones that do not verify are moved aside; for whoever
                goes on from here. Nothing is moved if no checkpoint is sound.
        """
        self.faults = {}
        for step in reversed(self.steps()):
            fault = self.fault(step)
            if fault is None:
                if quarantine:
                    for damaged in self.faults:
                        self._quarantine(damaged)
                index = json.loads((self._path(step) / INDEX).read_text())
                return Commit(step, self._path(step), index["state_sha256"], index["extras"])
            self.faults[step] = fault
        return None

    def described_faults(self) -> str:
        """What is wrong with which checkpoint, in one line."""
        return "; ".join(f"step {step}: {fault}" for step, fault in self.faults.items())

    def fault(self, step: int) -> str | None:
        """What is wrong with the files of a checkpoint, or ``None`` if they verify."""
        path = self._path(step)
        try:
            index = json.loads((path / INDEX).read_text())
            for name, described in index["files"].items():
                if _describe(path / name) != described:
                    return f"{name} is not what was written"
            if index["step"] != step:
                return f"it holds step {index['step']}"
            index["state_sha256"], index["extras"], index["variables"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            return f"{type(error).__name__}: {error}"
        return None

    def restore(self, commit: Commit, state: Mapping[str, tf.Variable]) -> None:
        """Read a checkpoint into the variables, all of them and nothing else.

        Raises:
            RunError: If the names, dtypes or shapes differ, or the state read back
                does not have the hash that was committed.
        """
        saved = json.loads((commit.path / INDEX).read_text())["variables"]
        wanted = {n: [v.dtype.name, v.shape.as_list()] for n, v in state.items()}
        if saved != wanted:
            differing = sorted(
                name for name in saved.keys() | wanted.keys() if saved.get(name) != wanted.get(name)
            )
            raise RunError(
                f"the checkpoint does not fit this game; {len(differing)} variables differ, "
                f"such as {', '.join(differing[:3])}",
                where=str(commit.path),
                hint="was a plugin or advnets changed since? start in another --run-dir",
            )
        reader = tf.train.Checkpoint(state=dict(state))
        reader.read(str(commit.path / "state")).assert_consumed()
        if state_sha256(state) != commit.state_sha256:
            raise RunError("the state read back is not the one committed", where=str(commit.path))

    def _path(self, step: int) -> Path:
        return self.folder / f"step-{step:08d}"

    def _quarantine(self, step: int) -> None:
        source = self._path(step)
        target = source.with_name(QUARANTINED + source.name)
        shutil.rmtree(target, ignore_errors=True)
        os.replace(source, target)

    def _prune(self) -> None:
        for step in self.steps()[: -self.keep]:
            shutil.rmtree(self._path(step), ignore_errors=True)


def _describe(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        return {
            "bytes": path.stat().st_size,
            "sha256": hashlib.file_digest(file, "sha256").hexdigest(),
        }


def _flush(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
