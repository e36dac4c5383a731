"""`advnets verify-resume`: kill a run again and again; whether it is the same in the end."""

from __future__ import annotations

import logging
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import UsageError
from ..log import at_level
from ..runs import RunFolder, refuse_within_run
from ..runs.load import load_recipe_or_run, refuse_nothing_to_change
from .common import echo, log, plugin_options, print_table, registry_of, state_of
from .run_options import seed_option

if TYPE_CHECKING:
    from ..verify.kills import Kill, Subject

SERIES = 5
"""How often the game starts from scratch, at most, because it ended before all kills were made."""


@click.command("verify-resume")
@click.argument("recipe", metavar="RECIPE|RUN")
@click.argument("overrides", metavar="[KEY=VALUE ...]", nargs=-1)
@click.option(
    "--kills",
    type=click.IntRange(1, 10_000),
    default=5,
    show_default=True,
    help="How many processes to kill.",
)
@seed_option("Seed of the moments.")
@click.option(
    "--change", is_flag=True, help="Of a RUN: what KEY=VALUE changes, as `advnets run` does."
)
@click.option("--keep", is_flag=True, help="Keep the runs' folders; else only if they differ.")
@plugin_options
@click.pass_context
def command(
    ctx: click.Context,
    recipe: str,
    overrides: tuple[str, ...],
    kills: int,
    seed: int,
    change: bool,
    keep: bool,
) -> None:
    """Prove that RECIPE survives being killed: play it undisturbed, then with real SIGKILLs.

    Of a RUN, which stays as it is, copies are played on.

    The second run is killed at random moments, some of them inside a save, and the same
    command is given again each time. Then both are compared: the state's hash, the lines
    of metrics.jsonl, the sample grids byte by byte, the scores. Each kill costs a start
    and what was played since the last checkpoint, so lower training.steps and
    checkpoints.every for a quick answer. On GPUs, add distribution.determinism=true.

    Exit codes: 0 the same, 1 not the same, nothing restored, or the run failed, 2 bad input.
    """
    from ..distribute.launcher import worker_command
    from ..train.find_data import find_data
    from ..verify.kills import Subject
    from ..verify.same_run import differences

    resolved, existing = load_recipe_or_run(recipe, overrides, None, registry_of(ctx))
    if change:
        refuse_nothing_to_change(existing)
    began = RunFolder(existing).manifest.get("step") or 0 if existing else 0
    if existing is not None:
        if began >= resolved.settings.training.steps:
            raise UsageError(
                f"there is nothing to play: the run is at step {began:,}",
                hint="a larger training.steps plays on: training.steps=N",
            )
        with RunFolder(existing).lock():
            pass
    refuse_within_run(Path("runs"))
    # What is wrong with the recipe or its data is reported once, before anything is played.
    with at_level(logging.ERROR):  # the runs' own logs report a stand-in
        find_data(resolved)
    Path("runs").mkdir(exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f"verify-resume-{resolved.name}-", dir="runs"))
    plugins = [word for name in state_of(ctx).plugins for word in ("--plugin", name)]

    def subject(name: str) -> Subject:
        if existing is None:
            own = ["--run-dir", str(folder / name), "--", recipe]
        else:
            shutil.copytree(existing, folder / name)
            own = [*["--change"] * change, "--", str(folder / name)]
        words = ["run", *plugins, *own, *overrides]
        return Subject(worker_command(words), folder / name, folder / f"{name}.log")

    found: list[str] = []
    done: list[Kill] = []
    sound = False
    try:
        log.info(f"playing {resolved.name} undisturbed, in {folder}")
        pace = subject("whole").play(patience=24 * 3600)
        log.info(f"took {pace.starting:.1f} s to start and {pace.playing:.1f} s to play")
        for series in range(SERIES):
            if len(done) == kills:
                break
            name = f"killed-{series + 1}"
            for kill in subject(name).play_killed(kills - len(done), seed + series, pace):
                done.append(kill)
                log.info(f"kill {len(done)} of {kills}: {kill.where}, at step {kill.step}")
            found += [f"{name}: {line}" for line in differences(folder / "whole", folder / name)]
        sound = not found
    finally:
        if sound and not keep:
            shutil.rmtree(folder, ignore_errors=True)
        else:
            log.info(f"the runs are in {folder}")
    _print(done)
    if found:
        for line in found:
            echo(f"differs: {line}")
        echo(f"NOT THE SAME after {len(done)} kills.")
        ctx.exit(1)
    last = resolved.settings.training.steps
    if not any(began < kill.kept < last for kill in done):
        echo("NOTHING WAS RESTORED: no checkpoint was there amid the run; lower checkpoints.every.")
        ctx.exit(1)
    if len(done) < kills:
        echo(f"The run ended too soon for more than {len(done)} kills; raise training.steps.")
    echo(f"The same after {len(done)} kills: state, metrics, samples and scores.")


def _print(kills: list[Kill]) -> None:
    columns = ("kill", "after [s]", "at step", "kept", "steps lost", "seconds lost", "where")
    rows = []
    for number, kill in enumerate(kills, 1):
        lost = kill.steps_lost, f"{kill.seconds_lost:.2f}"
        rows.append((number, f"{kill.seconds:.2f}", kill.step, kill.kept, *lost, kill.where))
    print_table(columns, rows)
