"""Open a run from the command line: a wrong path is refused before TensorFlow is imported."""

from __future__ import annotations

import zipfile
import zlib
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.decorators import FC

from ..errors import UsageError
from ..runs import RunFolder
from ..safe_io import open_file
from ..safe_io.json_text import parse_json
from .common import registry_of

if TYPE_CHECKING:
    from ..session.opened import Run

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
    from ..session.opened import Run

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


def given_option(command: FC) -> FC:
    """Add ``--given NAME=VALUE``, what samples are to be made of: ``given``, a dictionary."""
    return click.option(
        "--given",
        multiple=True,
        metavar="NAME=VALUE",
        callback=lambda ctx, _, words: _parse_all(words),
        help="What samples are made of, rather than drawn: label=3, a class's name (its "
        "number, if none is called so), a JSON list of one value for each sample, or @FILE.npz "
        "with an array of that name. Repeatable, for another name.",
    )(command)


def _parse_all(words: Iterable[str]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for word in words:
        name, value = _parse_given(word)
        if name in found:
            raise UsageError(
                f"--given {name} is named twice",
                hint=f"one value for each sample is a list: --given {name}=[0,1,2]",
            )
        found[name] = value
    return found


def _parse_given(word: str) -> tuple[str, Any]:
    name, equals, text = word.partition("=")
    if not equals or not name:
        raise UsageError(f"--given {word}: NAME=VALUE was expected, such as label=3")
    if text.startswith("@"):
        return name, _read_array(name, Path(text[1:]))
    try:
        value = parse_json(text.encode())
    except ValueError as error:
        if text.isprintable() and text[:1] not in ("", "[", "{", '"'):
            return name, text  # the name of a class, perhaps
        raise UsageError(
            f"--given {word[:60]}: {text[:60]!r} is neither a number nor a list of numbers",
            hint=f"{name}=3, {name}=[0,1,2], or {name}=@FILE.npz",
        ) from error
    if isinstance(value, dict) or value is None:
        raise UsageError(
            f"--given {word[:60]}: numbers were expected, or a list of them",
            hint=f"{name}=3, {name}=[0,1,2], or {name}=@FILE.npz",
        )
    return name, value


def _read_array(name: str, path: Path) -> Any:
    """Return an array from a .npz file: of that name, of ``latents`` that of samples, or alone."""
    import numpy as np

    try:
        with open_file(path) as file, np.load(file, allow_pickle=False) as arrays:
            if isinstance(arrays, np.ndarray):
                raise ValueError("a .npy file")
            for known in (name, f"{name}s"):
                if known in arrays:
                    return arrays[known]
            held = list(arrays)
            if len(held) == 1:
                return arrays[held[0]]
    except (
        *(OSError, ValueError, EOFError, AttributeError, TypeError, MemoryError),
        *(zipfile.BadZipFile, NotImplementedError, zlib.error),
    ) as error:
        reason = getattr(error, "strerror", None) or "it is no .npz file of numbers"
        raise UsageError(
            f"--given {name}=@{path}: no .npz file can be read there: {reason}",
            hint=f"numpy.savez(FILE, {name}=…) writes one",
        ) from error
    raise UsageError(
        f"--given {name}=@{path}: it holds {', '.join(held) or 'nothing'}",
        hint=f"an array named {name!r} is looked for, unless there is only one",
    )


def run_argument(command: FC) -> FC:
    """Add the argument RUN, the folder of a run."""
    return click.argument("run", metavar="RUN", type=click.Path(path_type=Path))(command)
