"""`advnets sample`: draw samples from a run's generator."""

from __future__ import annotations

import hashlib
import logging
import re
from collections.abc import Callable, Mapping
from functools import cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import UsageError
from ..runs import RunFolder
from ..safe_io.wording import shorten
from .common import check_out, echo, force_option, out_option, plugin_options, registry_of
from .run_options import (
    checkpoint_option,
    given_option,
    open_run,
    run_argument,
    seed_option,
    weights_option,
)

if TYPE_CHECKING:
    from ..data import Source

log = logging.getLogger(__name__)
FORMATS = (".png", ".jpg", ".jpeg", ".npz")


@click.command("sample")
@run_argument
@click.option(
    "-n",
    "count",
    type=click.IntRange(1, 1_000_000),
    help="How many samples; as many as something is given for, else 64, or 100 with --interpolate.",
)
@click.option(
    "--interpolate",
    is_flag=True,
    help="Rows of 10 samples along straight lines between latent points; what else is given has "
    "one value a row.",
)
@click.option(
    "--truncation",
    type=click.FloatRange(min=0),
    metavar="PSI",
    help="Pull latent points z to the prior's mean m: m + PSI (z - m). Below 1: less varied "
    "samples, better ones as a rule.",
)
@given_option
@seed_option("Seed of the latent points; equal seeds give equal samples.")
@out_option(
    "The file to write, or a folder, for a picture of each; a file in the run's samples/ by "
    "default.",
    "FILE.png|FILE.jpg|FILE.npz|FOLDER",
    dir_okay=True,
)
@force_option
@weights_option
@checkpoint_option
@plugin_options
@click.pass_context
def command(
    ctx: click.Context,
    run: Path,
    count: int | None,
    interpolate: bool,
    truncation: float | None,
    seed: int,
    out: Path | None,
    force: bool,
    weights: str,
    given: dict[str, Any],
) -> None:
    """Draw samples from the generator of RUN.

    A .png, or a .jpg, shows them; a folder gets a .png of each image, in its own size:
    00000.png and so on, with --force in place of all that were drawn there before. A .npz holds
    them: `samples` [n, ...] in the data set's own range, before preprocessing, their `latents`
    [n, ...], and, by name, what else the generator was told; `truncation`, where there was
    one. A data set of a kind of its own may
    write other files (.mid, .csv, ...). Without a number and without
    anything given, each class that the generator is told of has a row. The data need not be
    there: what is told and not given is drawn from what the run keeps of them.
    """
    single = out is not None and (out.is_dir() or not out.suffix)
    if out is not None and single:
        check_folder(out, force=force)
    folder = RunFolder.open(run)
    source = cache(lambda: _source_of(ctx, folder))
    if out is not None and not single:
        known = out.suffix.lower() in FORMATS
        check_out(out, FORMATS if known else (*FORMATS, *_endings(source())), force=force)
    given = read_given(folder, given, None if interpolate else count, source)
    from ..data.given import prefer_names

    opened = open_run(ctx, run)
    given = prefer_names(given, opened.told)  # a manifest need not say what samples are made of
    if single and opened.source.spec.kind != "image":
        raise UsageError(
            f"--out {out}: these samples are no images, of which each could be a picture",
            hint="FILE.png shows all of them, FILE.npz holds them"
            + "".join(f", FILE{one} too" for one in opened.source.endings),
        )
    asked = _asked(count, given, weights, truncation)
    columns = 10 if interpolate else None
    if not (count or given or interpolate):  # a row for each class
        given, columns = opened.game.by_class(64)
    samples, told = opened.sample(count, seed, interpolate, weights, given, truncation)
    if out is None:
        kind = "lines" if interpolate else "drawn"
        step = opened.commit.step
        out = opened.folder.samples / f"{kind}-step-{step:08}-seed-{seed}{asked}.png"
    if single:
        from ..monitor.single_pictures import save_each

        save_each(out, samples, opened.source.spec)
    elif out.suffix.lower() == ".npz":
        import numpy as np

        from ..safe_io.atomic import replace_atomically

        with replace_atomically(out) as file:
            arrays: dict[str, Any] = {_key(name): values for name, values in told.items()}
            if truncation is not None:
                arrays["truncation"] = np.float32(truncation)
            np.savez_compressed(file, samples=samples, **arrays)
    elif out.suffix.lower() not in FORMATS:
        from ..data.by_source import write

        write(opened.source, samples, out)
    else:
        from ..data.by_source import draw
        from ..monitor.columns import save_columns
        from ..monitor.grid import save_grid

        own, spec = partial(draw, opened.source), opened.source.spec
        if shown := opened.columns(samples, told, given, weights, interpolate):
            save_columns(out, shown, spec, columns=columns, draw=own)
        else:
            save_grid(out, samples, spec, columns=columns, draw=own)
    if truncation is not None:
        log.info("latent points are pulled to the prior's mean by truncation %g", truncation)
    echo(str(out))


def _asked(
    count: int | None, given: Mapping[str, Any], weights: str, truncation: float | None
) -> str:
    """Return what tells a file of samples from those that others of the run's samples are in.

    >>> _asked(9, {"label": 3}, "current", 0.5)
    '-n-9-label-3-current-truncation-0.5'
    """
    parts = [] if count is None else [f"n-{count}"]
    for name, value in given.items():
        short = isinstance(value, str | int) and re.fullmatch(r"[\w-]{1,30}", str(value))
        data = value.tobytes() if hasattr(value, "tobytes") else repr(value).encode()
        parts.append(f"{name}-{value if short else hashlib.sha256(data).hexdigest()[:8]}")
    parts += [weights] * (weights != "auto")
    parts += [] if truncation is None else [f"truncation-{truncation:g}"]
    return "".join(f"-{part}" for part in parts)


def check_folder(out: Path, *, force: bool) -> None:
    """Refuse a folder in which something lies, or that cannot be made.

    With ``force``, pictures of an earlier sample may lie in it, which are all replaced.

    Raises:
        UsageError: With what to do about it.
    """
    from ..monitor.single_pictures import drawn_before

    check_out(out, force=force or out.is_dir())
    if out.exists() and not out.is_dir():
        raise UsageError(f"--out {out} is a file without a suffix", hint=f"--out {out}.png")
    there = [path.name for path in out.iterdir()] if out.is_dir() else []
    names = {name for name in there if not name.startswith(".")}
    if names and not force:
        raise UsageError(
            f"{out} is a folder that is not empty",
            hint="choose another --out, or replace the pictures of an earlier sample with --force",
        )
    if names and (foreign := names - {path.name for path in drawn_before(out)}):
        raise UsageError(
            f"{out} holds something else than pictures that `advnets sample` has drawn: "
            f"{shorten(min(foreign), 60)}",
            hint="choose another --out: samples would lie among what is none",
        )


def read_given(
    folder: RunFolder, given: Mapping[str, Any], count: int | None, source: Callable[[], Source]
) -> dict[str, Any]:
    """Read what is given as a word, and refuse what a run's samples cannot be made of, by its
    manifest, before TensorFlow is there.

    Args:
        folder: The run's.
        given: By name.
        count: How many samples are asked for.
        source: Returns the run's data set, which is asked of words.

    Raises:
        UsageError: As :func:`advnets.data.given.check_given` does.
    """
    from ..data.by_source import read_words
    from ..data.given import check_given, count_rows, prefer_names
    from ..data.kept import parse_told

    told = parse_told(folder) if given else None
    if told is None:
        return dict(given)
    found = read_words(prefer_names(given, told), told, source)
    if count is not None:
        check_given(found, told, count)
    for name, value in found.items():
        check_given({name: value}, told, count_rows({name: value}, told) or 1)
    return found


def _source_of(ctx: click.Context, folder: RunFolder) -> Source:
    """Return the run's data set, whether its data are here or not."""
    from ..train.find_data import build_source

    return build_source(folder.load_recipe(registry_of(ctx), to_play=False))


def _endings(source: Source) -> tuple[str, ...]:
    from ..data.by_source import endings_of

    return endings_of(source)


def _key(name: str) -> str:
    """Return what an array is called in a .npz file, next to ``samples``."""
    taken = ("samples", "latents", "truncation")
    return "latents" if name == "latent" else f"{name}_" if name in taken else name
