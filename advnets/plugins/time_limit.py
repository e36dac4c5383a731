"""Limit the time of plugins' code at set-up, and keep its output off standard output."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from types import FrameType

from ..errors import PluginError

VARIABLE = "ADVNETS_IMPORT_SECONDS"
SECONDS = 60.0
WITH_TENSORFLOW = 5
"""How many times as long a component's module may take, which imports TensorFlow."""
GRACE = 5.0
"""Seconds, at most, after which code that has caught the end of its time ends the process."""


class TimeIsUp(BaseException):
    """Interrupt code that takes too long; no ``Exception``, as few handlers catch more."""


def read_limit() -> float:
    """Return the seconds that the environment variable allows, 60 by default; 0 for no limit.

    Raises:
        PluginError: If it is no number of seconds.
    """
    word = os.environ.get(VARIABLE, "")
    try:
        seconds = float(word or SECONDS)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < 1e6:
        raise PluginError(f"{VARIABLE}={word!r} is no number of seconds", hint="0 is no limit")
    return seconds


@contextlib.contextmanager
def set_up(what: str, factor: float = 1.0) -> Iterator[None]:
    """Run a plugin's code: what it prints goes to standard error, and its time is bounded.

    The bound is kept by an alarm signal, hence in the main thread only, where signals are
    handled. An alarm of somebody else's is set again afterwards. Where relative paths begin, and
    what is done at a signal, is as it was, too: a run's folder and its end depend on them.

    Args:
        what: What runs, for the message.
        factor: How many times as long as usual it may take.

    Raises:
        PluginError: If it takes longer than ``ADVNETS_IMPORT_SECONDS`` (60) × ``factor``.

    >>> with set_up("a plugin"):
    ...     print("hello")  # not on standard output
    """
    seconds = read_limit() * factor
    limited = seconds and _in_main_thread()
    alarm = _alarm(what, seconds) if limited else contextlib.nullcontext()
    with as_it_was(), contextlib.redirect_stdout(sys.stderr), alarm:
        yield


@contextlib.contextmanager
def as_it_was() -> Iterator[None]:
    """Put the working directory and the handlers of signals back that a plugin has changed."""
    place = os.getcwd() if os.path.exists(os.curdir) else None
    signals = {number: signal.getsignal(number) for number in signal.valid_signals()}
    try:
        yield
    finally:
        if place is not None:
            with contextlib.suppress(OSError):
                os.chdir(place)
        for number, handler in signals.items():
            changed = number != signal.SIGALRM and signal.getsignal(number) != handler
            if changed and handler is not None and _in_main_thread():
                signal.signal(number, handler)


@contextlib.contextmanager
def _alarm(what: str, seconds: float) -> Iterator[None]:
    running, warned = True, False

    def ring(number: int, frame: FrameType | None) -> None:
        nonlocal warned
        if not running:
            return
        if warned:  # it caught the first TimeIsUp
            _end(f"{what} did not end after {seconds:g} s, nor when it was interrupted", frame)
        warned = True
        raise TimeIsUp

    began = time.monotonic()
    before = signal.signal(signal.SIGALRM, ring) or signal.SIG_DFL
    left, interval = signal.setitimer(signal.ITIMER_REAL, seconds, min(seconds, GRACE))
    try:
        yield
    except TimeIsUp as error:
        raise PluginError(
            f"{what} did not end after {seconds:g} s; {VARIABLE}=300 would allow it more",
        ) from error
    finally:
        running = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        if left:
            rest = max(left - (time.monotonic() - began), 0.001)
            signal.setitimer(signal.ITIMER_REAL, rest, interval)


def _in_main_thread() -> bool:
    return threading.current_thread() is threading.main_thread()


def _end(text: str, frame: FrameType | None) -> None:
    where = f"{frame.f_code.co_filename}:{frame.f_lineno}: " if frame else ""
    with contextlib.suppress(OSError):
        os.write(2, f"error: {where}{text}\n".encode("utf-8", "backslashreplace"))
    os._exit(2)
