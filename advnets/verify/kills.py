"""Play a run that is killed again and again.

Importing this module imports no TensorFlow: it only looks after processes that do.
"""

from __future__ import annotations

import contextlib
import random
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..distribute.launcher import end_with_parent
from ..errors import RunError
from ..runs import RunFolder
from ..runs.heartbeat import Tally
from ..safe_io.last_lines import last_lines, size_of
from ..safe_io.wording import indent

AIMS = {"starting": 0.15, "playing": 0.5, "saving": 0.35}
"""What a process is to be doing when it is killed, and how often."""
AFTER_A_COMMIT = "after a commit"
"""The aim of the last kill, if there was no checkpoint yet at any before."""
POLL = 0.001
INSIDE_A_SAVE = 0.03
"""Seconds over which kills are spread once a checkpoint is seen being written, or is there."""
LAST_LINES = 12


@dataclass(frozen=True)
class Pace:
    """Measure how long an undisturbed run took, in seconds.

    Attributes:
        starting: Until its folder showed that it had played.
        playing: From then to its end.
    """

    starting: float
    playing: float

    @property
    def patience(self) -> float:
        """After how many seconds a process is taken to hang."""
        return 60 + 5 * (self.starting + self.playing)


@dataclass(frozen=True)
class Kill:
    """Record a process that was killed, and what that cost.

    Attributes:
        aimed: What it was to be doing.
        where: What it was doing, as far as its folder tells.
        seconds: How long it had lived.
        step: The last round that it is known to have played.
        kept: The round that its newest checkpoint is of; 0 if there is none.
        seconds_lost: Since that checkpoint, or since it was started if it wrote none.
    """

    aimed: str
    where: str
    seconds: float
    step: int
    kept: int
    seconds_lost: float

    @property
    def steps_lost(self) -> int:
        """The number of rounds to be played again."""
        return max(0, self.step - self.kept)


class Subject:
    """Start, watch and kill a command that plays a run in a folder.

    Args:
        command: Plays the run, or resumes it; the same words every time.
        folder: The run's folder.
        log: The file of the processes' output.

    Attributes:
        began: The newest checkpoint that is there before any of them; 0 of a new run.
    """

    def __init__(self, command: Sequence[str], folder: Path, log: Path):
        self.command, self.folder, self.log = list(command), RunFolder(folder), log
        self.began = max(_committed(self.folder), default=0)

    def play(self, patience: float) -> Pace:
        """Play the run to its end.

        Raises:
            RunError: If the command fails, or takes longer than ``patience`` seconds.
        """
        with _Process(self, patience) as process:
            process.wait_until(process.has_played)
            starting = process.seconds
            process.wait_until(process.has_ended)
            return Pace(starting, max(process.seconds - starting, POLL))

    def play_killed(self, kills: int, seed: int, pace: Pace) -> Iterator[Kill]:
        """Play the run, killing it so many times at random moments, to its end.

        Args:
            kills: How many processes to kill. There are fewer if the run ends before.
            seed: Of the moments.
            pace: How long it takes undisturbed.

        Yields:
            Each kill.

        Raises:
            RunError: If the command fails without being killed.
        """
        chance = random.Random(seed)
        restored = False
        for number in range(1, kills + 1):
            aimed = chance.choices(list(AIMS), list(AIMS.values()))[0]
            if number == kills and not restored:  # else nothing would ever be restored
                aimed = AFTER_A_COMMIT
            with _Process(self, pace.patience) as process:
                if not _await(aimed, chance, process, pace, kills):
                    return
                kill = process.kill(aimed)
                restored = restored or kill.kept > self.began
                yield kill
        self.play(pace.patience)


def _await(aimed: str, chance: random.Random, process: _Process, pace: Pace, kills: int) -> bool:
    """Wait for the moment of a kill; return whether the process still runs then."""
    if aimed == "starting":
        return process.wait_for(chance.uniform(0, pace.starting))
    if not process.wait_until(process.has_played):
        return False
    if aimed == AFTER_A_COMMIT:
        # At once, since after the last commit there is nothing left to be played again.
        runs = process.wait_until(process.has_checkpoint)
    else:
        # About half of the run is left when all are done: none comes too late.
        runs = process.wait_for(chance.uniform(0, pace.playing / kills))
        if aimed == "playing":
            return runs
        runs = runs and process.wait_until(process.is_saving)
    return runs and process.wait_for(chance.uniform(0, INSIDE_A_SAVE))


class _Process:
    """Watch a living process of a subject, which is taken to hang after ``patience`` seconds."""

    def __init__(self, subject: Subject, patience: float):
        self._subject, self._folder, self._patience = subject, subject.folder, patience
        self._sessions = Tally.read(self._folder.path).sessions
        self._resumes_at = max(_committed(self._folder), default=0)
        self._old_drafts = {path.stat().st_ino for path in self._drafts()}

    def __enter__(self) -> _Process:
        self._since = size_of(self._subject.log)
        with self._subject.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._subject.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                preexec_fn=end_with_parent,  # it would play on, with nobody to look after it
            )
        self._began, self._wall = time.monotonic(), time.time()
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()

    @property
    def seconds(self) -> float:
        """The seconds since its start."""
        return time.monotonic() - self._began

    def has_played(self) -> bool:
        """Tell whether its heartbeat shows that it has played rounds."""
        tally = Tally.read(self._folder.path)
        return tally.sessions > self._sessions and tally.step > self._resumes_at

    def is_saving(self) -> bool:
        """Tell whether it is writing a checkpoint, or was when it died."""
        for path in self._drafts():
            with contextlib.suppress(OSError):  # committed by now
                if path.stat().st_ino not in self._old_drafts:
                    return True
        return False

    def has_checkpoint(self) -> bool:
        """Tell whether there is a checkpoint of this process, or of one before, since all began."""
        return max(_committed(self._folder), default=0) > self._subject.began

    def wait_until(self, happened: Callable[[], bool]) -> bool:
        """Wait for something to happen; return whether it did before the process ended.

        Raises:
            RunError: If the process failed, or hangs.
        """
        while not happened():
            if self.has_ended():
                return False
            time.sleep(POLL)
            if self.seconds > self._patience:
                text = f"the run had not ended after {self._patience:.0f} s"
                raise RunError(text, where=str(self._subject.log))
        return True

    def wait_for(self, seconds: float) -> bool:
        """Wait so long; return whether it still runs then."""
        end = self.seconds + seconds
        return self.wait_until(lambda: self.seconds >= end) and not self.has_ended()

    def has_ended(self) -> bool:
        """Tell whether it has ended by itself, and well.

        Raises:
            RunError: If it failed.
        """
        code = self._process.poll()
        if code:
            output = indent(last_lines(self._subject.log, self._since)[-LAST_LINES:], LAST_LINES)
            how = f"exit code {code}" if code > 0 else signal.Signals(-code).name
            raise RunError(
                f"the run ended with {how}. The end of its log, {self._subject.log}:\n{output}"
            )
        return code == 0

    def kill(self, aimed: str) -> Kill:
        """Send SIGKILL, and look at what is left."""
        seconds = self.seconds
        self._process.kill()
        self._process.wait()
        died = time.time()
        committed = _committed(self._folder)
        kept = max(committed, default=0)
        if self.is_saving():
            where = "inside a save"
        else:
            where = "between rounds" if self.has_played() else "before its first round"
        # A folder's time is when its last file was made in it, just before the commit.
        written = committed[kept].stat().st_mtime if committed else 0.0
        steps = [record["step"] for record in self._folder.metrics.read()[-1:]]
        step = max([kept, Tally.read(self._folder.path).step, *steps])
        lost = max(0.0, min(died - max(written, self._wall), seconds))
        return Kill(aimed, where, seconds, step, kept, lost)

    def _drafts(self) -> list[Path]:
        return list(self._folder.checkpoints.glob(".writing-*"))


def _committed(folder: RunFolder) -> dict[int, Path]:
    paths = [(path.name.removeprefix("step-"), path) for path in folder.checkpoints.glob("step-*")]
    return {int(number): path for number, path in paths if number.isdigit()}
