"""Settings that every test needs before anything imports TensorFlow."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator

import pytest

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # silence the greeting of TensorFlow's runtime
os.environ.setdefault("MPLBACKEND", "Agg")  # figures are drawn to files, never to a window
os.environ.pop("ADVNETS_PLUGINS", None)  # a developer's own plugins are no part of the tests


LONG = (
    *("goes_on_where_it_was", "works_compiled", "takes_schedules"),
    *("plays_the_same_round_again", "has_the_gradient_of_its_values"),
)
"""Checks of the conformance kit that take as long as all others of a component together: `make
test` plays a short game of each component, `make test-all` these as well.
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave the long checks of components to ``make test-all``."""
    for item in items:
        if item.name.startswith("test_conformance[") and item.name.rstrip("]").endswith(LONG):
            item.add_marker(pytest.mark.slow)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """What ``-n auto`` means: a process for each core that this one may use, four at most."""
    usable = getattr(os, "sched_getaffinity", lambda _: range(os.cpu_count() or 1))(0)
    return min(4, len(usable))


@pytest.fixture(autouse=True)
def seeded() -> None:
    """Python's own random numbers, which Keras takes the seeds of initial weights from, are the
    same in every run of a test.
    """
    random.seed(0)


@pytest.fixture(scope="session", autouse=True)
def undrawn() -> Iterator[None]:
    """Charts in the reports of runs in this process are placeholders: to draw them takes as long
    as a short game. What they look like is tests/monitor/test_report.py's, which draws.
    """
    from advnets.monitor.report import report

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(report, "try_drawing", lambda chart: "<svg></svg>")
        yield
