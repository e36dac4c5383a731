"""The experiments of docs/results.md: what they are, which runs they are made of.

``docs/results/experiments.yaml`` names them; the runs' manifests, metrics and recipes stand
beside it, put there by ``tools/collect_run.py``. Scores are read as `advnets compare` reads
them, and are refused where they were not measured alike.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from ruamel.yaml import YAML

from advnets.compare import Comparison, ScoredRun, compare, diff_settings, read_run
from advnets.errors import UsageError
from advnets.runs import RunFolder

RESULTS = Path(__file__).parents[1] / "docs" / "results"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class Metric(_Strict):
    """A score that an experiment shows.

    Attributes:
        name: Of the score, as in the manifests.
        label: What the table calls it.
        paper: What the paper has, as text with its error.
        reference: The paper's number, for curves; in the unit that is shown.
        scale: By what scores and their errors are multiplied: 100 shows shares in percent.
        unit: What is written after them.
        digits: Decimals that are shown; by the error, if left out.
    """

    name: str
    label: str
    paper: str = ""
    reference: float | None = None
    scale: float = 1.0
    unit: str = ""
    digits: int | None = Field(None, ge=0, le=9)


class Arm(_Strict):
    """One recipe, under one or more seeds.

    Attributes:
        label: What the table calls it.
        runs: A glob of folders below docs/results/.
        at: Which scores count: ``common``, ``last``, ``best``, or a step as text.
        weights: Whose scores: ``averaged``, ``current``, or ``auto``.
    """

    label: str
    runs: str
    at: str = "common"
    weights: Literal["auto", "averaged", "current"] = "auto"


class Published(_Strict):
    """A row of somebody else's numbers.

    Attributes:
        label: Whose, with the setting.
        values: By the score's name, as text.
    """

    label: str
    values: dict[str, str]


class Experiment(_Strict):
    """A part of docs/results.md.

    Attributes:
        source: Where the paper's numbers are from.
        metrics: The scores.
        arms: The recipes.
        published: Numbers of others.
        curve: A picture below docs/results/ of the first score against the epoch.
        steps: Rows of the table of scores by step; none, if 0.
        facts: Further rows of the table of facts.
        sweeps: Folders of sweeps below docs/results/.
        histogram: A picture of the sweeps' objectives beside each other.
    """

    source: str = ""
    metrics: list[Metric] = Field(default_factory=list)
    arms: list[Arm] = Field(default_factory=list)
    published: list[Published] = Field(default_factory=list)
    curve: str = ""
    steps: int = 12
    facts: dict[str, str] = Field(default_factory=dict)
    sweeps: list[str] = Field(default_factory=list)
    histogram: str = ""


@dataclass(frozen=True)
class ArmRuns:
    """An arm and its runs, read.

    Attributes:
        arm: The arm.
        runs: Its runs, by seed.
        manifests: Of the runs.
        found: For each score, the arm's comparison, which has one row.
    """

    arm: Arm
    runs: list[ScoredRun]
    manifests: list[dict[str, Any]]
    found: dict[str, Comparison] = field(default_factory=dict)


def read_experiments(folder: Path = RESULTS) -> dict[str, Experiment]:
    """The experiments, by name.

    Raises:
        pydantic.ValidationError: If the file is not as described above.
    """
    path = folder / "experiments.yaml"
    if not path.is_file():
        return {}
    told = YAML(typ="safe", pure=True).load(path.read_text(encoding="utf-8")) or {}
    return {name: Experiment.model_validate(entry) for name, entry in told.items()}


def read_arm(arm: Arm, metrics: Sequence[Metric], folder: Path = RESULTS) -> ArmRuns:
    """The runs of an arm, which must be of one recipe and measured alike.

    Raises:
        ValueError: If they are of several recipes.
        AdvnetsError: If a run cannot be read, or the scores were not measured alike.
    """
    paths = sorted(path.parent for path in folder.glob(f"{arm.runs}/manifest.json"))
    runs = []
    for path in paths:
        try:
            runs.append(read_run(path, arm.weights))
        except UsageError as error:
            if arm.weights == "auto":
                raise
            print(f"{arm.label}: left out {path.name}: {error.message}", file=sys.stderr)
    runs.sort(key=lambda run: int(run.seed))
    if len({run.without_seed for run in runs}) > 1:
        raise ValueError(f"{arm.label}: the runs {arm.runs} are of several recipes")
    manifests = [RunFolder(run.path).manifest.data for run in runs]
    read = ArmRuns(arm, runs, manifests)
    for metric in metrics:
        if runs and all(metric.name in run.series for run in runs):
            read.found[metric.name] = _only(runs, metric.name, arm.at)
    return read


def _only(runs: Sequence[ScoredRun], metric: str, at: str) -> Comparison:
    """The comparison of runs of one recipe: one row. Of several ways of measuring, the last."""
    if len(runs) > 1:
        return compare(runs, [metric], at)[0][-1]
    # A comparison is of two or more; one run is compared with its twin under another name.
    twin = ScoredRun(runs[0].path, runs[0].recipe, "twin", runs[0].series)
    both = compare([runs[0], twin], [metric], at)[0][-1]
    return Comparison(metric, both.at, both.better, both.unit, both.settings, both.rows[:1], [])


def check_alike(arms: Sequence[ArmRuns]) -> None:
    """What stands in one table was measured alike.

    Raises:
        ValueError: With the settings that differ.
    """
    by_metric: dict[str, tuple[str, Mapping[str, Any]]] = {}
    for read in arms:
        for metric, found in read.found.items():
            label, settings = by_metric.setdefault(metric, (read.arm.label, found.settings))
            lines = diff_settings(settings, found.settings)
            if lines:
                raise ValueError(
                    f"{metric} of {label!r} and of {read.arm.label!r} differ in {'; '.join(lines)}"
                )
