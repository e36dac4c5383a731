"""`advnets run`: play a recipe, or resume a run."""

from __future__ import annotations

import time
from pathlib import Path

import click

from ..runs import RunFolder
from ..runs.load import load_recipe_or_run, refuse_nothing_to_change
from ..runs.starts import check_starts
from ..safe_io.wording import shell_command
from .common import echo, plugin_options, registry_of
from .recipe_options import change_option, recipe_arguments, run_dir_option


@click.command("run")
@recipe_arguments
@run_dir_option
@click.option("--dry-run", is_flag=True, help="Check and print the resolved recipe; play nothing.")
@change_option
@plugin_options
@click.pass_context
def command(
    ctx: click.Context,
    recipe: str,
    overrides: tuple[str, ...],
    run_dir: Path | None,
    dry_run: bool,
    change: bool,
) -> None:
    """Play RECIPE: a file, the name of a shipped recipe, or the folder of a RUN.

    A name of a shipped recipe is the recipe, also where a folder is called so: that is ./NAME.
    The same command resumes the same run, after an interruption or with a larger
    training.steps; a finished run says so. KEY=VALUE overrides a value of the recipe by
    its dotted path, typed as in the file: training.steps=2000, dataset=digits.

    Exit codes: 0 done, 1 the run failed, 2 bad input, 75 interrupted and resumable.
    """
    began = time.monotonic()
    registry = registry_of(ctx)
    resolved, run_dir = load_recipe_or_run(recipe, overrides, run_dir, registry)
    if change:
        refuse_nothing_to_change(run_dir)
    if dry_run:
        folder = RunFolder.for_recipe(resolved, run_dir)
        if not folder.has_recipe():
            check_starts(resolved)
        place = folder.path
        beside = "" if run_dir else "; beside it, if the run there is on other data"
        echo(resolved.to_yaml().rstrip())
        echo(f"# would run in {place}{beside * place.exists()}")
        return
    from ..session.quiet import import_tensorflow
    from ..train.find_data import find_data

    found = find_data(resolved)
    import_tensorflow()
    from ..session.run import play

    played = play(found, registry, run_dir, began=began, change=change)
    if played is None:  # on a worker: the chief has written, and says where
        return
    if played.samples.is_dir():
        echo(f"samples      {played.samples}")
    echo(f"report       {played.report_file}")
    if played.tensorboard.is_dir():
        echo(f"TensorBoard  {shell_command('tensorboard', '--logdir', played.tensorboard)}")
