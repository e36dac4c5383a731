"""Turn signals to end into a request to stop after the round, not an end in the middle."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType

URGENT = (signal.SIGINT, signal.SIGTERM)
"""Those that act at once when they come again."""
SIGNALS = (
    *URGENT,
    # The terminal is gone; what schedulers send ahead of the end; the processor's time is used up.
    *(
        getattr(signal, name)
        for name in ("SIGHUP", "SIGUSR1", "SIGUSR2", "SIGXCPU")
        if hasattr(signal, name)  # on Linux, and other systems with POSIX's
    ),
)
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
    """Call a function at :data:`SIGNALS`; but Python can do so in the main thread alone.

    One that is ignored when this is called stays so, as under ``nohup``, but for SIGINT, which
    shells have their jobs in the background ignore, and SIGTERM.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    heeded = [n for n in SIGNALS if n in URGENT or signal.getsignal(n) is not signal.SIG_IGN]
    before = {number: signal.signal(number, handle) for number in heeded}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextlib.contextmanager
def stop_on_signals() -> Iterator[StopRequest]:
    """Turn the first signal to end into a :class:`StopRequest`.

    A second SIGINT or SIGTERM acts at once. The others may come again and again while the
    round is finished: from a terminal and its shell, or every second once time is used up.

    Outside of the main thread, where Python installs no handlers, the request is never made.
    """
    request = StopRequest()

    def handle(number: int, frame: FrameType | None) -> None:
        request.signal = request.signal or signal.Signals(number).name
        if number in URGENT:
            for other in URGENT:
                signal.signal(other, signal.SIG_DFL)

    with handle_signals(handle):
        # `advnets launch`, if it started this process, waits to hear that signals are handled.
        descriptor = os.environ.pop(LISTENING, "")
        if descriptor.isdigit():
            with contextlib.suppress(OSError):
                os.write(int(descriptor), b".")
                os.close(int(descriptor))
        yield request
