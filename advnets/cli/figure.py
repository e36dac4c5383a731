"""`advnets figure`: draw a figure of the paper of 2014 from a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from string import ascii_lowercase
from typing import IO, TYPE_CHECKING, Any

import click

from ..errors import AdvnetsError, UsageError
from ..runs import RunFolder
from ..safe_io.atomic import cannot_write, replace_atomically
from ..safe_io.wording import plural_of, pluralise, shorten
from .common import check_out, echo, force_option, log, out_option, plugin_options
from .run_options import checkpoint_option, open_run, run_argument, seed_option, weights_option

if TYPE_CHECKING:
    import numpy as np

    from ..session.opened import Run

FORMATS = {
    "1": (".png", ".svg", ".pdf", ".npz"),
    "2": (".png", ".pdf", ".npz"),
    "3": (".png", ".pdf", ".npz"),
    "--animate": (".gif", ".webp", ".png"),
}
MOST_STEPS = 6
ONLY_FOR = {"1": ("steps",), "2 and 3": ("rows", "columns", "seed", "weights", "checkpoint")}
"""Options, by the figures that they say something about."""
Write = Callable[[IO[bytes]], Any]


def _steps(_: click.Context, __: click.Parameter, word: str | None) -> list[int] | None:
    if word is None:
        return None
    steps = word.split(",")
    if len(steps) > MOST_STEPS or not all(s.isascii() and s.isdigit() for s in steps):
        raise click.BadParameter(f"{word!r} is not one to six steps, such as 0,100,500,3000")
    return [int(step) for step in steps]


@click.command("figure")
@click.argument("number", metavar="N", type=click.Choice(["1", "2", "3"]))
@run_argument
@out_option(
    "What to write, by its suffix: .png, .pdf, .svg (figure 1), or .npz for the numbers; "
    "figure-N.png in the run's exports/ by default."
)
@force_option
@click.option(
    "--animate",
    is_flag=True,
    help="Figure 1 over all of the run, as a .gif, .webp or animated .png.",
)
@click.option(
    "--steps",
    metavar="A,B,C,D",
    callback=_steps,
    help="Figure 1: the steps of its panels, instead of those that the rule finds.",
)
@click.option("--rows", type=click.IntRange(1, 50), help="Figures 2 and 3: how many rows.")
@click.option("--columns", type=click.IntRange(2, 50), help="Figures 2 and 3: samples in a row.")
@seed_option("Figures 2 and 3: seed of the latent points.")
@weights_option
@checkpoint_option
@plugin_options
@click.pass_context
def command(
    ctx: click.Context,
    number: str,
    run: Path,
    out: Path | None,
    force: bool,
    animate: bool,
    steps: list[int] | None,
    **drawing: Any,
) -> None:
    """Draw figure N of Goodfellow et al. (2014) from RUN.

    Figure 1 shows a game on the line, such as gaussian_1d, at four moments: p(data),
    p(generated), D, D* = p(data) / (p(data) + p(generated)), and the mapping from z to x. The
    moments are (a) the start; (b) where V comes nearest to C(G) while JSD is at least half of
    what it was; (c) where half of the JSD of (b) is left; (d) the end.

    Figure 2 shows random samples of images and, to the right of each row, the training example
    nearest to its last one. Figure 3 shows G along straight lines through latent space.
    """
    _check(ctx, number, out, animate, force)
    folder = RunFolder.open(run)
    target = out or folder.exports / f"figure-{number}{'.gif' if animate else '.png'}"
    if number == "1":
        write, lines, step = _figure_1(ctx, folder, target.suffix.lower(), animate, steps)
    else:
        write, lines, step = _of_images(open_run(ctx, run), number, target.suffix.lower(), drawing)
    try:
        target.parent.mkdir(exist_ok=True)
    except OSError as error:
        raise cannot_write(target.parent, error) from error
    with replace_atomically(target) as file:
        write(file)
    for line in lines:
        echo(line)
    echo(str(target))
    if out is None:
        _show(folder, number, step, target)


def _check(ctx: click.Context, number: str, out: Path | None, animate: bool, force: bool) -> None:
    """Refuse what cannot be drawn or written before anything is loaded."""
    if animate and number != "1":
        raise UsageError(f"--animate shows figure 1 over a run; there is no such film of {number}")
    for figures, options in ONLY_FOR.items():
        given = [name for name in options if _is_given(ctx, name)]
        if given and number not in figures:
            raise UsageError(f"--{given[0]} is for figure {figures}; it says nothing of {number}")
    if animate and _is_given(ctx, "steps"):
        raise UsageError("--steps chooses panels; the film shows all of the run")
    if out is not None:
        check_out(out, FORMATS["--animate" if animate else number], force=force)


def _is_given(ctx: click.Context, option: str) -> bool:
    return ctx.get_parameter_source(option) is click.core.ParameterSource.COMMANDLINE


def _figure_1(
    ctx: click.Context, folder: RunFolder, suffix: str, animate: bool, steps: Sequence[int] | None
) -> tuple[Write, list[str], int]:
    """Return what writes figure 1, what to say of it, its last step; without TensorFlow."""
    from ..monitor.figures.animation import choose_frames, write_animation
    from ..monitor.figures.figure_1 import DPI, choose_panels, describe_panel, figure_1, to_arrays
    from ..monitor.snapshot import read_snapshots

    found = read_snapshots(folder.samples)
    if not found:
        raise _without_snapshots(open_run(ctx, folder.path))
    name = _name(folder)
    if animate:
        frames = choose_frames(found)
        return lambda file: write_animation(file, frames, suffix, name), [], frames[-1].step
    shown = choose_panels(found, steps)
    lines = [
        f"({letter}) step {snapshot.step:,}: {', '.join(describe_panel(snapshot))}"
        for letter, snapshot in zip(ascii_lowercase, shown, strict=False)
    ]
    if suffix == ".npz":
        return lambda file: _write_numbers(file, to_arrays(shown)), lines, shown[-1].step
    figure = figure_1(shown, name)
    return lambda file: figure.savefig(file, format=suffix[1:], dpi=DPI), lines, shown[-1].step


def _without_snapshots(run: Run) -> UsageError:
    """Explain why a run has no figure 1, and what to do about it."""
    from ..evaluate.estimators.line_game import explain_unfit

    why = explain_unfit(run.source, run.game.prior)
    if why is None:
        return UsageError(
            "the run holds no snapshots of its game, which figure 1 is drawn from",
            where=str(run.path),
            hint="it was played before they were kept, in samples/theory.jsonl: play its recipe "
            "from scratch, with another --run-dir",
        )
    images = run.source.spec.kind == "image"
    return UsageError(
        f"figure 1 shows games on the line; {why}",
        where=str(run.path),
        hint="figures 2 and 3 show images"
        if images
        else f"pictures of its samples are in {run.folder.samples}",
    )


def _of_images(
    run: Run, number: str, suffix: str, drawing: Mapping[str, Any]
) -> tuple[Write, list[str], int]:
    """Return what writes figure 2 or 3, what there is to say of it, and the step."""
    from ..monitor.figures.figure_2 import figure_2
    from ..monitor.figures.figure_3 import figure_3
    from ..monitor.snapshot import read_snapshots
    from ..observe.figures import latent_lines, samples_and_neighbours

    spec = run.source.spec
    if spec.kind != "image":
        on_the_line = bool(read_snapshots(run.folder.samples))
        kinds, size = plural_of(spec.kind), pluralise(spec.size, "number")
        raise UsageError(
            f"figure {number} shows images; this run's examples are {kinds} of {size}",
            where=str(run.path),
            hint="figure 1 shows this game"
            if on_the_line
            else f"pictures of its samples are in {run.folder.samples}",
        )
    name, lines = _name(run.folder), []
    shown: Any
    if number == "2":
        shown = samples_and_neighbours(run.game, run.source, **drawing)
        low, high = shown.distances.min(), shown.distances.max()
        lines = [f"L2 to the nearest of {run.source.count('train'):,}: {low:.4g} to {high:.4g}"]
    else:
        shown = latent_lines(run.game, run.source, **drawing)
    if suffix == ".npz":
        return lambda file: _write_numbers(file, vars(shown)), lines, shown.step
    try:
        picture = figure_2(shown, spec, name) if number == "2" else figure_3(shown, spec, name)
    except ValueError as error:
        raise UsageError(str(error), hint="ask for fewer --rows or --columns") from error
    return lambda file: picture.save(file, format=suffix[1:].upper()), lines, shown.step


def _name(folder: RunFolder) -> str:
    return shorten(folder.manifest.get("name") or folder.path.name, 60)


def _write_numbers(file: IO[bytes], numbers: Mapping[str, np.ndarray]) -> None:
    import numpy as np

    np.savez_compressed(file, **dict[str, Any](numbers))


def _show(folder: RunFolder, number: str, step: int, picture: Path) -> None:
    """Show the figure in the report; a folder that takes no report has it all the same."""
    from ..monitor.figures.afterwards import show_afterwards
    from ..session.quiet import import_tensorflow

    if folder.tensorboard.is_dir():
        import_tensorflow()
    try:
        show_afterwards(folder, number, step, picture)
    except AdvnetsError as error:
        log.warning(f"the report does not show it: {error.message}")
