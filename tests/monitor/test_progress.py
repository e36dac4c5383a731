"""The progress of a run, as lines and on a terminal."""

from __future__ import annotations

import io
import logging

import pytest

from advnets.log import ROOT, at_level, on_screen, screen
from advnets.monitor.progress import Progress


def lines(console):
    return console.file.getvalue().splitlines()


def test_plain_lines_come_first_last_and_in_between_at_intervals(console, record):
    now = [0.0]
    progress = Progress("run", 100, interval=10, clock=lambda: now[0])
    progress.start(0)
    for step, now[0] in ((20, 1), (40, 2), (60, 11), (80, 12), (100, 13)):
        progress.update(record(step))
    assert [line.split()[1] for line in lines(console)] == ["20/100", "60/100", "100/100"]


def test_a_line_says_it_all(console, record):
    progress = Progress("run", 10_000, clock=lambda: 0.0)
    progress.start(0)
    progress.update(record(2_000))
    assert lines(console) == [
        "step 2000/10000  D 1.3000  G 0.7000  V -1.3858 (-log 4 = -1.3863)  "
        "D right on 75% real 50% fake  40.0 steps/s  3:20 left"
    ]


def test_what_is_undefined_is_left_out(console):
    progress = Progress("run", 10, clock=lambda: 0.0)
    progress.update({"step": 10, "d_loss": None, "value": None, "d_accuracy_real": None})
    assert lines(console) == ["step 10/10"]


@pytest.fixture
def terminal():
    """The log is shown on it; what it is told to show is kept."""
    console = screen(file=io.StringIO(), force_terminal=True, width=120, color_system=None)
    with on_screen(console, always=True):
        yield console


def test_on_a_terminal_there_is_one_display_that_stays_at_the_end(terminal, record):
    progress = Progress("ring", 100)
    progress.start(0)
    progress.update(record(50))
    ROOT.warning("it came to this")
    progress.stop()
    shown = terminal.file.getvalue()
    assert "50/100" in shown
    assert "40.0 steps/s" in shown
    assert "-log 4 = -1.3863" in shown
    assert shown.count("warning: it came to this") == 1
    assert shown.index("warning:") < shown.rindex("50/100")  # it was written above
    assert shown.endswith("\x1b[?25h")  # the cursor is given back


def test_who_silences_the_log_has_no_display(terminal, record):
    with at_level(logging.WARNING):
        progress = Progress("ring", 100)
        progress.start(0)
        progress.update(record(100))
        progress.stop()
    assert terminal.file.getvalue() == ""


class Full(io.StringIO):
    """A stream on a disk that is full."""

    def write(self, text):
        raise OSError(28, "No space left on device")


class Closed(io.StringIO):
    """A pipe that nobody reads any more."""

    def write(self, text):
        raise BrokenPipeError


@pytest.mark.parametrize("stream", [Full, Closed])
@pytest.mark.parametrize("terminal", [True, False])
def test_where_nothing_can_be_shown_the_run_goes_on(record, stream, terminal):
    console = screen(file=stream(), force_terminal=terminal, width=120, color_system=None)
    with on_screen(console, always=True):
        progress = Progress("ring", 20, interval=0.0)
        progress.start(0)
        progress.update(record(10))
        ROOT.info("a note")
        progress.update(record(20))
        progress.stop()
    assert progress.step == 20
