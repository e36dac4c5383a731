"""`advnets sweep`: many runs of one recipe, over a space of its values."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..safe_io.wording import shorten
from .common import echo, log, plugin_options, print_table, registry_of, state_of

if TYPE_CHECKING:
    from ..sweep import Sweep, SweepFolder, Trial

SHOWN = 20
"""Trials in the table that is printed."""


@click.command("sweep")
@click.argument("sweep", metavar="SWEEP", type=click.Path(path_type=Path))
@click.argument("overrides", metavar="[KEY=VALUE ...]", nargs=-1)
@click.option(
    "--jobs",
    type=click.IntRange(1, 1000),
    default=1,
    show_default=True,
    help="Trials played at a time, each in a process of its own.",
)
@click.option("--trials", type=click.IntRange(1, 10_000), help="How many, instead of the file's.")
@click.option(
    "--sweep-dir",
    type=click.Path(path_type=Path, file_okay=False),
    help="The sweep's folder; sweeps/NAME-IDENTITY by default.",
)
@click.option("--retry", is_flag=True, help="Play failed trials again.")
@click.option("--dry-run", is_flag=True, help="Check, and show what would be played.")
@plugin_options
@click.pass_context
def command(
    ctx: click.Context,
    sweep: Path,
    overrides: tuple[str, ...],
    jobs: int,
    trials: int | None,
    sweep_dir: Path | None,
    retry: bool,
    dry_run: bool,
) -> None:
    """Play many trials of one recipe, as the YAML file SWEEP says, or one that a plugin ships.

    A trial is a choice of values, played under each of the sweep's seeds; each run is one of
    `advnets run`, in a process of its own, below the sweep's folder. The same command
    resumes the same sweep, whatever ended it: finished trials are kept, unfinished runs
    continue from their checkpoints. A trial that fails is recorded, and the sweep continues.
    KEY=VALUE changes a value of the recipe for all trials, and so makes another sweep.

    Exit codes: 0 done, 1 no trial succeeded, 2 bad input, 75 interrupted and resumable.
    """
    from ..sweep import SweepFolder, load_sweep

    loaded = load_sweep(sweep, registry_of(ctx), overrides)
    if trials is not None:
        loaded = loaded.with_trials(trials)
    if loaded.schema.trials is not None and loaded.trials < loaded.schema.trials:
        log.warning(
            f"{loaded.schema.trials:,} trials are asked for, but the grid has {loaded.trials:,}: "
            "these are all"
        )
    folder = SweepFolder.of(loaded, sweep_dir)
    if dry_run:
        _show(loaded, folder)
        return
    from ..sweep.play import play
    from ..sweep.report import find_best, write_report
    from ..sweep.study import import_optuna
    from ..train.find_data import find_data

    import_optuna()
    find_data(loaded.recipe)  # reported once, not by each run
    with folder.lock():
        folder.start(loaded)
        log.info(f"{loaded.name}: {loaded.trials} trials in {folder.path}")
        try:
            played = play(loaded, folder, jobs=jobs, retry=retry, plugins=state_of(ctx).plugins)
        finally:
            write_report(folder, loaded, folder.read())
    best = find_best(played, loaded.maximize)
    _print(loaded, played)
    echo(f"trials  {folder.trials_file}, {folder.table_file}")
    echo(f"report  {folder.report_file}")
    if best is None:
        echo("No trial succeeded.")
        ctx.exit(1)
    runs = ", ".join(str(folder.run_of(best, seed).path) for seed in loaded.seeds)
    echo(f"best    trial {best.number}: {runs}")


def _show(sweep: Sweep, folder: SweepFolder) -> None:
    """Print what would be played."""
    from ..sweep.schema import Grid
    from ..sweep.space import combinations, encode

    echo(f"{sweep.name}: {sweep.trials} trials of {len(sweep.seeds)} run(s) of {sweep.recipe.name}")
    objective = sweep.schema.objective
    echo(f"objective: {objective.metric}, {objective.mode}imal, {objective.at}")
    rows = []
    for parameter in sweep.space:
        entry = parameter.entry.model_dump(mode="json", exclude_none=True, exclude_defaults=True)
        rows.append((parameter.name, encode(entry)))
    print_table(("parameter", "what it may be"), rows)
    sampler = sweep.schema.sampler
    if isinstance(sampler, Grid) and not sampler.shuffle:
        shown = min(SHOWN, sweep.trials)
        for number, params in enumerate(itertools.islice(combinations(sweep.space), shown)):
            echo(f"trial {number}: {encode(params)}")
        if sweep.trials > shown:
            echo(f"and {sweep.trials - shown} more")
    echo(f"# would be played in {folder.path}")


def _print(sweep: Sweep, trials: list[Trial]) -> None:
    """Print the best trials, then the others."""
    from ..sweep.report import rank

    names = [parameter.name for parameter in sweep.space]
    rows = []
    for trial in rank(trials, sweep.maximize)[:SHOWN]:
        own = (_short(trial.params[name]) for name in names)
        reason = shorten(trial.reason, 100)
        rows.append((trial.number, trial.state, *trial.format_value(), *own, reason))
    print_table(("trial", "state", sweep.schema.objective.metric, "±", *names, "remark"), rows)
    if len(trials) > SHOWN:
        echo(f"and {len(trials) - SHOWN} more")


def _short(value: object) -> str:
    return shorten(f"{value:.4g}" if isinstance(value, float) else value, 40)
