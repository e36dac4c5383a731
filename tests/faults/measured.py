"""What the tests of the fault matrix measured, kept where pytest is told `--faults-record=PATH`.

No test passes or fails by what is kept here. The rows are those of docs/reliability/matrix.yaml;
docs/reliability.md says what the numbers mean.
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Collection, Iterator, Mapping
from typing import Any


class Measured:
    """Takes down what the faults of one test cost.

    Args:
        test: The test's node id.
        rows: The ids of the matrix's rows.

    Attributes:
        kept: One mapping for each fault.

    >>> measured = Measured("test_a.py::test_b", ["full"])
    >>> measured("full", True, 7, 1.5)
    >>> measured.kept[0]["steps_lost"], measured.kept[0]["seconds_lost"]
    (7, 1.5)
    >>> measured("fool", True, 7, 1.5)
    Traceback (most recent call last):
    ...
    KeyError: "the fault matrix has no row 'fool'"
    """

    def __init__(self, test: str, rows: Collection[str]):
        self._test, self._rows = test, rows
        self.kept: list[dict[str, Any]] = []

    def __call__(
        self, row: str, recovered: bool | None, steps_lost: int | None, seconds_lost: float
    ) -> None:
        """Take down what a fault cost, once the test knows what became of it.

        Args:
            row: The id of its row.
            recovered: Whether the run ended as if nothing had happened; ``None`` where there
                was nothing to recover.
            steps_lost: Rounds that were played in vain; ``None`` where there are none to play.
            seconds_lost: What that cost, or how long it took until the fault was told.
        """
        if row not in self._rows:
            raise KeyError(f"the fault matrix has no row {row!r}")
        entry = {"row": row, "test": self._test, "recovered": recovered}
        self.kept.append(entry | {"steps_lost": steps_lost, "seconds_lost": seconds_lost})

    @contextlib.contextmanager
    def timed(
        self, row: str, recovered: bool | None = None, steps_lost: int | None = 0
    ) -> Iterator[None]:
        """Take down a fault that costs nothing but the seconds that this takes."""
        began = time.perf_counter()
        yield
        self(row, recovered, steps_lost, time.perf_counter() - began)

    def booked(self, row: str, recovered: bool | None, manifest: Mapping[str, Any]) -> None:
        """A run in one session, whatever became of it: its manifest says what was lost."""
        self(row, recovered, *lost(manifest))


def lost(manifest: Mapping[str, Any]) -> tuple[int, float]:
    """The rounds and seconds that a manifest books as lost.

    >>> lost({"sessions": {"steps_lost": 3}, "time": {"lost": 0.5}}), lost({})
    ((3, 0.5), (0, 0.0))
    """
    return (
        (manifest.get("sessions") or {}).get("steps_lost", 0),
        (manifest.get("time") or {}).get("lost", 0.0),
    )


def cost(failed: Mapping[str, Any], again: Mapping[str, Any]) -> tuple[int, float]:
    """What was lost by a session that ended early, and by the start of the one that went on.

    Args:
        failed: The run's manifest, or the extras of its newest checkpoint, after the first.
        again: Its manifest after the second.

    Returns:
        Rounds and seconds.

    >>> books = {"sessions": {"steps_lost": 3}, "time": {"lost": 0.5, "starting": 5.0}}
    >>> cost({"time": {"starting": 3.0}}, books)
    (3, 2.5)
    """
    steps, seconds = lost(again)
    return steps, seconds + max(0.0, starting(again) - starting(failed))


def starting(manifest: Mapping[str, Any]) -> float:
    """The seconds that a manifest, or the extras of a checkpoint, book for starting.

    >>> starting({"time": {"starting": 2.0}}), starting({})
    (2.0, 0.0)
    """
    return float((manifest.get("time") or {}).get("starting", 0.0))
