"""``advnets data``: which data sets there are, and preparing those of TFDS."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import click

from ..errors import UsageError
from ..plugins.attribution import attribute_errors
from ..plugins.registry import BUILT_IN
from ..recipe import Recipe, find_recipe, load_recipe
from .common import echo, plugin_options, print_table, registry_of

LOOK = "`advnets data look RECIPE` reads them"


@click.group("data")
def command() -> None:
    """List, prepare and look at data sets."""


@command.command("list")
@plugin_options
@click.pass_context
def list_command(ctx: click.Context) -> None:
    """List the data sets that recipes can name, and what TFDS has on disk."""
    from ..data.sources.tfds_builder import data_directory, list_prepared

    registry = registry_of(ctx)
    components = registry.components("datasets")
    rows = [(c.name, registry.owner("datasets", c.name), c.summary) for c in components]
    print_table(("NAME", "FROM", "WHAT"), rows)
    there = list_prepared()
    echo(f"\nprepared by TFDS in {data_directory()}: {', '.join(there) or 'nothing'}")
    echo("prepare another with `advnets data prepare ID`, and use it as dataset.id=ID of tfds")


@command.command("prepare")
@click.argument("name")
@click.option(
    "--from",
    "from_dir",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Take the official files from this folder; only what it lacks is downloaded.",
)
@click.option(
    "--data-dir",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Where TFDS keeps its data; by default TFDS_DATA_DIR, or ~/tensorflow_datasets.",
)
@click.option(
    "--format",
    "file_format",
    type=click.Choice(["tfrecord", "array_record"]),
    help="How TFDS stores the examples; array_record can be read in parts, so that a data "
    "set larger than memory can be streamed.",
)
@plugin_options
@click.pass_context
def prepare_command(
    ctx: click.Context,
    name: str,
    from_dir: Path | None,
    data_dir: Path | None,
    file_format: str | None,
) -> None:
    """Prepare the TFDS data set NAME (mnist, emnist/letters, ...) on this machine."""
    if name == "tfds":
        raise UsageError(
            "which data set of TFDS?", hint="give its id, such as `advnets data prepare mnist`"
        )
    if name in registry_of(ctx).names("datasets"):
        raise UsageError(
            f"{name} needs no preparing", hint="`prepare` takes the id of a TFDS data set"
        )
    from ..data import prepare_data

    echo(f"{name} is prepared in {prepare_data(name, from_dir, data_dir, file_format)}")


@command.command("look")
@click.argument("recipe", metavar="RECIPE")
@click.argument("overrides", metavar="[KEY=VALUE ...]", nargs=-1)
@plugin_options
@click.pass_context
def look_command(ctx: click.Context, recipe: str, overrides: tuple[str, ...]) -> None:
    """Read the data of RECIPE, and say what they hold.

    As a run does: how many examples of each split and class there are, what is left out and
    why, and between which values they lie. TFDS's are prepared if need be.
    """
    registry = registry_of(ctx)
    for line in describe_data(
        load_recipe(find_recipe(recipe, registry), overrides, registry), True
    ):
        echo(line)


def describe_data(recipe: Recipe, reading: bool = False) -> list[str]:
    """Return what there is to say of a recipe's data, a line each.

    Args:
        recipe: The recipe.
        reading: Whether to read them however long it takes, and with whatever it needs;
            without, only what takes seconds and no TensorFlow.

    Raises:
        DataError: If they cannot be read; with ``reading``, also if they are not there.
    """
    if not reading and (unread := explain_unread(recipe)):
        return [f"data: {unread}"]
    from ..data import DataUnavailable, Summary, summarise
    from ..train.find_data import build_source, look_for, names_of_data

    with attribute_errors(recipe.registry):
        source = build_source(recipe)
        if not reading and not source.prepared():
            return [f"data: {_unprepared(recipe)}"]
        try:
            look_for(source)
        except DataUnavailable as unavailable:
            if reading:
                raise
            stand_in = recipe.stand_in()
            if stand_in is None:
                return [f"data: {unavailable.message}"]
            used = names_of_data(stand_in)
            instead = f"stand-in{'s' if len(used) > 1 else ''} {' and '.join(used)}"
            return [f"data: {unavailable.message}; a run plays on the {instead}"]
        summary = summarise(source, reading or source.quick())
        for name, stream in source.streams.items():
            place = f"streams.{name}.dataset"
            if not reading and (why := _explain_unread_stream(recipe, place, stream)):
                summary = summary.and_of(f"stream {name}", Summary([why], []))
            else:
                own = summarise(stream, reading or stream.quick() or takes_seconds(recipe, name))
                summary = summary.and_of(f"stream {name}", own)
    return [*summary.lines, *(f"warning: {line}" for line in summary.warnings)]


def takes_seconds(recipe: Recipe, stream: str) -> bool:
    """Tell whether a stream is a part of data whose labels are read without TensorFlow."""
    chosen = recipe.settings.streams[stream]
    place = "dataset" if chosen.dataset is None else f"streams.{stream}.dataset"
    return chosen.take is not None and recipe.component(place)[0].light


def _explain_unread_stream(recipe: Recipe, place: str, stream: Any) -> str | None:
    """Say why the data of a stream cannot be looked at now; ``None`` where they can, or are some
    of the main ones, which are."""
    name = place.split(".")[1]
    if recipe.settings.streams[name].dataset is None:
        return None
    unread = explain_unread(recipe, place)
    return unread or (None if stream.prepared() else _unprepared(recipe, place))


def explain_unread(recipe: Recipe, place: str = "dataset") -> str | None:
    """Say why a recipe's data cannot be looked at without TensorFlow or a network, if so."""
    component, entry = recipe.component(place)
    if component.light or entry.get("digits") == "sklearn":
        return None
    if recipe.registry.owner("datasets", component.name).source != BUILT_IN:
        return f"not looked at, which may take TensorFlow; {LOOK}"
    from ..data.sources.tfds_builder import may_be_prepared

    there = may_be_prepared(entry.get("id", "mnist"), entry["data_dir"])
    return None if there else _unprepared(recipe, place)


def _unprepared(recipe: Recipe, place: str = "dataset") -> str:
    """Say that data of TFDS are not there yet, and what to do, or what is done, about it."""
    from ..data.sources.tfds_builder import data_directory

    _, entry = recipe.component(place)
    identifier, own = entry.get("id", "mnist"), entry["data_dir"]
    text = f"{identifier} is not prepared in {data_directory(own)}"
    if own is not None:
        return f"{text}: `advnets data prepare {identifier} --data-dir {shlex.quote(own)}` does it"
    text += f": `advnets data prepare {identifier}` does it, and so does a run"
    stand_in = recipe.stand_in()
    if stand_in is not None:
        used = stand_in.component(place)[0].name
        text += f", or plays on the stand-in {used} without a network"
    return text
