"""`advnets run`: play a recipe, or go on with a run."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..safe_io import printable
from ..safe_io.wording import shorten
from .common import echo, plugin_options, registry_of, style
from .recipe_options import asked_for, recipe_arguments, run_dir_option

if TYPE_CHECKING:
    from ..runs import RunFolder


@click.command("run")
@recipe_arguments
@run_dir_option
@click.option("--dry-run", is_flag=True, help="Check and print the resolved recipe; play nothing.")
@plugin_options
@click.pass_context
def command(
    ctx: click.Context,
    recipe: str,
    overrides: tuple[str, ...],
    run_dir: Path | None,
    dry_run: bool,
) -> None:
    """Play RECIPE: a file, the name of a shipped recipe, or the folder of a RUN.

    The same command goes on with the same run, after an interruption or with a larger
    training.steps; a finished run says so. KEY=VALUE overrides a value of the recipe by
    its dotted path, typed as in the file: training.steps=2000, dataset=digits.

    Exit codes: 0 done, 1 the run failed, 2 bad input, 75 interrupted and resumable.
    """
    began = time.monotonic()
    from ..runs import RunFolder

    registry = registry_of(ctx)
    resolved, run_dir = asked_for(recipe, overrides, run_dir, registry)
    if dry_run:
        echo(resolved.to_yaml().rstrip())
        echo(f"# would run in {RunFolder.for_recipe(resolved, run_dir).path}")
        return
    from ..session.quiet import import_tensorflow
    from ..train.find_data import find_data

    found = find_data(resolved, warn_loudly)
    import_tensorflow()
    from ..session.run import play

    folder = play(found, registry, run_dir, began=began)
    if folder is None:  # on a worker: the chief has written, and says where
        return
    echo(f"samples      {folder.samples}")
    echo(f"report       {folder.report_file}")
    echo(f"TensorBoard  tensorboard --logdir {folder.tensorboard}")
    tell_of_problems(folder)


def tell_of_problems(folder: RunFolder) -> None:
    """Warn of a game that was played to its end, but came to nothing, as `doctor` sees it."""
    from ..monitor.report.health import game_findings, record_findings

    try:
        found = [*game_findings(folder.manifest.data), *record_findings(folder.read_metrics())]
    except Exception as error:  # what lies in a folder may be anything; the game is done
        warn_loudly(f"warning: the run's records cannot be read: {printable(shorten(error, 300))}")
        echo(f"  hint: advnets doctor {folder.path}", err=True)
        return
    for finding in found:
        if finding.level == "problem":
            text = printable(f"{finding.subject}: {finding.text}", lines=False)
            warn_loudly(f"warning: {text}")
            if finding.hint:
                echo(f"  hint: {printable(finding.hint, lines=False)}", err=True)


def warn_loudly(text: str) -> None:
    """Print a warning on standard error that is not overlooked."""
    echo(style(text, fg="yellow", bold=True), err=True)
