"""advnets from Python: ``advnets.run`` plays a recipe, ``advnets.open_run`` opens a run."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..log import on_screen
from ..plugins import load_plugins
from ..runs import RunFolder
from ..runs.load import load_recipe_or_run, refuse_nothing_to_change
from ..train.find_data import find_data
from .opened import Run


def run(
    recipe: str | Path | Mapping[str, Any],
    overrides: Mapping[str, Any] | Sequence[str] = (),
    run_dir: str | Path | None = None,
    *,
    plugins: Sequence[str | Path] = (),
    change: bool = False,
) -> Run:
    """Play a recipe, as ``advnets run`` does.

    Args:
        recipe: A file, the name of a shipped recipe, a mapping, or the folder of a run.
        overrides: ``{"training.steps": 2000}`` or ``["training.steps=2000"]``.
        run_dir: The run's folder; ``runs/<name>-<identity>`` by default.
        plugins: Further plugins, as ``--plugin`` takes them.
        change: Whether to play on with a run in whose recipe the overrides change learning rates,
            or other numbers of its optimizers, loss and penalties, from here on and on record.

    Returns:
        The finished run. Calling it again goes on with, or returns, the same run. Where
        several workers play it, the run can be read where its folder is.

    Raises:
        RecipeError: With all problems of the recipe.
        DataUnavailable: If the data cannot be had and there is no stand-in.
        RunError: If the run fails.
        Interrupted: If it is stopped by a signal, its state committed.
    """
    from .run import play

    registry = load_plugins(plugins)
    resolved, path = load_recipe_or_run(recipe, overrides, run_dir, registry)
    if change:
        refuse_nothing_to_change(path)
    with on_screen():
        found = find_data(resolved)
        folder = play(found, registry, path, change=change)
    return Run(folder or RunFolder.for_recipe(found.recipe, path), registry, found.recipe)


def open_run(
    path: str | Path, *, plugins: Sequence[str | Path] = (), checkpoint: str | int = "newest"
) -> Run:
    """Open a run's folder.

    Args:
        path: The folder.
        plugins: Further plugins, as ``--plugin`` takes them.
        checkpoint: ``newest``, ``best`` or a step.

    Raises:
        UsageError: If it is not a run's folder.
    """
    return Run(RunFolder.open(Path(path)), load_plugins(plugins), checkpoint=checkpoint)
