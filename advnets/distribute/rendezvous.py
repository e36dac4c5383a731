"""Let workers wait for each other where a signal can end the wait.

TensorFlow connects workers within one call into C++, which keeps Python's lock until
the last of them is there, for an hour if need be: meanwhile no signal is handled, and no
other thread of the process runs, so that nothing could even be printed. So the workers meet
before: each reports to the chief, on the port where TensorFlow is going to listen, and the
chief releases them once all are there. Then TensorFlow's call takes a moment.

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
import time
from collections.abc import Iterator, Sequence
from types import FrameType
from typing import Any

from ..errors import Interrupted, RunError, UsageError
from ..safe_io.wording import some
from .cluster import Cluster
from .signals import handle_signals

log = logging.getLogger(__name__)

REPORT_AFTER = 10.0
"""Seconds after which a worker reports for whom it waits; then twice as many, and so on."""
HEARTBEAT, TIMEOUT = 0.5, 10.0
"""Seconds between the chief's messages; seconds without one, after which to reconnect."""
CONNECTING = 300
"""Seconds that TensorFlow may take once all are there. If one vanishes in that moment, the
others end after these, with exit code 1."""
MAX_BYTES = 65_536
"""Bytes of a message. Whoever else connects to the port is not read for longer."""


@contextlib.contextmanager
def rendezvous(cluster: Cluster) -> Iterator[None]:
    """Wait until all workers are there. TensorFlow connects them within.

    Raises:
        Interrupted: If SIGINT or SIGTERM comes meanwhile (in the main thread).
        UsageError: If this worker was given other workers than the chief.
        RunError: If the chief cannot listen at its address.
    """
    waiting = WaitReport(cluster)

    def end(number: int, frame: FrameType | None) -> None:
        raise Interrupted(
            f"stopped by {signal.Signals(number).name} while waiting for {waiting.whom}; "
            "nothing has been played"
        )

    with handle_signals(end), open(os.devnull, "w") as nowhere:
        if cluster.rank == 0:
            _receive(cluster, waiting)
        else:
            _report(cluster, waiting)
        waiting.missing = ()
        log.info(f"all {cluster.size} workers are there")
        # This needs no lock of Python's.
        faulthandler.dump_traceback_later(CONNECTING, exit=True, file=nowhere)
        try:
            yield
        finally:
            faulthandler.cancel_dump_traceback_later()


class WaitReport:
    """Report, ever more rarely, for whom a worker waits."""

    def __init__(self, cluster: Cluster):
        chief, *others = cluster.addresses
        self.missing: Sequence[str] = [chief] if cluster.rank else others
        self._who = f"worker {cluster.rank} of {cluster.size}"
        self._began, self._report_after = time.monotonic(), REPORT_AFTER
        log.info(f"{self._who} (from {cluster.source}) waits for the others")

    def wait_for(self, missing: Sequence[str]) -> None:
        """Note whose addresses are missing, and report it if it is time to."""
        self.missing = missing
        waited = time.monotonic() - self._began
        if waited >= self._report_after:
            self._report_after *= 2
            log.info(f"{self._who} has waited {waited:.0f} s for {self.whom}")

    @property
    def whom(self) -> str:
        """The missing addresses, in words."""
        return some(self.missing, 8) or "the others"


class Connection:
    """Send and receive messages, which are JSON objects, one to a line."""

    def __init__(self, connected: socket.socket):
        self.socket = connected
        self._received = b""

    def send(self, **message: Any) -> None:
        """Send a message."""
        self.socket.sendall(json.dumps(message).encode() + b"\n")

    def receive(self) -> list[dict[str, Any]]:
        """Return the messages that have come by now.

        Raises:
            OSError: If the other has gone, or sends anything else.
        """
        data = self.socket.recv(MAX_BYTES)
        *lines, self._received = (self._received + data).split(b"\n")
        try:
            messages = [json.loads(line) for line in lines]
        except (ValueError, RecursionError):
            messages = [None]
        sound = all(isinstance(message, dict) for message in messages)
        if not data or len(self._received) > MAX_BYTES or not sound:
            raise ConnectionError
        return messages

    def is_open(self) -> bool:
        """Tell whether the other side is still there, as far as anybody knows."""
        if not select.select([self.socket], [], [], 0)[0]:
            return True
        try:
            return bool(self.socket.recv(1, socket.MSG_PEEK))
        except OSError:
            return False


def _receive(cluster: Cluster, waiting: WaitReport) -> None:
    """Wait, on the chief, until every other worker has reported; then release them."""
    addresses = cluster.addresses
    present: dict[int, Connection] = {}
    with contextlib.ExitStack() as held:
        server = held.enter_context(_listen(cluster))
        callers: dict[socket.socket, Connection] = {}
        held.callback(lambda: list(map(socket.socket.close, callers)))
        heartbeat = 0.0
        while len(present) < cluster.size - 1:
            ready, _, _ = select.select([server, *callers], [], [], HEARTBEAT)
            for each in ready:
                if each is server:
                    with contextlib.suppress(OSError):
                        caller, _ = server.accept()
                        caller.settimeout(TIMEOUT)
                        callers[caller] = Connection(caller)
                    continue
                with _drop_lost(each, callers, present):
                    for message in callers[each].receive():
                        rank = _find_rank(message, cluster)
                        if rank is None:
                            callers[each].send(refused=list(addresses))
                            raise ConnectionError
                        if rank in present and present[rank].is_open():
                            callers[each].send(taken=rank)
                            raise ConnectionError
                        present[rank] = callers[each]
            missing = [a for rank, a in enumerate(addresses) if rank and rank not in present]
            waiting.wait_for(missing)
            if time.monotonic() - heartbeat > HEARTBEAT:
                heartbeat = time.monotonic()
                for rank, line in list(present.items()):
                    with _drop_lost(line.socket, callers, present):
                        line.send(missing=[a for a in missing if a != addresses[rank]])
        server.close()  # TensorFlow is going to listen there
        for line in present.values():
            with contextlib.suppress(OSError):
                line.send(go=True)
                line.socket.recv(1)  # until it has gone, so that the port is left free


def _report(cluster: Cluster, waiting: WaitReport) -> None:
    """Report to the chief, on the others, as soon as it is there, and wait for its release."""
    chief = cluster.addresses[0]
    host, _, port = chief.rpartition(":")
    while True:
        with (
            contextlib.suppress(OSError),
            socket.create_connection((host.strip("[]"), int(port)), timeout=TIMEOUT) as connected,
        ):
            line = Connection(connected)
            line.send(rank=cluster.rank, workers=_digest(cluster))
            while True:
                for message in line.receive():
                    if "refused" in message:
                        raise UsageError(
                            f"worker {cluster.rank} was given ({cluster.source}) the workers "
                            f"{', '.join(cluster.addresses)}, but the chief "
                            f"{', '.join(map(str, message['refused']))}",
                            hint="give all of them the same list, and each a number of its own",
                        )
                    if "taken" in message:
                        raise UsageError(
                            f"another process is there as worker {cluster.rank} "
                            f"({cluster.addresses[cluster.rank]}) already",
                            where=cluster.source,
                            hint="give each worker a number of its own (task.index of TF_CONFIG)",
                        )
                    if "go" in message:
                        return
                    waiting.wait_for([str(address) for address in message.get("missing", [])])
        waiting.wait_for([chief])
        time.sleep(HEARTBEAT)


@contextlib.contextmanager
def _drop_lost(
    caller: socket.socket, callers: dict[socket.socket, Connection], present: dict[int, Connection]
) -> Iterator[None]:
    """Forget a caller that has gone, or sends nonsense."""
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


def _find_rank(message: dict[str, Any], cluster: Cluster) -> int | None:
    rank = message.get("rank")
    known = isinstance(rank, int) and 0 < rank < cluster.size
    return rank if known and message.get("workers") == _digest(cluster) else None


def _digest(cluster: Cluster) -> str:
    return hashlib.sha256("\n".join(cluster.addresses).encode()).hexdigest()
