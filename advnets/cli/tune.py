"""`advnets tune`: time what leaves the mathematics alone, and write down the fastest."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, get_args

import click

from ..errors import AdvnetsError, UsageError
from ..recipe.schema import Precision
from ..runs import RunFolder
from ..runs.load import load_recipe_or_run
from ..runs.manifest import machine
from ..safe_io.wording import shell_command
from .common import (
    check_out,
    echo,
    force_option,
    out_option,
    plugin_options,
    print_table,
    registry_of,
)
from .recipe_options import recipe_arguments

if TYPE_CHECKING:
    from ..train.tune import Tuned


@click.command("tune")
@recipe_arguments
@click.option(
    "--seconds",
    type=click.FloatRange(0.1, 600),
    default=5.0,
    show_default=True,
    help="How long each choice is played.",
)
@click.option(
    "--precision",
    "precisions",
    type=click.Choice(get_args(Precision)),
    multiple=True,
    help="Also try this precision, which is another game in the last digits. Repeatable.",
)
@out_option("Where the tuned copy of RECIPE goes; NAME-tuned.yaml by default.")
@force_option
@click.option("--dry-run", is_flag=True, help="Print the table; write nothing.")
@plugin_options
@click.pass_context
def command(
    ctx: click.Context,
    recipe: str,
    overrides: tuple[str, ...],
    seconds: float,
    precisions: tuple[str, ...],
    out: Path | None,
    force: bool,
    dry_run: bool,
) -> None:
    """Time the choices that don't change a game's mathematics, on this machine.

    They are: XLA or not, one call of the discriminator for real and generated examples
    or two, rounds per compiled call; the precision only by --precision. The fastest is written
    into a copy of RECIPE, or into the recipe of a RUN, which continues with it. Nothing is
    written where the gain is below 3 %.
    """
    registry = registry_of(ctx)
    resolved, folder = load_recipe_or_run(recipe, overrides, None, registry)
    target = None if folder else out or Path(f"{resolved.name}-tuned.yaml")
    if folder and (precisions or out):
        raise UsageError(
            "--precision and --out are for recipes: a run keeps its precision and its folder",
            hint="tune the recipe instead, and start another run",
        )
    if target is not None and not dry_run:
        check_out(target, force=force)
    run = RunFolder.open(folder) if folder else None
    if run:  # What would be refused in the end is refused at once.
        run.check(resolved)
        with run.lock():
            pass
    from ..safe_io.atomic import write_atomically
    from ..session.quiet import import_tensorflow
    from ..train.find_data import find_data

    found = find_data(resolved)
    import_tensorflow()
    from ..train.tune import tune

    own = resolved.settings.distribution.precision
    further = [name for name in precisions if name != own]
    tuned = tune(found.recipe, found.source, seconds, further)
    _print(tuned)
    if tuned.best is tuned.own:
        echo("The recipe's own choice stays: nothing else gains 3 %.")
        return
    echo(f"Best: {tuned.best.choice}")
    if dry_run:
        return
    better = resolved.override(tuned.best.choice.overrides())
    if run:
        with run.lock():
            run.start(better)
            run.keep_recipe(better)
        resume = shell_command("advnets", "run", folder)
        echo(f"Written into {run.recipe_file}; `{resume}` continues with it.")
    elif target is not None:
        try:
            write_atomically(target, _header(recipe, tuned) + better.to_yaml())
        except OSError as error:
            raise AdvnetsError(
                f"{target} cannot be written: {error.strerror}", hint="name another file by --out"
            ) from error
        echo(f"Written to {target}.")


def _header(recipe: str, tuned: Tuned) -> str:
    """Return a lab note: what was tuned, when, on what, with which outcome."""
    about = machine()
    return (
        f"# {recipe}, tuned by `advnets tune` on {datetime.now(UTC):%Y-%m-%d}:\n"
        f"# {tuned.best.choice}\n"
        f"# played {tuned.best.speed:,.3g} rounds/s, against {tuned.own.speed:,.3g} as it was, on\n"
        f"# {about['processor']}, {about['cores']} cores.\n"
    )


def _print(tuned: Tuned) -> None:
    rows = []
    for timing in sorted(tuned.timings, key=lambda timing: -timing.speed):
        choice = timing.choice
        marks = [name for name, one in (("best", tuned.best), ("own", tuned.own)) if one is timing]
        rows.append(
            (
                choice.jit,
                choice.discriminator_calls,
                choice.rounds_per_call or "auto",
                choice.precision,
                f"{timing.speed:,.0f}" if timing.speed >= 100 else f"{timing.speed:.3g}",
                f"{timing.speed / tuned.own.speed:.2f}",
                f"{timing.ready:.1f}",
                " ".join(marks),
            )
        )
    header = ("jit", "D's calls", "rounds/call", "precision", "rounds/s", "ratio", "ready [s]", "")
    print_table(header, rows)
