"""Find out in which ways a component can be played: the support matrix.

For each component a tiny game, and for each way what came of it: ``yes``, ``refused`` in advnets'
own words, ``failed``, which is a fault of the component or of advnets, or ``not tried``. This
module imports no TensorFlow: games are played by processes of their own
(:mod:`advnets.testing.play_ways`), so that one that dies takes no other with it.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Any

from ..distribute.launcher import worker_environments
from ..safe_io.json_text import parse_json
from ..safe_io.last_lines import last_lines

WAYS: dict[str, str] = {
    "k_steps": "alone",
    "simultaneous": "alone",
    "replicas": "replicas",
    "workers": "workers",
    "resume": "alone",
    "bfloat16": "alone",
    "float16": "alone",
    "xla": "alone",
    "streamed": "alone",
    "fit": "alone",
    "file": "alone",
}
"""The ways to play a game, in the order of the matrix's columns, with the processes that do."""
KINDS = (
    *("losses", "penalties", "architectures", "datasets", "priors", "conditions", "encounters"),
    *("augmentations", "updates", "optimizers", "callbacks"),
)
"""The kinds that a game is made of, or that watch it: the matrix's tables."""
SECONDS = 300.0
"""That a game may take in one way, a process's start included."""


@dataclass(frozen=True)
class Item:
    """Say what is to be played.

    Attributes:
        kind, name: The component.
        parameters: Its parameters, beside those of its ``example``.
        changed: What else the recipe of its game says.
        plugins: Where it is registered, if its plugin is not installed.
    """

    kind: str
    name: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    changed: Mapping[str, Any] = field(default_factory=dict)
    plugins: Sequence[str] = ()


@dataclass(frozen=True)
class Outcome:
    """Say what came of a component's game in one way.

    Attributes:
        outcome: ``yes``, ``refused``, ``failed`` or ``not tried``.
        why: For others than ``yes``, the first sentence of what was said.
        seconds: How long it took, the game that it is held against included.
    """

    outcome: str
    why: str = ""
    seconds: float = 0.0

    def __str__(self) -> str:
        """Say it in a line.

        >>> str(Outcome("refused", "one duel only")), str(Outcome("yes"))
        ('refused: one duel only', 'yes')
        """
        return f"{self.outcome}: {self.why}" if self.why else self.outcome


def measure(
    asked: Iterable[tuple[Item, str]], seconds: float = SECONDS
) -> Iterator[tuple[Item, str, Outcome]]:
    """Play components' games in some ways; what came of each, as soon as it is known.

    Args:
        asked: The components, each with a way of :data:`WAYS`; those of one component together
            share the game that they are held against.
        seconds: That a game may take in one way.

    Yields:
        The component, the way and the outcome: all in one process's ways, then all in the next
        one's.
    """
    every = list(asked)
    for group in dict.fromkeys(WAYS.values()):
        with Players(group, seconds) as players:
            for item, way in every:
                if WAYS[way] == group:
                    yield item, way, players.play(item, way)


class Players:
    """Have processes play games, and others when they have died of one.

    Args:
        group: Of :data:`WAYS`; workers are two processes.
        seconds: That a game may take.
    """

    def __init__(self, group: str, seconds: float = SECONDS):
        self._group, self._seconds = group, seconds
        self._processes: list[_Process] = []

    def __enter__(self) -> Players:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.end()

    def play(self, item: Item, way: str) -> Outcome:
        """Play a game in a way that is this group's."""
        if not self._processes:
            environments = (
                worker_environments(2) if self._group == "workers" else [dict(os.environ)]
            )
            self._processes = [_Process(self._group, each) for each in environments]
        for process in self._processes:
            process.ask({**asdict(item), "way": way})
        answers = [process.answer(self._seconds) for process in self._processes]
        if any(isinstance(answer, str) for answer in answers):
            self.end()
            died = next(answer for answer in answers if isinstance(answer, str))
            return Outcome("failed", died)
        outcomes = [Outcome(**answer) for answer in answers if not isinstance(answer, str)]
        if len({each.outcome for each in outcomes}) > 1:
            self.end()  # they are no longer in step
            return next(each for each in outcomes if each.outcome != "yes")
        return outcomes[0]

    def end(self) -> None:
        """End the processes."""
        for process in self._processes:
            process.end()
        self._processes = []


def command(group: str) -> list[str]:
    """Return what Python is told for a process that plays a group's games."""
    return ["-m", "advnets.testing.play_ways", group]


class _Process:
    """Ask a process, a line of JSON at a time; wait no longer than there is time for its answer."""

    def __init__(self, group: str, environment: Mapping[str, str]):
        self._log: IO[bytes] = tempfile.NamedTemporaryFile(suffix=".log")  # noqa: SIM115
        self._process = subprocess.Popen(
            [sys.executable, *command(group)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env={"TF_CPP_MIN_LOG_LEVEL": "3", **environment},
        )
        self._lines: queue.Queue[bytes] = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line)
        self._lines.put(b"")

    def ask(self, what: Mapping[str, Any]) -> None:
        assert self._process.stdin is not None
        with contextlib.suppress(BrokenPipeError):  # its answer will say that it is gone
            self._process.stdin.write(json.dumps(what).encode() + b"\n")
            self._process.stdin.flush()

    def answer(self, seconds: float) -> dict[str, Any] | str:
        """Return its answer, or what became of it."""
        try:
            line = self._lines.get(timeout=seconds)
        except queue.Empty:
            return f"no answer within {seconds:.0f} s"
        if line:
            answered: dict[str, Any] = parse_json(line)
            return answered
        code = self._process.wait()
        said = last_lines(Path(self._log.name))
        return f"its process ended with exit code {code}: {' '.join(said[-1:])[:200]}"

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout, self._log):
            assert pipe is not None
            with contextlib.suppress(OSError):
                pipe.close()
