"""A worker that waits for the others of its TF_CONFIG, and then listens as TensorFlow would."""

from __future__ import annotations

import ctypes
import signal
import socket
import sys

from advnets.distribute import rendezvous
from advnets.distribute.cluster import find_cluster
from advnets.errors import AdvnetsError
from advnets.log import on_screen


def main() -> None:
    rendezvous.REPORT_AFTER, rendezvous.TIMEOUT = 0.3, 2.0
    rendezvous.CONNECTING = 1
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT)
    cluster = find_cluster()
    assert cluster is not None
    try:
        with on_screen(), rendezvous.rendezvous(cluster):
            if cluster.rank == 0:
                port = int(cluster.addresses[0].rpartition(":")[2])
                socket.create_server(("", port)).close()
            if "hang" in sys.argv:
                hang()
    except AdvnetsError as error:
        print(error, flush=True)
        sys.exit(error.exit_code)
    assert before == (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT))
    assert "tensorflow" not in sys.modules
    print("met", flush=True)


def hang() -> None:
    """Keep Python's lock for a minute, as TensorFlow does where a worker has vanished."""
    ctypes.PyDLL(None).sleep(60)


if __name__ == "__main__":
    main()
