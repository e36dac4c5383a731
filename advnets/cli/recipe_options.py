"""Read the recipe, the overrides and the folder that a command is to play."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click
from click.decorators import FC

from ..errors import UsageError
from ..plugins import Registry
from ..recipe import Recipe, load_recipe
from ..runs import RunFolder
from ..safe_io import is_there


def recipe_arguments(command: FC) -> FC:
    """Add a recipe or run, and overrides of its values, to a command: ``recipe, overrides``."""
    overrides = click.argument("overrides", metavar="[KEY=VALUE ...]", nargs=-1)
    return click.argument("recipe", metavar="RECIPE|RUN")(overrides(command))


def run_dir_option(command: FC) -> FC:
    """Add ``--run-dir`` to a command."""
    return click.option(
        "--run-dir",
        type=click.Path(path_type=Path, file_okay=False),
        help="The run's folder; runs/NAME-IDENTITY by default.",
    )(command)


def load_recipe_or_run(
    recipe: str, overrides: Sequence[str], run_dir: Path | None, registry: Registry
) -> tuple[Recipe, Path | None]:
    """Return the recipe to play and the folder that was named for it.

    Args:
        recipe: A file, the name of a shipped recipe, or the folder of a run.
        overrides: ``KEY=VALUE`` words.
        run_dir: The value of ``--run-dir``.
        registry: The components.

    Raises:
        UsageError: If a word is no override, or a run is given another folder.
        RecipeError: With all problems of the recipe.
    """
    for word in overrides:
        if "=" not in word:
            raise UsageError(
                f"{word!r} is not KEY=VALUE", hint="give one recipe, then overrides of its values"
            )
    if is_there(recipe) and Path(recipe).is_dir():
        existing = RunFolder.open(Path(recipe))
        if run_dir is not None:
            raise UsageError("--run-dir cannot be given for a run, which has its folder")
        return existing.load_recipe(registry, overrides), existing.path
    return load_recipe(recipe, overrides, registry=registry), run_dir
