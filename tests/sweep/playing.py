"""Play a sweep in a folder, and read what is kept of it; for the tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from advnets.sweep import Sweep, SweepFolder, Trial


def played(sweep: Sweep, place: Path, **how: Any) -> tuple[list[Trial], SweepFolder]:
    from advnets.sweep.play import play  # with Optuna, which may not be there

    folder = SweepFolder.of(sweep, place)
    with folder.lock():
        folder.start(sweep)
        return play(sweep, folder, **how), folder


def told(folder: SweepFolder) -> list[dict[str, Any]]:
    """What is kept of the trials, but for their times."""
    return [trial.to_dict() | {"seconds": 0} for trial in folder.read()]


def starts(folder: SweepFolder) -> int:
    """How many processes played runs."""
    return sum(len(file.read_text().splitlines()) for file in folder.runs.glob("*/starts.log"))
