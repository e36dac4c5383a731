"""Take the recipe, the overrides and the folder that a command is to play."""

from __future__ import annotations

from pathlib import Path

import click
from click.decorators import FC


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


def change_option(command: FC) -> FC:
    """Add ``--change`` to a command."""
    return click.option(
        "--change",
        is_flag=True,
        help="Play on with a RUN in which KEY=VALUE changes learning rates, or other numbers of "
        "optimizers, loss, penalties or averaging, from here on, and keep that on record.",
    )(command)
