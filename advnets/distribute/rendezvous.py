"""Workers wait for each other here, where a signal can end the wait.

TensorFlow brings workers together within one call into C++, which keeps Python's lock until
the last of them is there, for an hour if need be: meanwhile no signal is heeded, and no
other thread of the process runs, so that nothing could even be printed. So the workers meet
before: each reports to the chief, on the port where TensorFlow is going to listen, and the
chief lets all go on once all are there. Then TensorFlow's call takes a moment.

Importing this module imports no TensorFlow.
"""

from __future__ import annotations

import contextlib
import faulthandler
import hashlib
import json
import logging
import os
import select
import signal
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from types import FrameType
from typing import Any

from ..errors import Interrupted, RunError, UsageError
from ..safe_io.wording import some
from .cluster import Cluster

log = logging.getLogger(__name__)

REPORT_AFTER = 10.0
"""Seconds after which it is said for whom a worker waits; then after twice as many, and so on."""
HEARTBEAT, TIMEOUT = 0.5, 10.0
"""Seconds between two words of the chief; seconds without one, after which it is called anew."""
CONNECTING = 300
"""Seconds that TensorFlow may take once all are there. If one vanishes in that moment, the
others end after these, with exit code 1."""
MAX_BYTES = 65_536
"""Bytes of a word. Whoever else comes to the port is not listened to for longer."""


@contextlib.contextmanager
def rendezvous(cluster: Cluster) -> Iterator[None]:
    """Wait until all workers are there. TensorFlow connects them within.

    Raises:
        Interrupted: If SIGINT or SIGTERM comes meanwhile (in the main thread).
        UsageError: If this worker was told of other workers than the chief.
        RunError: If the chief cannot listen at its address.
    """
    waiting = Waiting(cluster)
    with _ending_on_signals(waiting), open(os.devnull, "w") as nowhere:
        if cluster.rank == 0:
            _receive(cluster, waiting)
        else:
            _report(cluster, waiting)
        waiting.end()
        # This needs no lock of Python's.
        faulthandler.dump_traceback_later(CONNECTING, exit=True, file=nowhere)
        try:
            yield
        finally:
            faulthandler.cancel_dump_traceback_later()


class Waiting:
    """What a worker waits for, and when it last said so.

    Args:
        cluster: The workers.
    """

    def __init__(self, cluster: Cluster):
        self.missing: Sequence[str] = ()
        self._who = f"worker {cluster.rank} of {cluster.size}"
        self._size = cluster.size
        self._began, self._report_after = time.monotonic(), REPORT_AFTER
        log.info(f"{self._who} (from {cluster.source}) waits for the others")

    def wait_for(self, missing: Sequence[str]) -> None:
        """Note whose addresses are missing, and say so if it is time to."""
        self.missing = missing
        waited = time.monotonic() - self._began
        if waited >= self._report_after:
            self._report_after *= 2
            log.info(f"{self._who} has waited {waited:.0f} s for {self.whom}")

    def end(self) -> None:
        """Say that all are there."""
        self.missing = ()
        log.info(f"all {self._size} workers are there")

    @property
    def whom(self) -> str:
        """The missing addresses, in words."""
        return some(self.missing, 8) or "the others"


class Line:
    """A connection on which words are JSON objects, one to a line.

    Args:
        connected: The socket.
    """

    def __init__(self, connected: socket.socket):
        self.socket = connected
        self._received = b""

    def send(self, **word: Any) -> None:
        """Send a word."""
        self.socket.sendall(json.dumps(word).encode() + b"\n")

    def receive(self) -> list[dict[str, Any]]:
        """Return the words that have come by now.

        Raises:
            OSError: If the other has gone, or is nobody who speaks like this.
        """
        data = self.socket.recv(MAX_BYTES)
        *lines, self._received = (self._received + data).split(b"\n")
        try:
            words = [json.loads(line) for line in lines]
        except (ValueError, RecursionError):
            words = [None]
        if (
            not data
            or len(self._received) > MAX_BYTES
            or not all(isinstance(w, dict) for w in words)
        ):
            raise ConnectionError
        return words


def _receive(cluster: Cluster, waiting: Waiting) -> None:
    """On the chief: wait until every other worker has reported, then tell them."""
    addresses = cluster.addresses
    present: dict[int, Line] = {}
    with contextlib.ExitStack() as held:
        server = held.enter_context(_listen(cluster))
        callers: dict[socket.socket, Line] = {}
        held.callback(_close, callers)
        beat = 0.0
        while len(present) < cluster.size - 1:
            ready, _, _ = select.select([server, *callers], [], [], HEARTBEAT)
            for each in ready:
                if each is server:
                    with contextlib.suppress(OSError):
                        caller, _ = server.accept()
                        caller.settimeout(TIMEOUT)
                        callers[caller] = Line(caller)
                    continue
                with _dropping_lost(each, callers, present):
                    for word in callers[each].receive():
                        rank = _find_rank(word, cluster)
                        if rank is None:
                            callers[each].send(refused=list(addresses))
                            raise ConnectionError
                        present[rank] = callers[each]
            missing = [a for rank, a in enumerate(addresses) if rank and rank not in present]
            waiting.wait_for(missing)
            if time.monotonic() - beat > HEARTBEAT:
                beat = time.monotonic()
                for rank, line in list(present.items()):
                    with _dropping_lost(line.socket, callers, present):
                        line.send(missing=[a for a in missing if a != addresses[rank]])
        server.close()  # TensorFlow is going to listen there
        for line in present.values():
            with contextlib.suppress(OSError):
                line.send(go=True)
                line.socket.recv(1)  # until it has gone, so that the port is left free


def _report(cluster: Cluster, waiting: Waiting) -> None:
    """On the others: tell the chief, as soon as it is there, and wait for its word."""
    chief = cluster.addresses[0]
    host, _, port = chief.rpartition(":")
    while True:
        with (
            contextlib.suppress(OSError),
            socket.create_connection((host.strip("[]"), int(port)), timeout=TIMEOUT) as connected,
        ):
            line = Line(connected)
            line.send(rank=cluster.rank, workers=_digest(cluster))
            while True:
                for word in line.receive():
                    if "refused" in word:
                        raise UsageError(
                            f"worker {cluster.rank} was told ({cluster.source}) of the workers "
                            f"{', '.join(cluster.addresses)}, but the chief of "
                            f"{', '.join(map(str, word['refused']))}",
                            hint="give all of them the same list, and each a number of its own",
                        )
                    if "go" in word:
                        return
                    waiting.wait_for([str(address) for address in word.get("missing", [])])
        waiting.wait_for([chief])
        time.sleep(HEARTBEAT)


@contextlib.contextmanager
def _dropping_lost(
    caller: socket.socket, callers: dict[socket.socket, Line], present: dict[int, Line]
) -> Iterator[None]:
    """Forget a caller that has gone, or talks nonsense."""
    try:
        yield
    except OSError:
        line = callers.pop(caller, None)
        for rank in [rank for rank, each in present.items() if each is line]:
            del present[rank]
        caller.close()


def _listen(cluster: Cluster) -> socket.socket:
    port = int(cluster.addresses[0].rpartition(":")[2])
    try:
        try:
            return socket.create_server(("", port), family=socket.AF_INET6, dualstack_ipv6=True)
        except (OSError, ValueError):  # where there is no IPv6
            return socket.create_server(("", port))
    except OSError as error:
        raise RunError(
            f"worker 0 of {cluster.size} cannot listen at {cluster.addresses[0]} "
            f"(from {cluster.source}): {error.strerror or error}",
            hint="is the port in use? end what listens there, or choose another",
        ) from error


def _close(callers: dict[socket.socket, Line]) -> None:
    for caller in callers:
        caller.close()


def _find_rank(word: dict[str, Any], cluster: Cluster) -> int | None:
    rank = word.get("rank")
    known = isinstance(rank, int) and 0 < rank < cluster.size
    return rank if known and word.get("workers") == _digest(cluster) else None


def _digest(cluster: Cluster) -> str:
    return hashlib.sha256("\n".join(cluster.addresses).encode()).hexdigest()


@contextlib.contextmanager
def _ending_on_signals(waiting: Waiting) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number: int, frame: FrameType | None) -> None:
        raise Interrupted(
            f"stopped by {signal.Signals(number).name} while waiting for {waiting.whom}; "
            "nothing has been played"
        )

    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, end) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
