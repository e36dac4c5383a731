"""A folder of committed checkpoints.

A checkpoint is written into a folder of its own beside the others, every file and the
folder flushed to disk, together with ``checkpoint.json`` (sizes and SHA-256 of the files,
the variables' names, the state's hash); one atomic rename commits it. Order is by step,
never by time. A checkpoint that does not verify is moved aside and the one before is used.

What a crash leaves under the names that begin with a dot is cleared by whoever goes on.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import tensorflow as tf

from ..errors import RunError
from ..plugins.tracebacks import describe_error
from ..runs import RunFolder
from ..runs.index import COMMITTED, fault_of, read_index, write_extras, write_index
from ..safe_io.atomic import flush
from ..safe_io.wording import shorten
from .hashing import state_sha256
from .holding import Hold, unless_held
from .plain_path import plain_path

WRITING = ".writing-"
REPLACED = ".replaced-"
REMOVING = ".removing-"
MOMENTS = 100
"""How often a reader looks again whose checkpoint was pruned while it opened it."""
QUARANTINED = "quarantined-"


@dataclass(frozen=True)
class Commit:
    """A committed checkpoint.

    Attributes:
        step: The number of rounds played.
        path: Its folder.
        state_sha256: The hash of its state.
        extras: What the engine keeps beside the variables (time spent, open averages, which
            checkpoint was the best so far), and the run's manifest as of then.
        hold: What keeps it from being pruned, for a reader of a run that may be playing.
    """

    step: int
    path: Path
    state_sha256: str
    extras: Mapping[str, Any]
    hold: Hold | None = field(default=None, compare=False, repr=False)


class CheckpointStore:
    """The committed checkpoints of one run.

    Args:
        folder: Where they lie; made on first commit.
        keep: How many of the newest to keep.
        stranger: Returns why a checkpoint, by its step and its extras, is not of this run, or
            ``None``; one that isn't is as good as a damaged one.

    Attributes:
        spared: The steps of checkpoints to keep however old they get.
        faults: What :meth:`newest` found wrong with checkpoints, by step.
    """

    def __init__(
        self,
        folder: Path,
        keep: int = 3,
        stranger: Callable[[int, Mapping[str, Any]], str | None] = lambda step, extras: None,
    ):
        self.folder = Path(folder)
        self.keep = keep
        self._stranger = stranger
        self.spared: set[int] = set()
        self.faults: dict[int, str] = {}

    @classmethod
    def of(cls, run: RunFolder, keep: int = 3) -> CheckpointStore:
        """Return those of a run, which knows its own from others'."""
        return cls(run.checkpoints, keep, run.manifest.stranger)

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
            state: Variables by name (:func:`advnets.game.state.state_variables`), or a
                :func:`advnets.checkpoint.snapshot` of them.
            extras: JSON-able values to keep beside them.

        Raises:
            RunError: If it cannot be written; earlier checkpoints are untouched.
        """
        target = self.path(step)
        draft = self._aside(WRITING, target)
        index: dict[str, Any] = {
            "step": step,
            "state_sha256": state_sha256(state),
            "variables": _signature(state),
            "extras": dict(extras),
        }
        try:
            self._make_folder()
            shutil.rmtree(draft, ignore_errors=True)
            draft.mkdir()
            with plain_path(draft) as path:
                tf.train.Checkpoint(state=dict(state)).write(str(path / "state"))
            write_index(draft, index)
            self._put_in_place(draft, target)
        except (OSError, tf.errors.OpError) as error:
            shutil.rmtree(draft, ignore_errors=True)
            raise RunError(
                f"the checkpoint of step {step} could not be written: {describe_error(error)}",
                where=str(self.folder),
                hint="make room or repair the folder, then run the same command again; "
                "earlier checkpoints are untouched",
            ) from error
        self._prune()
        return Commit(step, target, index["state_sha256"], index["extras"])

    def newest(self, quarantine: bool = False, *, hold: bool = False) -> Commit | None:
        """The newest checkpoint that verifies.

        Args:
            quarantine: Whether to tidy up: newer ones that do not verify are moved aside,
                and what a crash left half done is undone. For whoever goes on from here.
                No checkpoint is moved if none is sound.
            hold: Whether to keep it from being pruned as long as the commit is referred to. For
                whoever reads a run that another process may be playing.
        """
        if quarantine:
            self._tidy()
        for _ in range(MOMENTS if hold else 1):
            with contextlib.suppress(FileNotFoundError):
                found = self._newest(hold)
                if found is not None and quarantine:
                    for damaged in self.faults:
                        self._quarantine(damaged)
                return found
        return None

    def _newest(self, hold: bool) -> Commit | None:
        self.faults = {}
        for step in reversed(self.steps()):
            held = Hold(self.path(step)) if hold and not self.path(step).is_file() else None
            fault = self.fault(step)
            if fault is None:
                return self._read(step, held)
            self.faults[step] = fault
        return None

    def read(self, step: int, *, hold: bool = False) -> Commit:
        """What a checkpoint says of itself.

        Args:
            step: The checkpoint's.
            hold: As for :meth:`newest`.

        Raises:
            RunError: If there is none of that step, or it does not verify.
        """
        held = None
        if hold:
            with contextlib.suppress(OSError):
                held = Hold(self.path(step))
        fault = self.fault(step)
        if fault is not None:
            kept = ", ".join(map(str, self.steps())) or "none"
            there = self.path(step).is_dir()
            raise RunError(
                f"the checkpoint of step {step} cannot be used: {fault}"
                if there
                else f"there is no checkpoint of step {step}",
                where=str(self.folder),
                hint=f"checkpoints are kept of these steps: {kept}",
            )
        return self._read(step, held)

    def _read(self, step: int, hold: Hold | None) -> Commit:
        index = read_index(self.path(step))
        return Commit(step, self.path(step), index.state_sha256, index.extras, hold)

    def note(self, step: int, extras: Mapping[str, Any]) -> None:
        """Replace entries of what is kept next to a checkpoint's variables.

        Raises:
            RunError: If it cannot be written, or the checkpoint is damaged.
        """
        try:
            write_extras(self.path(step), extras)
        except (OSError, ValueError) as error:
            message = f"the checkpoint of step {step} cannot be added to: {error}"
            raise RunError(message, where=str(self.folder)) from error

    def described_faults(self) -> str:
        """What is wrong with which checkpoint, in one line."""
        return "; ".join(f"step {step}: {fault}" for step, fault in self.faults.items())

    def fault(self, step: int) -> str | None:
        """What is wrong with a checkpoint: its files, or whose it is; ``None`` if nothing is."""
        fault = fault_of(self.path(step), step)
        return fault or self._stranger(step, read_index(self.path(step)).extras)

    def restore(
        self, commit: Commit, state: Mapping[str, tf.Variable], left_out: Sequence[str] = ()
    ) -> None:
        """Read a checkpoint into the variables, all of them and nothing else.

        Args:
            commit: The checkpoint.
            state: The variables by name.
            left_out: What names of variables begin with that may be missing there: of
                components that only training needs. The state has no hash then; that of the
                files is checked all the same.

        Raises:
            RunError: If the names, dtypes or shapes differ, or the state read back
                does not have the hash that was committed.
        """
        saved, wanted = read_index(commit.path).variables, _signature(state)
        part = {name for name in saved.keys() - wanted.keys() if name.startswith(tuple(left_out))}
        saved = {name: entry for name, entry in saved.items() if name not in part}
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
        try:
            with plain_path(commit.path) as path:
                found = reader.read(str(path / "state"))
                found.assert_existing_objects_matched() if part else found.assert_consumed()
        except Exception as error:  # TensorFlow has many ways to say that it is another one
            raise RunError(
                f"TensorFlow cannot read the checkpoint: {shorten(str(error).splitlines()[0], 300)}"
                if str(error)
                else f"TensorFlow cannot read the checkpoint: {type(error).__name__}",
                where=str(commit.path),
                hint="its files are what was written: `advnets doctor RUN` looks at them, and "
                "--checkpoint STEP reads another one",
            ) from error
        if not part and state_sha256(state) != commit.state_sha256:
            raise RunError("the state read back is not the one committed", where=str(commit.path))

    def path(self, step: int) -> Path:
        """Where the checkpoint of a step lies, or would."""
        return self.folder / f"step-{step:08d}"

    def _aside(self, prefix: str, target: Path) -> Path:
        return self.folder / f"{prefix}{target.name}"

    def _make_folder(self) -> None:
        """Make the folder, and have it last: a folder is an entry of the one above it."""
        if not self.folder.is_dir():
            # The folder above is the run's: if that is gone, so is the run.
            self.folder.mkdir()
            for above in (self.folder, *self.folder.resolve().parents[:2]):
                flush(above)

    def _put_in_place(self, draft: Path, target: Path) -> None:
        """Rename the draft. One that was committed before lasts until the new one is there."""
        replaced = self._aside(REPLACED, target)
        if target.exists():
            shutil.rmtree(replaced, ignore_errors=True)
            os.replace(target, replaced)
        os.replace(draft, target)
        flush(self.folder)
        shutil.rmtree(replaced, ignore_errors=True)

    def _tidy(self) -> None:
        """Undo what a crash left half done; drafts were never committed."""
        if not self.folder.is_dir():
            return
        for left in sorted(self.folder.iterdir()):
            prefix, _, rest = left.name.partition("step-")
            if prefix == REPLACED and not (self.folder / f"step-{rest}").exists():
                os.replace(left, self.folder / f"step-{rest}")
            elif prefix in (WRITING, REPLACED, REMOVING):
                shutil.rmtree(left, ignore_errors=True)

    def _quarantine(self, step: int) -> None:
        source = self.path(step)
        target = source.with_name(QUARANTINED + source.name)
        shutil.rmtree(target, ignore_errors=True)
        os.replace(source, target)

    def _prune(self) -> None:
        for step in self.steps()[: -self.keep]:
            if step not in self.spared:
                # Renamed first, so that a crash leaves nothing torn under a good name.
                removing = self._aside(REMOVING, self.path(step))
                with contextlib.suppress(OSError), unless_held(self.path(step)) as free:
                    if free:  # one too many does no harm
                        shutil.rmtree(removing, ignore_errors=True)
                        os.replace(self.path(step), removing)
                        shutil.rmtree(removing)


def _signature(state: Mapping[str, tf.Variable]) -> dict[str, tuple[str, list[int]]]:
    return {name: (v.dtype.name, v.shape.as_list()) for name, v in state.items()}
