"""Compare the objectives of several sweeps, if they were measured alike."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..compare import diff_settings, settings
from ..errors import RunError, UsageError
from ..monitor.figures.style import DATA, INK, MUTED, PAPER
from ..monitor.plain_text import plain_text
from ..recipe import read_yaml
from ..runs import refuse_links
from ..safe_io import NotAFile, TooLarge, read_bytes
from ..safe_io.json_text import MOST_BYTES
from ..safe_io.wording import indent, shorten
from .charts import histograms, select_finished
from .folder import SweepFolder
from .trial import Trial

COLOURS = {"ink": INK, "muted": MUTED, "rule": "#dddddd", "real": DATA}
MOST_LINES = 12
STEPS = "training.steps"


@dataclass(frozen=True)
class Outcomes:
    """Hold the results of a sweep's trials.

    Attributes:
        path: The sweep's folder.
        name: The sweep's name.
        metric: The score that is its objective.
        settings: How the objective was measured; ``None`` if no run's manifest is left.
        criteria: What each objective is of a trial: ``objective.mode``, ``objective.at``,
            ``training.steps``, and the ``number of seeds``.
        trials: All trials.
        space: What sweep.yaml says of the parameters.
        manifest: Of the run whose settings these are; empty if none is left.
    """

    path: Path
    name: str
    metric: str
    settings: dict[str, Any] | None
    criteria: dict[str, Any]
    trials: list[Trial]
    space: dict[str, Any]
    manifest: dict[str, Any]

    @property
    def values(self) -> list[float]:
        """The objective of each complete trial."""
        return [trial.value for trial in select_finished(self.trials) if trial.value is not None]

    @property
    def counts(self) -> dict[str, int]:
        """How many trials there are of each state."""
        return dict(Counter(trial.state for trial in self.trials))

    def summary(self) -> dict[str, Any]:
        """Summarise the distribution in numbers; without results only their count, 0."""
        found: dict[str, Any] = {"sweep": self.name, "path": str(self.path), "n": len(self.values)}
        if not self.values:
            return found
        with np.errstate(all="ignore"):
            least, low, median, high, most = np.quantile(self.values, [0, 0.25, 0.5, 0.75, 1])
            mean = float(np.mean(self.values))
        numbers = {"min": least, "q1": low, "median": median, "q3": high, "max": most, "mean": mean}
        return found | {name: float(number) for name, number in numbers.items()}


def read_outcomes(path: str | Path) -> Outcomes:
    """Read the results of the sweep in a folder, which is not trusted.

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
    refuse_links(folder.path)
    sweep = _read_mapping(content, folder.sweep_file)
    objective = sweep.get("objective")
    metric = objective.get("metric") if isinstance(objective, dict) else None
    if not isinstance(metric, str):
        raise UsageError("sweep.yaml has no objective.metric", where=str(path))
    trials = folder.read()
    how, manifest = _read_settings(folder, select_finished(trials), metric)
    found = sweep.get("space")
    space = found if isinstance(found, dict) else {}
    name = shorten(sweep.get("name", folder.path.name), 100)
    criteria = _read_criteria(sweep, folder, space)
    return Outcomes(folder.path, name, metric, how, criteria, trials, space, manifest)


def _read_mapping(content: bytes, file: Path) -> dict[str, Any]:
    """Read the mapping in a YAML file; an empty one if there is none."""
    document = read_yaml(content, str(file))
    sound = isinstance(document.value, dict) and not document.problems
    return document.value if sound else {}


def _read_settings(
    folder: SweepFolder, complete: Sequence[Trial], metric: str
) -> tuple[dict[str, Any] | None, dict[str, Any]]:
    """Return the objective's settings, and the first manifest that has them."""
    for trial in complete:
        for seed in trial.values:
            if not (seed.isascii() and seed.isdigit() and len(seed) < 11):
                continue
            manifest = folder.run_of(trial, int(seed)).manifest.data
            scores = [s for s in manifest.get("scores") or [] if s["metric"] == metric]
            if scores:
                return settings(metric, scores[-1].get("protocol") or {}), manifest
    return None, {}


def _read_criteria(
    sweep: Mapping[str, Any], folder: SweepFolder, space: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what must agree for a comparison besides the settings of the score."""
    try:
        recipe = _read_mapping(read_bytes(folder.recipe_file, MOST_BYTES), folder.recipe_file)
    except (OSError, TooLarge, NotAFile):
        recipe = {}
    training = recipe.get("training")
    steps = training.get("steps") if isinstance(training, dict) else None
    keys = {name: e.get("keys") if isinstance(e, dict) else None for name, e in space.items()}
    swept = any(STEPS in (own if isinstance(own, list) else [name]) for name, own in keys.items())
    seeds = sweep.get("seeds")
    return {
        "objective.mode": sweep["objective"].get("mode", "max"),
        "objective.at": sweep["objective"].get("at", "last"),
        STEPS: "a parameter" if swept else steps,
        "number of seeds": len(seeds) if isinstance(seeds, list) else 1,
    }


def check_alike(outcomes: Sequence[Outcomes]) -> None:
    """Refuse sweeps whose objectives were measured differently, or after different trainings.

    Raises:
        UsageError: With the metrics, or the settings, in which they differ; or with the sweep
            of which no run is left that shows how its objective was measured.
    """
    first = outcomes[0]
    for other in outcomes[1:]:
        if other.metric != first.metric:
            raise UsageError(
                f"the sweeps were judged by different scores: {first.path} by {first.metric!r}, "
                f"{other.path} by {other.metric!r}"
            )
        if not (first.values and other.values):
            continue
        _refuse(first, other, "the sweeps' trials were not judged alike", "criteria")
        for each in (first, other):
            if each.settings is None:
                raise UsageError(
                    f"how {each.metric!r} was measured is unknown: no manifest of the runs "
                    f"of {each.path} is left",
                    hint="runs/NNNN-seedS/manifest.json of one complete trial is enough",
                )
        _refuse(first, other, f"{first.metric!r} was not measured alike", "settings")


def _refuse(first: Outcomes, other: Outcomes, message: str, what: str) -> None:
    lines = diff_settings(getattr(first, what), getattr(other, what))
    if lines:
        shown = indent(lines, MOST_LINES)
        raise UsageError(f"{message}: {first.path} and {other.path} differ in\n{shown}")


def draw_distributions(outcomes: Sequence[Outcomes], out: Path) -> None:
    """Draw the distributions, one above the other on the same axis, into a PNG file.

    Raises:
        UsageError: If one of the sweeps has no complete trial.
        RunError: If the file cannot be written.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    groups: dict[str, list[float]] = {}
    for each in outcomes:
        if not each.values:
            raise UsageError(f"{each.path} has no complete trial")
        name = each.name if each.name not in groups else f"{each.name} ({each.path.name})"
        groups[name] = each.values
    with plain_text(font_size=9):
        figure = Figure(figsize=(6.4, 0.9 + 1.5 * len(groups)), layout="constrained", dpi=120)
        FigureCanvasAgg(figure)
        figure.patch.set_facecolor(PAPER)
        histograms(groups, outcomes[0].metric, COLOURS)(figure)
        try:
            figure.savefig(out, format="png")
        except OSError as error:
            raise RunError(f"{out} cannot be written: {error.strerror or error}") from error
