"""What the engine tells of a run, and where it goes.

    with Monitor(folder, recipe, spec) as monitor:
        monitor.start(step)              # after restoring; drops records later than step
        monitor.log(record)              # at log boundaries
        monitor.images(step, generated)  # at image boundaries
        monitor.theory(step, game)       # of a game on the line, at log boundaries
        monitor.scores(step, scores)     # after an evaluation
        monitor.note("text")             # whenever there is something to say
        monitor.figure(2, step, draw)    # at the end
        monitor.finish("finished")       # or "interrupted", "failed"

                 metrics.jsonl   tensorboard/   samples/   screen
    log               x               x                       x
    images                            x            x
    theory                                         x
    scores                            x                       x
    figure                            x         exports/
    note                                                      x

metrics.jsonl is the record that the report is made of: failing to write it is an error.
The others are for watching: failing to write them is said once, and the run goes on.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

import numpy as np
from rich.console import Console

from ..evaluate import Score
from ..plugins.tracebacks import describe_error
from ..runs.sample_files import sample_file, samples_of, step_of
from ..safe_io.atomic import replacing
from ..safe_io.jsonable import to_jsonable
from .grid import Density, save_grid
from .progress import Progress, Screen
from .scores import line_of, show
from .snapshot import Snapshot, open_log, read_first_snapshot, take_snapshot
from .tensorboard import EventLog

if TYPE_CHECKING:
    from types import TracebackType

    from ..evaluate.estimators.line_game import LineGame
    from ..recipe import Recipe
    from ..runs import RunFolder

ENDINGS = {
    "finished": ("finished at step {}", "bold green"),
    "interrupted": ("interrupted at step {}; the same command goes on", "bold yellow"),
    "failed": ("failed at step {}", "bold red"),
}


class Monitor:
    """Records and shows a run; see the head of this module.

    Args:
        folder: The run's folder.
        recipe: The run's recipe.
        spec: The data's :class:`advnets.data.DataSpec`.
        density: For vectors: p_data, ``[n, *shape]`` → ``[n]``, drawn beneath samples.
        reference: For vectors: real examples ``[m, *shape]`` in the data set's own range.
        probability: For vectors of one dimension: the probability that D gives to
            "real", ``[n, *shape]`` in the data set's own range → ``[n]``.
        console: Where progress is shown; the standard error stream by default.
        chief: Whether this process is the one that writes; any other stays silent.
    """

    def __init__(
        self,
        folder: RunFolder,
        recipe: Recipe,
        spec: Any,
        *,
        density: Density | None = None,
        reference: np.ndarray | None = None,
        probability: Density | None = None,
        console: Console | None = None,
        chief: bool = True,
    ):
        self.folder = folder
        self.recipe = recipe
        self.spec = spec
        self.chief = chief
        self._beneath: dict[str, Any] = {
            "density": density,
            "reference": reference,
            "probability": probability,
        }
        self._progress = Progress(
            console or Screen(),
            str(recipe.data.get("name", "run")),
            int(recipe.data["training"]["steps"]),
        )
        self._events: EventLog | None = None
        self._snapshots = open_log(folder.samples)
        self._first: Snapshot | None = None
        self._finished = False
        self._warned: set[str] = set()

    def start(self, step: int) -> None:
        """Begin, or go on, at ``step``: drop what was recorded after it, open everything.

        A run that was killed has records later than its last checkpoint. They are
        dropped, because those steps are about to be played again.
        """
        # What there is at round 0 is taken down once more.
        self._open(step, step or -1)

    def _open(self, step: int, snapshots: int) -> None:
        if not self.chief:
            return
        self.folder.truncate_metrics(step)
        self._try("samples", lambda: self._forget(step, snapshots))
        self._snapshots = open_log(self.folder.samples)
        monitoring = self.recipe.data.get("monitoring") or {}
        if monitoring.get("tensorboard", True):
            self._events = EventLog(self.folder.tensorboard, step, self._warn)
            self._events.recipe(step, self.recipe.to_yaml(), self.recipe.data)
        self._progress.start(step)

    def go_back(self, step: int) -> None:
        """Drop what was recorded after ``step``, from which the run goes on."""
        if self._events:
            self._events.close(succeeded=True)
            self._events = None
        self._open(step, step)

    def log(self, record: Mapping[str, Any]) -> dict[str, Any]:
        """Append a record to metrics.jsonl, and show it.

        Args:
            record: The keys of metrics.jsonl; ``step`` is required, ``time`` is added if it
                is missing (seconds since 1970). Numpy scalars and tensors are converted;
                a number that is not finite is written as ``null``.

        Returns:
            What was written.
        """
        written = {"step": None, "time": time.time()} | to_jsonable(record)
        written["step"] = int(written["step"])
        if not self.chief:
            return written
        self.folder.append_metrics(written)
        if self._events:
            self._events.scalars(written["step"], written)
        self._progress.update(written)
        return written

    def images(self, step: int, generated: np.ndarray) -> Path:
        """Draw samples into ``samples/step-XXXXXXXX.png``.

        Args:
            step: The generator's step.
            generated: ``[n, *shape]``, in the data set's own range.
        """
        path = Path(self.folder.samples) / sample_file(step)
        if self.chief:
            self._try("samples", lambda: self._draw(path, step, generated))
        return path

    def theory(self, step: int, game: LineGame) -> Mapping[str, float]:
        """Keep what figure 1 shows of a game in ``samples/theory.jsonl``.

        Args:
            step: The round.
            game: At this moment.

        Returns:
            What theory says of it: V, C(G), JSD, C(G) − V, max |D − D*|.
        """
        if self._first is None and step:
            self._first = read_first_snapshot(self.folder.samples)
        snapshot = take_snapshot(step, game, self._first)
        self._first = self._first or snapshot
        if self.chief:
            self._try("samples", lambda: self._keep(snapshot))
        return snapshot.numbers

    def scores(self, step: int, scores: Iterable[Score], suffix: str = "") -> None:
        """Append a line of scores and their errors to metrics.jsonl, and show them.

        Keeping them in the manifest, with their protocols, is the caller's part.

        Args:
            step: The generator's step.
            scores: What was measured.
            suffix: What is added to their names, where the same is measured twice.
        """
        scores = list(scores)
        if not self.chief or not scores:
            return
        for score in scores:
            self.note(f"step {step}: {score}{suffix.replace('_', ', ')}", "bold")
        self.folder.append_metrics(line_of(step, scores, suffix))
        if self._events:
            show(self._events, step, scores, suffix)

    def figure(self, number: int, step: int, draw: Callable[[BinaryIO], Any]) -> None:
        """Draw a figure of the paper into ``exports/figure-N.png``.

        Args:
            number: N.
            step: The round.
            draw: Writes it as a PNG.
        """
        path = self.folder.exports / f"figure-{number}.png"

        def work() -> None:
            path.parent.mkdir(exist_ok=True)
            with replacing(path) as file:
                draw(file)
            if self._events:
                self._events.image(step, f"figures/{number}", path)

        if self.chief:
            self._try(f"figure {number}", work)

    def note(self, text: str, style: str = "") -> None:
        """Print a line, above the progress line if there is one.

        Args:
            text: The line.
            style: A style of rich's, such as ``"bold yellow"``.
        """
        if self.chief:
            self._progress.print(text, style)

    def finish(self, status: str) -> None:
        """Close everything and say how the run ended.

        Args:
            status: ``finished``, ``interrupted`` or ``failed``. The first call counts.
        """
        if self._finished:
            return
        self._finished = True
        self._progress.stop()
        if self._events:
            self._events.close(succeeded=status != "failed")
        text, style = ENDINGS[status]
        self.note(text.format(f"{self._progress.step:,}"), style)

    def __enter__(self) -> Monitor:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.finish("finished" if kind is None else "failed")

    def _forget(self, step: int, snapshots: int) -> None:
        """Remove what was drawn after a step, and the snapshots after another."""
        open_log(self.folder.samples).truncate(snapshots)
        for path in samples_of(self.folder.samples):
            if step_of(path) > step:
                path.unlink()

    def _keep(self, snapshot: Snapshot) -> None:
        self.folder.samples.mkdir(exist_ok=True)
        self._snapshots.append(snapshot.record())

    def _draw(self, path: Path, step: int, generated: np.ndarray) -> None:
        save_grid(path, generated, self.spec, title=f"step {step:,}", **self._beneath)
        if self._events:
            self._events.image(step, "samples", path)

    def _try(self, what: str, action: Callable[[], None]) -> None:
        try:
            action()
        except Exception as error:
            if what not in self._warned:
                self._warned.add(what)
                self._warn(f"cannot write {what}: {describe_error(error)}; the run goes on")

    def _warn(self, text: str) -> None:
        self.note(f"warning: {text}", "yellow")
