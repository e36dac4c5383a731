"""Show on standard error what advnets logs, by ``advnets.…`` loggers of the standard library.

Each module writes to its own logger, and to nothing else:

    log = logging.getLogger(__name__)
    log.info("training a classifier")                            # as it is
    log.info("finished at step 100", extra={"style": "bold green"})  # in a style of rich's
    log.warning("cannot write samples")                          # "warning: cannot write samples"
    log.warning("STAND-IN DATA: …", extra={"style": "bold yellow"})  # as it is, in that style
    log.debug("3 files are not kept")                            # not on the screen

Importing advnets configures nothing. The command line shows the log on the screen
(:func:`on_screen`); so does ``advnets.run``, unless its user has configured handlers.
"""

from __future__ import annotations

import contextlib
import logging
import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from .safe_io import printable

if TYPE_CHECKING:
    from rich.console import Console

ROOT = logging.getLogger("advnets")
"""The logger above all of advnets' own."""
STYLES = {logging.WARNING: "bold yellow", logging.ERROR: "bold red"}
"""Styles of rich's, by level, for records that have none of their own."""


def screen(**options: Any) -> Console:
    """Return a console on standard error: a pipe that breaks silences it and ends nothing.

    (A console of rich's own ends the program then, and takes standard output with it.)

    Args:
        **options: Of :class:`rich.console.Console`.
    """
    from rich.console import Console  # here, since most commands have nothing to say

    class Screen(Console):
        def on_broken_pipe(self) -> None:
            self.quiet = True

    return Screen(**{"stderr": True, "highlight": False, **options})


class ScreenHandler(logging.Handler):
    """Write records on a console, above a live display if it has one, and never fail for it.

    Warnings begin with ``warning:``, errors with ``error:``, except where a record has a
    style of its own. What a terminal would obey is escaped.

    Args:
        console: Where to write; standard error by default.

    >>> import sys
    >>> handler = ScreenHandler(screen(file=sys.stdout))
    >>> handler.handle(logging.makeLogRecord({"msg": "red: \\x1b[31m", "levelno": 30}))
    warning: red: \\x1b[31m
    True
    """

    def __init__(self, console: Console | None = None):
        super().__init__()
        self._console = console

    @property
    def console(self) -> Console:
        """Where it writes."""
        self._console = self._console or screen()
        return self._console

    def emit(self, record: logging.LogRecord) -> None:
        """Write a record."""
        # ValueError is what Python raises for a stream that it has closed itself.
        with contextlib.suppress(OSError, ValueError):
            from rich.text import Text

            text, style = self.format(record), getattr(record, "style", None)
            if style is None:
                style = STYLES.get(record.levelno, "")
                if record.levelno >= logging.WARNING:
                    text = f"{'warning' if record.levelno < logging.ERROR else 'error'}: {text}"
            wrap = not self.console.is_terminal
            self.console.print(Text(printable(text), style), soft_wrap=wrap)


@contextlib.contextmanager
def on_screen(console: Console | None = None, *, always: bool = False) -> Iterator[None]:
    """Show the log, from ``INFO`` on, on standard error; not twice, and for so long only.

    A level that the user has given to the logger ``advnets`` counts. Handlers of the root
    logger get nothing meanwhile, which would be shown twice.

    Args:
        console: Where to show it instead.
        always: Whether to show it also where somebody has configured handlers, for
            ``advnets`` or at the root.

    >>> with on_screen(always=True), on_screen():
    ...     len(ROOT.handlers), ROOT.level == logging.INFO
    (1, True)
    >>> len(ROOT.handlers), ROOT.level == logging.NOTSET
    (0, True)
    """
    if _handlers() or (_configured() and not always):
        yield
        return
    handler, propagate = ScreenHandler(console), ROOT.propagate
    ROOT.addHandler(handler)
    ROOT.propagate = False
    try:
        with at_level(ROOT.level or logging.INFO):
            yield
    finally:
        ROOT.propagate = propagate
        ROOT.removeHandler(handler)


@contextlib.contextmanager
def at_level(level: int) -> Iterator[None]:
    """Let only records of a level or above through, for so long, or of a higher one set before.

    Workers other than the chief play their rounds at ``logging.WARNING``: the chief reports.

    >>> with at_level(logging.WARNING), at_level(logging.INFO):
    ...     logging.getLevelName(ROOT.level)
    'WARNING'
    """
    before, here = ROOT.level, max(level, ROOT.level)
    ROOT.setLevel(here)
    try:
        yield
    finally:
        if ROOT.level == here:  # not what somebody has set meanwhile
            ROOT.setLevel(before)


def terminal() -> Console | None:
    """Return the terminal that the log is shown on, for a display below it; ``None`` elsewhere."""
    shown = (h.console for h in _handlers() if ROOT.isEnabledFor(logging.INFO))
    return next((c for c in shown if c.is_terminal and not c.is_dumb_terminal), None)


def _configured() -> bool:
    """Return whether somebody has chosen where records go.

    Nobody has, if the root logger is as ``logging.basicConfig()`` makes it: absl does so
    whenever TensorFlow logs anything, such as how long it took to save a checkpoint.
    """
    root = logging.getLogger()
    return bool(ROOT.handlers) or not all(
        type(handler) is logging.StreamHandler
        and handler.stream is sys.stderr
        and getattr(handler.formatter, "_fmt", None) == logging.BASIC_FORMAT
        and root.level == logging.WARNING
        for handler in root.handlers
    )


def _handlers() -> list[ScreenHandler]:
    return [handler for handler in ROOT.handlers if isinstance(handler, ScreenHandler)]
