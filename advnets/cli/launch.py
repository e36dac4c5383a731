"""`advnets launch`: several workers on this machine play one recipe together."""

from __future__ import annotations

import logging
from pathlib import Path

import click

from ..errors import RunError, UsageError
from ..log import at_level
from ..runs import RunFolder
from ..runs.heartbeat import Tally
from ..runs.load import is_run, load_recipe_or_run, refuse_nothing_to_change
from .common import plugin_options, registry_of, state_of
from .recipe_options import change_option, recipe_arguments, run_dir_option

STRATEGIES = ("auto", "multi_worker")


@click.command("launch")
@click.option(
    "-w", "--workers", type=click.IntRange(1, 1024), required=True, help="How many processes."
)
@recipe_arguments
@run_dir_option
@change_option
@plugin_options
@click.pass_context
def command(
    ctx: click.Context,
    workers: int,
    recipe: str,
    overrides: tuple[str, ...],
    run_dir: Path | None,
    change: bool,
) -> None:
    """Play RECIPE with several worker processes on this machine.

    Each worker plays its share of every batch; the game is the one that `advnets run`
    plays. GPUs are divided evenly among the workers, which play on the processor where
    there are none. The first worker's progress is shown, and all have a log in the run's
    folder, under logs/. Ctrl-C, SIGTERM and their like are passed on; if a worker fails, all end.
    The same command resumes the same run.

    Exit codes: 0 done, 1 the run or a worker failed, 2 bad input, 75 interrupted and
    resumable.
    """
    from ..distribute.launcher import Launcher, worker_command, worker_environments
    from ..train.find_data import find_data

    registry = registry_of(ctx)
    resolved, run_dir = load_recipe_or_run(recipe, overrides, run_dir, registry)
    if change:
        refuse_nothing_to_change(run_dir)
    strategy = resolved.settings.distribution.strategy
    if strategy not in STRATEGIES:
        raise UsageError(
            f"distribution.strategy is {strategy}, which one process plays",
            hint="add distribution.strategy=auto, or use `advnets run`",
        )
    # What is wrong with the recipe, its data or its folder is reported once, before any starts.
    with at_level(logging.ERROR):  # the workers report a stand-in
        found = find_data(resolved)
    folder = RunFolder.for_recipe(found.recipe, run_dir, found.fingerprint)
    environments = worker_environments(workers)
    folder.check(found.recipe, change)
    with folder.lock():
        pass
    plugins = [word for name in state_of(ctx).plugins for word in ("--plugin", name)]
    where = [] if is_run(recipe, registry) else ["--run-dir", str(folder.path)]
    run = ["run", *plugins, *where, *["--change"] * change, "--", recipe, *overrides]
    before = Tally.read(folder.path).sessions
    try:
        Launcher(worker_command(run), environments, folder.logs).run()
    except (RunError, UsageError) as error:
        # The chief may have been ended before it could write down what went wrong; one that was
        # refused has left the run as it was.
        begun = Tally.read(folder.path).sessions > before
        if begun and folder.manifest.get("status") == "running":
            folder.manifest.update(status="failed", error=error.message.splitlines()[0])
        raise
