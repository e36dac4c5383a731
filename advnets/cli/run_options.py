"""Open a run from the command line: a wrong path is refused before TensorFlow is imported."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click
from click.decorators import FC

from ..runs import RunFolder
from .common import registry_of

if TYPE_CHECKING:
    from ..session.api import Run

CHECKPOINT = f"{__name__}.checkpoint"
"""Where the answer to ``--checkpoint`` is kept in click's context."""


def open_run(ctx: click.Context, path: Path) -> Run:
    """Return the run in ``path``, with the plugins that this invocation names.

    Raises:
        UsageError: If ``path`` is not a run's folder.
    """
    folder = RunFolder.open(path)
    registry = registry_of(ctx)
    from ..session.quiet import import_tensorflow

    import_tensorflow()
    from ..session.api import Run

    return Run(folder, registry, checkpoint=ctx.meta.get(CHECKPOINT, "newest"))


def checkpoint_option(command: FC) -> FC:
    """Add ``--checkpoint``, which :func:`open_run` heeds; it does not reach the function."""

    def take(ctx: click.Context, _: click.Parameter, word: str) -> None:
        if word not in ("newest", "best") and not (word.isascii() and word.isdigit()):
            raise click.BadParameter(f"{word!r} is neither newest, nor best, nor a step")
        ctx.meta[CHECKPOINT] = word

    return click.option(
        "--checkpoint",
        metavar="newest|best|STEP",
        default="newest",
        show_default=True,
        expose_value=False,
        callback=take,
        help="Which to use; best is by the recipe's checkpoints.best.",
    )(command)


def weights_option(command: FC) -> FC:
    """Add ``--weights``: of G's own, or of their average."""
    return click.option(
        "--weights",
        type=click.Choice(["auto", "averaged", "current"]),
        default="auto",
        show_default=True,
        help="Of the generator; auto: averaged ones where the recipe keeps them.",
    )(command)


def seed_option(help: str) -> Callable[[FC], FC]:
    """Add ``--seed`` of latent points, 0 by default."""
    seeds = click.IntRange(0, 2**31 - 1)
    return click.option("--seed", type=seeds, default=0, show_default=True, help=help)


def run_argument(command: FC) -> FC:
    """Add the argument RUN, the folder of a run."""
    return click.argument("run", metavar="RUN", type=click.Path(path_type=Path))(command)
