"""Read a run for a comparison: its recipe apart from the seed, and its scores."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..errors import AdvnetsError, UsageError
from ..plugins.registry import Registry
from ..recipe import identity, read_yaml, recipe_bytes
from ..runs import RunFolder
from ..runs.changes import tell_changes
from ..runs.entries import fingerprint_of
from ..safe_io import is_there
from ..safe_io.wording import shell_command, shorten
from .at_one_step import choose_score
from .protocols import better_direction, settings, settings_key


@dataclass(frozen=True)
class Measured:
    """Hold one score of one run.

    Attributes:
        value: The number; finite.
        error: The score's own error, or ``None``.
    """

    value: float
    error: float | None


@dataclass
class Series:
    """Hold the scores of one metric under the same settings, by step.

    Attributes:
        settings: Dotted names and values.
        better: ``higher``, ``lower`` or ``None``.
        unit: Of the values; empty if unknown.
        at: The scores, by the step of the generator.
    """

    settings: dict[str, Any]
    better: str | None
    unit: str
    at: dict[int, Measured] = field(default_factory=dict)


@dataclass(frozen=True)
class ScoredRun:
    """Hold a run's recipe and scores.

    Attributes:
        path: Its folder.
        recipe: The recipe, as the run began with it; what was changed on the way stands there in
            words, so that such a run is one of another recipe.
        without_seed: The identity of the recipe apart from its seed, with what was changed on
            the way and the data: equal for the runs of one recipe under several seeds.
        series: By metric, and within it by the settings of the measurement.
    """

    path: Path
    recipe: dict[str, Any]
    without_seed: str
    series: dict[str, dict[str, Series]]

    @property
    def name(self) -> str:
        """The recipe's name."""
        return shorten(self.recipe.get("name", "?"), 100)

    @property
    def seed(self) -> Any:
        """The recipe's seed."""
        return self.recipe.get("seed", 1)


def read_run(
    path: str | Path, weights: str = "auto", registry: Registry | None = None
) -> ScoredRun:
    """Read what a comparison needs from a run's folder, which is not trusted.

    Args:
        path: The run's folder.
        weights: Whose scores: ``averaged`` or ``current`` weights', or ``auto``: where both were
            scored, the averaged ones'.
        registry: By which it is known what in a recipe is a place of data.

    Raises:
        UsageError: If it is no run's folder, its recipe cannot be read, or none of its scores is
            of such weights.
        RunError: If its manifest is damaged.
    """
    folder = RunFolder.open(path)
    manifest = folder.manifest.data
    recipe = tell_changes(
        manifest.get("recipe") or _recipe_of(folder), manifest.get("changes") or []
    )
    scores = manifest.get("scores") or []
    if weights != "auto":
        averaged = [bool((score.get("protocol") or {}).get("averaging")) for score in scores]
        chosen = [s for s, a in zip(scores, averaged, strict=True) if a == (weights == "averaged")]
        if scores and not chosen:
            adds = shell_command("advnets", "evaluate", path, "--weights", weights)
            raise UsageError(
                f"none of the run's scores is of {weights} weights",
                where=str(path),
                hint="leave --weights out"
                if weights == "averaged" and not recipe.get("averaging")
                else f"`{adds}` adds some",
            )
        scores = chosen
    return ScoredRun(
        folder.path,
        recipe,
        _identity_without_seed(recipe, manifest, registry),
        _series(scores, recipe.get("seed", 1)),
    )


def read_runs(
    paths: Iterable[Path], weights: str = "auto", registry: Registry | None = None
) -> tuple[list[ScoredRun], list[str]]:
    """Read those of some folders that are runs and can be read; say which cannot, and why.

    Args:
        paths: The folders, ``runs/*`` say; a path at which nothing is can be a slip only.
        weights: As for :func:`read_run`.
        registry: As for :func:`read_run`.

    Raises:
        UsageError: If nothing is at one of the paths.
    """
    runs, left_out = [], []
    for path in paths:
        try:
            runs.append(read_run(path, weights, registry))
        except AdvnetsError as error:
            if not is_there(path):
                raise
            where = "" if str(path) in error.message else f"{path}: "
            left_out.append(f"{where}{error.message}")
    return runs, left_out


def _recipe_of(folder: RunFolder) -> dict[str, Any]:
    document = read_yaml(recipe_bytes(folder.recipe_file), str(folder.recipe_file))
    if document.problems or not isinstance(document.value, dict):
        reason = str(document.problems[0]) if document.problems else "it is no mapping"
        message = f"the recipe of the run cannot be read: {reason}"
        raise UsageError(message, where=str(folder.path))
    return document.value


def _identity_without_seed(
    recipe: Mapping[str, Any], manifest: Mapping[str, Any], registry: Registry | None
) -> str:
    """Return a hash that runs share which differ in the seed alone, wherever their data lay."""
    rest = {name: value for name, value in recipe.items() if name != "seed"}
    fingerprint = fingerprint_of(manifest.get("data"))
    if fingerprint and isinstance(rest.get("dataset"), dict):
        rest["dataset"] = {**rest["dataset"], "fingerprint": fingerprint}
    return identity(rest, registry)


def _series(scores: list[dict[str, Any]], seed: Any) -> dict[str, dict[str, Series]]:
    """Return the finite scores by metric, settings and step, one of each."""
    found: dict[str, dict[str, Series]] = {}
    at: dict[tuple[str, str, int], list[dict[str, Any]]] = {}
    for score in scores:
        protocol = score.get("protocol") or {}
        step, value = protocol.get("step"), score.get("value")
        if step is None or value is None or not math.isfinite(value):
            continue
        metric = score["metric"]
        how, direction = settings(metric, protocol), better_direction(metric, protocol)
        key, new = settings_key(how), Series(how, direction, str(protocol.get("unit") or ""))
        series = found.setdefault(metric, {}).setdefault(key, new)
        series.better = direction or series.better
        at.setdefault((metric, key, step), []).append(score)
    for (metric, how_key, step), scored in at.items():
        chosen = choose_score(scored, seed)
        error = chosen.get("error")
        own = None if error is None or not math.isfinite(error) else float(error)
        found[metric][how_key].at[step] = Measured(float(chosen["value"]), own)
    return found
