"""Show on standard error each call of plugins' code at set-up, if the environment asks for it."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from collections.abc import Iterator
from contextvars import ContextVar

from ..errors import UsageError
from ..safe_io import printable
from .tracebacks import describe_error

VARIABLE = "ADVNETS_TRACE_PLUGINS"
_places: ContextVar[tuple[str, ...]] = ContextVar("places", default=())


def is_tracing() -> bool:
    """Tell whether the environment asks for a line per call, ``ADVNETS_TRACE_PLUGINS=1``.

    Raises:
        UsageError: If the variable is neither 0, 1 nor empty.
    """
    word = os.environ.get(VARIABLE, "")
    if word not in ("", "0", "1"):
        raise UsageError(
            f"{VARIABLE}={word!r:.100} is neither 1 nor 0",
            hint="1 shows each call of plugins' code on standard error; 0, or nothing, none",
        )
    return word == "1"


@contextlib.contextmanager
def at_place(place: str) -> Iterator[None]:
    """Say for which place of a recipe components are made; places within it follow it."""
    token = _places.set((*_places.get(), place))
    try:
        yield
    finally:
        _places.reset(token)


def current_place() -> str:
    """Return for which place of a recipe a component is being made, or ``""``."""
    return " > ".join(_places.get())


@contextlib.contextmanager
def traced(what: str) -> Iterator[list[str]]:
    """Show a call when it has ended: what was called, how it ended, how long it took.

    Args:
        what: What is called, in words.

    Yields:
        A list for what came back, in words.

    >>> with at_place("loss"), traced("hinge -> my_hinge:Hinge") as ended:
    ...     ended.append("made")  # "trace: loss: hinge -> my_hinge:Hinge: made, 0.0 ms"
    """
    ended: list[str] = []
    if not is_tracing():
        yield ended
        return
    began = time.perf_counter()
    try:
        yield ended
    except BaseException as error:
        ended[:] = [f"raised {describe_error(error)}"]
        raise
    finally:
        seconds = time.perf_counter() - began
        place = f"{current_place()}: " if current_place() else ""
        text = f"trace: {place}{what}: {''.join(ended)}, {1000 * seconds:.1f} ms"
        with contextlib.suppress(OSError, ValueError):  # a stream that is closed
            if sys.stderr is not None:
                print(printable(text, lines=False), file=sys.stderr, flush=True)
