"""Start, watch and end several worker processes on one machine together.

Importing this module imports no TensorFlow: it only looks after those that do.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import shlex
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import FrameType
from typing import IO, Any

from ..errors import Interrupted, RunError, UsageError
from ..safe_io.last_lines import last_lines
from ..safe_io.wording import indent
from .signals import LISTENING, handle_signals

LAST_LINES = 12
POLL = 0.05
SECONDS_TO_END = {"signal": 2.0, "error": 10.0, "agreed": 120.0}
"""Seconds for which the others may continue after a worker ended: by a signal, with an error,
or because all agreed to, when the chief may still be writing its report."""
SECONDS_TO_COMPLY = 2.0
"""Between SIGTERM and SIGKILL for those that are left then."""
THREADS = ("TF_NUM_INTRAOP_THREADS", "OPENBLAS_NUM_THREADS")
"""How many threads TensorFlow and NumPy use; NumPy computes metrics."""
PARENT_DIED = 1  # PR_SET_PDEATHSIG of Linux's prctl


@dataclass
class Worker:
    """Hold a worker process, its log and its exit code."""

    index: int
    process: subprocess.Popen[bytes]
    log: Path
    code: int | None = None

    @property
    def ending(self) -> str:
        """How it ended, in words."""
        assert self.code is not None
        if self.code < 0:
            return f"was ended by {signal.Signals(-self.code).name}"
        return f"ended with exit code {self.code}"


def worker_environments(
    workers: int, environment: Mapping[str, str] | None = None
) -> list[dict[str, str]]:
    """Return the environment of each worker: who it is, where the others are, and its devices.

    GPUs are divided evenly; where there are none, the processor's cores are.

    Args:
        workers: How many.
        environment: What they all inherit; this process's by default.

    Raises:
        UsageError: If there are GPUs, but fewer than workers.

    >>> environments = worker_environments(2, {"CUDA_VISIBLE_DEVICES": "4,5,6,7"})
    >>> [each["CUDA_VISIBLE_DEVICES"] for each in environments]
    ['4,5', '6,7']
    """
    base = dict(os.environ if environment is None else environment)
    addresses = [f"localhost:{port}" for port in _find_free_ports(workers)]
    gpus = _find_gpus(base)
    if gpus and len(gpus) < workers:
        raise UsageError(
            f"{workers} workers cannot share {len(gpus)} GPUs",
            hint="start fewer; or set CUDA_VISIBLE_DEVICES= to play on the processor",
        )
    each = len(gpus) // workers
    found = []
    for index in range(workers):
        task = {"type": "worker", "index": index}
        config = {"cluster": {"worker": addresses}, "task": task}
        if gpus:
            own = gpus[index * each : (index + 1) * each]
            devices = {"CUDA_VISIBLE_DEVICES": ",".join(own)}
        else:
            threads = str(max(1, (os.cpu_count() or 1) // workers))
            devices = {name: base.get(name, threads) for name in THREADS}
        found.append({**base, "TF_CONFIG": json.dumps(config), "PYTHONUNBUFFERED": "1", **devices})
    return found


class Launcher:
    """Run worker processes that live and end together.

    Each has a log of its own; the output of the first, the chief, is shown on the screen too.
    Signals to end are passed on to all. If one fails, the others are ended.

    Args:
        command: What each worker runs.
        environments: What each worker runs it in (:func:`worker_environments`).
        logs: The folder of their logs, ``worker-0.log`` and so on; they are appended to.
    """

    def __init__(
        self, command: Sequence[str], environments: Sequence[Mapping[str, str]], logs: Path
    ):
        self._command, self._environments, self._logs = command, environments, logs
        self._workers: list[Worker] = []
        self._received: list[int] = []
        self._tees: list[threading.Thread] = []
        self._pipe, self._listening = (-1, -1), 0
        self._open = contextlib.ExitStack()

    def run(self) -> None:
        """Start the workers and wait until all have ended.

        Raises:
            Interrupted: If they stopped on request.
            RunError: If any failed: which, how, and the last lines of its log.
            SystemExit: If all failed alike, which the chief has reported.
        """
        self._logs.mkdir(parents=True, exist_ok=True)
        self._pipe = os.pipe()
        os.set_blocking(self._pipe[0], False)
        with contextlib.ExitStack() as held:
            for descriptor in self._pipe:
                held.callback(os.close, descriptor)
            held.enter_context(handle_signals(self._pass_on))
            held.callback(self._signal, signal.SIGKILL)
            self._start()
            first = self._wait()
        self._raise_failure(first)

    def _start(self) -> None:
        command = shlex.join(self._command).replace("\n", " ")
        heading = f"--- {datetime.now().isoformat(timespec='seconds')} {command}\n"
        tees = []
        for index, environment in enumerate(self._environments):
            path = self._logs / f"worker-{index}.log"
            log = path.open("ab", buffering=0)
            log.write(heading.encode())
            out, err = (subprocess.PIPE,) * 2 if index == 0 else (log, subprocess.STDOUT)
            process = subprocess.Popen(
                self._command,
                env={**environment, LISTENING: str(self._pipe[1])},
                pass_fds=[self._pipe[1]],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=err,
                start_new_session=True,  # so that Ctrl-C reaches it through us, once
                preexec_fn=end_with_parent,
            )
            self._workers.append(Worker(index, process, path))
            if index == 0:
                tees = [(process.stdout, sys.stdout, log), (process.stderr, sys.stderr, log)]
                self._open.enter_context(log)
            else:
                log.close()  # the worker has it
        # Threads only now: a process is not to be forked from several.
        self._tees = [threading.Thread(target=_tee, args=tee, daemon=True) for tee in tees]
        for thread in self._tees:
            thread.start()

    def _wait(self) -> Worker | None:
        """Wait for all to end, and end the rest once one has; return that one if it failed."""
        first: Worker | None = None
        deadline, terminated = float("inf"), False
        while any(worker.code is None for worker in self._workers):
            time.sleep(POLL)
            ended = [w for w in self._workers if w.code is None and w.process.poll() is not None]
            for worker in ended:
                worker.code = worker.process.returncode
            # Where several end at a time, a signal from outside is the cause.
            ended.sort(key=lambda w: min(w.code or 0, 0))
            if ended and (first is None or first.code == 0):
                first = next((w for w in ended if w.code), ended[0])
                code = first.code or 0
                agreed = code in (0, Interrupted.exit_code)
                cause = "signal" if code < 0 else "agreed" if agreed else "error"
                deadline = time.monotonic() + SECONDS_TO_END[cause]
            if time.monotonic() > deadline:
                self._signal(signal.SIGKILL if terminated else signal.SIGTERM)
                deadline, terminated = time.monotonic() + SECONDS_TO_COMPLY, True
        for thread in self._tees:
            thread.join(SECONDS_TO_COMPLY)
        self._open.close()
        return first

    def _raise_failure(self, first: Worker | None) -> None:
        codes = {worker.code for worker in self._workers}
        if codes == {0} or first is None:
            return
        if self._received:
            stopped = {-signal.SIGKILL, *(-number for number in self._received)}
            stopped |= {Interrupted.exit_code, 130, 0}
            if Interrupted.exit_code in codes and len(codes) == 1:
                raise SystemExit(Interrupted.exit_code)  # as the chief has reported
            if codes <= stopped:
                raise Interrupted(
                    f"stopped by {signal.Signals(self._received[0]).name}",
                    hint="run the same command again to resume",
                )
        if len(codes) == 1 and first.code is not None and first.code > 0:
            raise SystemExit(first.code)
        message = (
            f"worker {first.index} of {len(self._workers)} {first.ending}; the others were "
            f"ended too. The end of its log, {first.log}:\n{_read_end(first.log)}"
        )
        if first.code == UsageError.exit_code:
            raise UsageError(message, hint="mend that, and run the same command again")
        raise RunError(message, hint="the same command resumes from the newest checkpoint")

    def _pass_on(self, number: int, frame: FrameType | None) -> None:
        self._received.append(number)
        with contextlib.suppress(BlockingIOError):  # each sends a byte once it handles signals
            self._listening += len(os.read(self._pipe[0], len(self._environments)))
        # While they connect, workers handle no signal; nothing has been played then.
        all_listen = self._listening >= len(self._environments)
        self._signal(number if all_listen else signal.SIGKILL)

    def _signal(self, number: int) -> None:
        for worker in self._workers:
            if worker.process.poll() is None:
                worker.process.send_signal(number)


def worker_command(words: Sequence[str]) -> list[str]:
    """Return the command that runs advnets with the given words, as it runs here."""
    return [sys.executable, "-P", "-m", "advnets", *words]


def _find_free_ports(count: int) -> list[int]:
    """Find ports that nobody listens on at the moment."""
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("localhost", 0))
        return [each.getsockname()[1] for each in sockets]


def _find_gpus(environment: Mapping[str, str]) -> list[str]:
    """Return the GPUs that a process would see, as CUDA_VISIBLE_DEVICES names them."""
    named = environment.get("CUDA_VISIBLE_DEVICES")
    if named is None:
        return [str(n) for n, _ in enumerate(Path("/dev").glob("nvidia[0-9]*"))]
    gpus = [word.strip() for word in named.split(",") if word.strip()]
    return gpus[: gpus.index("-1")] if "-1" in gpus else gpus


def end_with_parent() -> None:
    """Have Linux send this child SIGTERM should its parent die without passing one on."""
    with contextlib.suppress(OSError, AttributeError):  # other systems have no such call
        ctypes.CDLL(None).prctl(PARENT_DIED, signal.SIGTERM)


def _tee(source: IO[bytes], screen: Any, log: IO[bytes]) -> None:
    """Copy a process's output to the screen as it comes, and to its log by whole lines."""
    rest = b""  # the other of its two streams goes into the same log
    with source:
        while data := os.read(source.fileno(), 65_536):
            lines, end, rest = (rest + data).rpartition(b"\n")
            with contextlib.suppress(OSError):  # a full disk must not stop the worker
                log.write(lines + end)
            with contextlib.suppress(OSError, ValueError):  # the terminal may be gone
                screen.write(data.decode(errors="replace"))
                screen.flush()
        with contextlib.suppress(OSError):
            log.write(rest)


def _read_end(log: Path) -> str:
    lines = last_lines(log)
    start = max((i for i, line in enumerate(lines) if line.startswith("--- ")), default=-1)
    return indent(lines[start + 1 :][-LAST_LINES:] or ["(it is empty)"], LAST_LINES)
