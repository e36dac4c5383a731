"""Name the files of a run's folder, and remove what a run wrote that never played."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
from collections.abc import Collection
from pathlib import Path
from typing import Any

from ..errors import AdvnetsError, UsageError
from ..safe_io import is_there, outside
from ..safe_io.atomic import write_atomically
from .lock import HOLDER, LOCK, RunLock
from .manifest import Manifest
from .metrics_log import MetricsLog

log = logging.getLogger(__name__)


class RunFiles:
    """Name the files of a run's folder.

    Args:
        path: The folder. Nothing is made or checked.

    Attributes:
        path: The folder.
        recipe_file: The recipe, fully resolved.
        manifest_file: What the run was and what became of it.
        damaged_file: A manifest that could not be read, once another one was written.
        metrics_file: One JSON object per line and log boundary; read and written by ``metrics``.
        checkpoints: The committed states.
        samples: Sample grids.
        tensorboard: Event files.
        report_file: The report.
        exports: Exported models, and figures.
        logs: The output of the workers of `advnets launch`.
        manifest: The manifest; it reads and writes its file at every use.
    """

    def __init__(self, path: str | Path):
        self.path = Path(path)
        self.recipe_file = self.path / "recipe.yaml"
        self.manifest_file = self.path / "manifest.json"
        self.damaged_file = Manifest(self.manifest_file).aside
        self.metrics_file = self.path / "metrics.jsonl"
        self.checkpoints = self.path / "checkpoints"
        self.samples = self.path / "samples"
        self.tensorboard = self.path / "tensorboard"
        self.report_file = self.path / "report.html"
        self.exports = self.path / "exports"
        self.logs = self.path / "logs"
        self.metrics = MetricsLog(self.metrics_file)
        self.manifest = Manifest(self.manifest_file)
        self._recipe_text: str | None = None

    def own(self) -> list[Path]:
        """Return what lies in the folder of a run, as far as it is there."""
        return [child for child in vars(self).values() if isinstance(child, Path)][1:]

    @property
    def recipe_source(self) -> Path | dict[str, Any]:
        """Where the recipe is read: ``recipe.yaml``, or where it is gone, what the manifest has."""
        if os.path.lexists(self.recipe_file):
            return self.recipe_file
        return self.manifest.get("recipe") or self.recipe_file

    def has_recipe(self) -> bool:
        """Tell whether a run's recipe is here, in either place."""
        try:
            return self.recipe_file.is_file() or isinstance(self.recipe_source, dict)
        except AdvnetsError:  # of the manifest
            return False

    def write_recipe(self, text: str) -> None:
        """Write ``recipe.yaml``, and remember it."""
        write_atomically(self.recipe_file, text)
        self._recipe_text = text

    def put_back_recipe(self) -> None:
        """Write ``recipe.yaml`` again where it was removed since."""
        if self._recipe_text is not None and not os.path.lexists(self.recipe_file):
            log.warning("%s was removed while the run played: put back", self.recipe_file.name)
            write_atomically(self.recipe_file, self._recipe_text)

    def lock(self) -> RunLock:
        """Return a context manager that keeps other processes from writing here."""
        return RunLock(self.path)

    def is_new(self) -> bool:
        """Tell whether no run has written here: at most logs of the workers of one to come."""
        names = {each.name for each in self.path.iterdir()} if self.path.is_dir() else set()
        return not any(name != self.logs.name and not name.startswith(".") for name in names)

    def strangers(self) -> set[Path]:
        """Return the hidden files in the folder that are none of its lock's."""
        return {path for path in self.path.glob(".*") if path.name not in (LOCK, HOLDER)}

    def discard(self, before: Collection[Path]) -> None:
        """Remove what a run wrote that never played, and the folder if nothing else is there.

        Args:
            before: What lay there before (:meth:`strangers`), which stays.
        """
        hidden = [path for path in self.path.glob(".*") if path.is_file()]
        for path in [*self.own(), *hidden]:
            if path == self.logs or path in before:
                continue
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self.path.rmdir()


def refuse_within_run(path: Path) -> None:
    """Refuse a folder for runs that lies in another run's: what is that run's is pruned there.

    Raises:
        UsageError: If one of the folders around it is a run's.
    """
    for around in Path(os.path.realpath(path)).parents:
        run = RunFiles(around)
        if is_there(run.recipe_file) and any(map(is_there, (run.manifest_file, run.damaged_file))):
            raise UsageError(
                f"{path} would be a run inside another one, that in {around}",
                hint="choose a folder beside it; one that is there already is moved out first",
            )


def refuse_links(path: Path) -> None:
    """Refuse a folder in which something leads out of it: see :func:`outside`.

    A run, or a sweep, comes as an archive from somebody else, and its links with it: what is pruned,
    appended to or rewritten must lie in the folder itself.

    Raises:
        UsageError: With the first of them.
    """
    found = next(outside(path), None)
    if found:
        name, fault = found
        raise UsageError(
            f"{name} {fault}",
            where=str(path),
            hint="its files lie in the folder: put the file itself there, or remove "
            "the link (the folder may be a link as a whole)",
        )
