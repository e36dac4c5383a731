"""The objectives of several sweeps beside each other, if they were measured alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..compare import differing, settings
from ..errors import RunError, UsageError
from ..monitor.figures.style import DATA, INK, MUTED, PAPER
from ..recipe import read_yaml
from ..untrusted import NotAFile, TooLarge, read_bytes
from .charts import histograms
from .folder import MOST_BYTES, SweepFolder

COLOURS = {"ink": INK, "muted": MUTED, "rule": "#dddddd", "real": DATA}
MOST_LINES = 12


@dataclass(frozen=True)
class Outcomes:
    """What became of a sweep's trials.

    Attributes:
        path: The sweep's folder.
        name: The sweep's name.
        metric: What its trials were judged by.
        values: The objective of each trial that was played to its end.
        counts: How many trials there are of each state.
        settings: How the objective was measured; empty if no run tells.
    """

    path: Path
    name: str
    metric: str
    values: list[float]
    counts: dict[str, int]
    settings: dict[str, Any]

    def summary(self) -> dict[str, Any]:
        """The distribution in numbers; of a sweep without results ``None``."""
        found: dict[str, Any] = {"sweep": self.name, "path": str(self.path), "n": len(self.values)}
        if not self.values:
            return found
        with np.errstate(all="ignore"):
            least, low, median, high, most = np.quantile(self.values, [0, 0.25, 0.5, 0.75, 1])
            mean = float(np.mean(self.values))
        numbers = {"min": least, "q1": low, "median": median, "q3": high, "max": most, "mean": mean}
        return found | {name: float(number) for name, number in numbers.items()}


def read_outcomes(path: str | Path) -> Outcomes:
    """Read what became of the sweep in a folder, whoever made it.

    Raises:
        UsageError: If it is no sweep's folder, or something in it leads out.
        RunError: If its trials cannot be read.
    """
    folder = SweepFolder(path)
    try:
        content = read_bytes(folder.sweep_file, MOST_BYTES)
    except (OSError, TooLarge, NotAFile) as error:
        raise UsageError(
            f"{path} is not the folder of a sweep: no sweep.yaml that can be read",
            hint="sweeps lie in sweeps/",
        ) from error
    folder.refuse_links()
    document = read_yaml(content, str(folder.sweep_file))
    told = document.value if isinstance(document.value, dict) else {}
    objective = told.get("objective")
    metric = objective.get("metric") if isinstance(objective, dict) else None
    if document.problems or not isinstance(metric, str):
        raise UsageError("sweep.yaml does not tell the sweep's objective", where=str(path))
    trials = folder.read()
    ended = [trial for trial in trials if trial.state == "complete" and trial.value is not None]
    counts: dict[str, int] = {}
    for trial in trials:
        counts[trial.state] = counts.get(trial.state, 0) + 1
    how: dict[str, Any] = {}
    for trial in ended:
        seed = next(iter(trial.values), "")
        is_seed = seed.isascii() and seed.isdigit() and len(seed) < 11
        run = folder.run_of(trial, int(seed)) if is_seed else None
        protocols = [
            score.get("protocol") or {}
            for score in (run.manifest.data.get("scores") or [] if run else [])
            if score["metric"] == metric
        ]
        if protocols:
            how = settings(metric, protocols[-1])
            break
    values = [trial.value for trial in ended if trial.value is not None]
    name = str(told.get("name", folder.path.name))[:100]
    return Outcomes(folder.path, name, metric, values, counts, how)


def check_alike(outcomes: Sequence[Outcomes]) -> None:
    """Refuse sweeps that were judged by different measures.

    Raises:
        UsageError: With the metrics, or the settings, in which they differ.
    """
    first = outcomes[0]
    for other in outcomes[1:]:
        if other.metric != first.metric:
            raise UsageError(
                f"the sweeps were judged by different scores: {first.path} by {first.metric!r}, "
                f"{other.path} by {other.metric!r}"
            )
        lines = differing(first.settings, other.settings)
        if lines and first.values and other.values:
            shown = "\n".join(f"  {line}" for line in lines[:MOST_LINES])
            raise UsageError(
                f"{first.metric!r} was not measured alike: {first.path} and {other.path} "
                f"differ in\n{shown}"
            )


def draw_beside(outcomes: Sequence[Outcomes], out: Path) -> None:
    """Draw the distributions, one above the other on the same axis, into a PNG file.

    Raises:
        UsageError: If one of the sweeps has no trial that was played to its end.
        RunError: If the file cannot be written.
    """
    import matplotlib as mpl
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    groups: dict[str, list[float]] = {}
    for each in outcomes:
        if not each.values:
            raise UsageError(f"{each.path} has no trial that was played to its end")
        name = each.name if each.name not in groups else f"{each.name} ({each.path.name})"
        groups[name] = each.values
    with mpl.rc_context({"text.parse_math": False, "font.size": 9}):
        figure = Figure(figsize=(6.4, 0.9 + 1.5 * len(groups)), layout="constrained", dpi=120)
        FigureCanvasAgg(figure)
        figure.patch.set_facecolor(PAPER)
        histograms(groups, outcomes[0].metric, COLOURS)(figure)
        try:
            figure.savefig(out, format="png")
        except OSError as error:
            raise RunError(f"{out} cannot be written: {error.strerror or error}") from error
