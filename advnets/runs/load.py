"""Load what is to be played: a recipe, or a run that is already there."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ..errors import UsageError
from ..plugins.registry import Registry
from ..recipe import Recipe, is_shipped, load_recipe
from ..safe_io import is_there
from .folder import RunFolder

log = logging.getLogger(__name__)


def load_recipe_or_run(
    recipe: str | Path | Mapping[str, Any],
    overrides: Mapping[str, Any] | Sequence[str],
    run_dir: str | Path | None,
    registry: Registry,
) -> tuple[Recipe, Path | None]:
    """Return the recipe to play and the folder that was named for it.

    Args:
        recipe: A file, the name of a shipped recipe, the recipe itself, or the folder of a run,
            as :func:`is_run` takes it.
        overrides: ``KEY=VALUE`` words, or a mapping from dotted paths to values.
        run_dir: The folder to play it in, if one is named.
        registry: The components.

    Raises:
        UsageError: If a word is no override, or a run is given another folder.
        RecipeError: With all problems of the recipe.
    """
    overrides = [overrides] if isinstance(overrides, str) else overrides
    for word in overrides if not isinstance(overrides, Mapping) else ():
        if "=" not in word:
            raise UsageError(
                f"{word!r} is not KEY=VALUE", hint="give one recipe, then overrides of its values"
            )
    if not isinstance(recipe, Mapping) and is_run(recipe, registry):
        existing = RunFolder.open(Path(recipe))
        if run_dir is not None:
            raise UsageError("--run-dir cannot be given for a run, which has its folder")
        return existing.load_recipe(registry, overrides), existing.path
    named = None if run_dir is None else Path(run_dir)
    if named is None and isinstance(recipe, str) and is_there(RunFolder(recipe).recipe_file):
        log.warning(
            "%s is the shipped recipe here; the run in the folder of that name is ./%s",
            *(recipe, recipe),
        )
    return load_recipe(recipe, overrides, registry=registry), named


def is_run(word: str | Path, registry: Registry) -> bool:
    """Tell whether a word means the folder of a run.

    The name of a shipped recipe means the recipe, whatever folder is called so: ``./NAME``, as
    any path, is the folder.
    """
    return is_there(word) and Path(word).is_dir() and not is_shipped(word, registry)


def refuse_nothing_to_change(run: Path | None) -> None:
    """Refuse to change a run that is not there.

    Args:
        run: Its folder, as it was named.

    Raises:
        UsageError: If none was, or there is no run in it.
    """
    if run is None or not RunFolder(run).has_recipe():
        raise UsageError(
            "there is no run to change",
            where=None if run is None else str(run),
            hint="give the run's folder: advnets run RUN KEY=VALUE --change",
        )
