"""Turn SIGINT and SIGTERM into a request to stop after the round, not an end in the middle."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType

SIGNALS = (signal.SIGINT, signal.SIGTERM)
LISTENING = "ADVNETS_LISTENING_DESCRIPTOR"
"""The environment variable that names an open pipe to the launcher."""


class StopRequest:
    """Hold whether, and by which signal, the run was requested to stop.

    Attributes:
        signal: The name of the first signal received, or ``None``.

    >>> bool(StopRequest())
    False
    """

    def __init__(self) -> None:
        self.signal: str | None = None

    def __bool__(self) -> bool:
        return self.signal is not None


@contextlib.contextmanager
def handle_signals(handle: Callable[[int, FrameType | None], None]) -> Iterator[None]:
    """Call a function at SIGINT and SIGTERM; but Python can do so in the main thread alone."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, handle) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def stop_on_signals() -> Iterator[StopRequest]:
    """Turn the first SIGINT or SIGTERM into a :class:`StopRequest`; a second one acts at once.

    Outside of the main thread, where Python installs no handlers, the request is never made.
    """
    request = StopRequest()

    def handle(number: int, frame: FrameType | None) -> None:
        request.signal = signal.Signals(number).name
        for other in SIGNALS:
            signal.signal(other, signal.SIG_DFL)

    with handle_signals(handle):
        # `advnets launch`, if it started this process, waits to hear that signals are handled.
        descriptor = os.environ.pop(LISTENING, "")
        if descriptor.isdigit():
            with contextlib.suppress(OSError):
                os.write(int(descriptor), b".")
                os.close(int(descriptor))
        yield request
