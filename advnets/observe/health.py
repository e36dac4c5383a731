"""Health: a game that was played to its end, and came to nothing."""

from __future__ import annotations

import logging

from ..monitor.report.health import game_findings, record_findings
from ..runs import RunFolder
from ..safe_io import printable
from .observer import Observer, View

log = logging.getLogger(__name__)


class Health(Observer):
    """Warn of a game that was played to its end but came to nothing, as ``doctor`` sees it."""

    name = "health"

    def start(self, view: View, step: int) -> None:
        """Keep where the records are."""
        self._folder = view.folder

    def finish(self, step: int, status: str) -> None:
        """Look at what the run's records say."""
        if status == "finished":
            warn_of_problems(self._folder)


def warn_of_problems(folder: RunFolder) -> None:
    """Warn of what a run's records say of its game that is a problem."""
    manifest, records = folder.manifest.data, folder.read_metrics()
    for finding in (*game_findings(manifest), *record_findings(records)):
        if finding.level == "problem":
            text = printable(f"{finding.subject}: {finding.text}", lines=False)
            hint = printable(f"  hint: {finding.hint}", lines=False) if finding.hint else ""
            log.warning("%s", f"{text}\n{hint}".rstrip())
