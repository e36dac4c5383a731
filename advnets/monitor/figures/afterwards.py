"""Add a figure that was drawn after its run to the report and event files."""

from __future__ import annotations

import logging
from pathlib import Path

from ...errors import RunError
from ...runs import RunFolder
from ..report.report import write_report
from ..tensorboard import EventLog

log = logging.getLogger(__name__)


def show_afterwards(folder: RunFolder, number: str, step: int, path: Path) -> None:
    """Add a picture to TensorBoard's event files, unless the run is in progress, and to the report.

    Args:
        folder: The run's folder; where it never had event files, it gets none.
        number: Of the figure.
        step: Of the game that it shows.
        path: The picture, one of the run's exports.

    Raises:
        RunError: If the report cannot be written.
    """
    moving = "_over_the_run" * (path.suffix == ".gif")
    with folder.lock().if_free() as idle:
        if not idle:
            log.warning("the run is in progress: TensorBoard does not show the figure")
        elif folder.tensorboard.is_dir():
            try:
                events = EventLog(folder.tensorboard, None)
                events.image(step, f"figures/{number}{moving}", path)
                events.close(succeeded=None)
            except RunError as error:
                log.warning(f"{error.message}; they lack the figure")
    write_report(folder)
