"""``advnets validate``: all problems of recipes, at once, without TensorFlow."""

from __future__ import annotations

import click

from ..errors import AdvnetsError, UsageError
from ..plugins.attribution import attribute_errors
from ..recipe import Recipe, find_recipe, load_recipe
from ..recipe.axes import speaks_of_axes
from ..recipe.fields import speaks_of_fields
from ..recipe.unfinished import unfinished_schedules
from ..runs.starts import check_starts
from .common import echo, plugin_options, print_error, registry_of, split_words, state_of
from .data import describe_data, explain_unread, takes_seconds


@click.command("validate")
@click.argument("words", metavar="RECIPE ... [KEY=VALUE ...]", nargs=-1, required=True)
@click.option("--play", is_flag=True, help="Also build the networks, and play the first round.")
@plugin_options
@click.pass_context
def command(ctx: click.Context, words: tuple[str, ...], play: bool) -> None:
    """Check recipes: files, or names of shipped ones.

    Unknown keys, types, ranges, unregistered names and the parameters of every
    component are checked, with overrides applied, and what networks are told and make against
    the data, where these are here; data that a run would not find, and whose stand-in it would not
    play on either, are a problem too. What data on disk hold, and what is left out of them, is
    said; `advnets data look` reads all of them. Problems are printed as file:line:col: message,
    and the exit code is then 2.

    Networks are built with --play alone, which takes TensorFlow and some seconds: whether an
    architecture takes examples of the data's shape, and whether the discriminator says what the
    loss and the penalties read. `advnets run` finds that out too, in its first round.
    """
    recipes, overrides = split_words(words)
    if not recipes:
        raise UsageError(
            "no recipe given, only overrides", hint="advnets validate RECIPE KEY=VALUE"
        )
    registry = registry_of(ctx)
    failed = 0
    for word in recipes:
        try:
            recipe = load_recipe(find_recipe(word, registry), overrides, registry)
            started = check_starts(recipe)
            note = _look_at_data(recipe)
            lines = [*started, *describe_data(recipe), *unfinished_schedules(recipe)]
            if play:
                _play_a_round(recipe)
        except AdvnetsError as error:
            failed = max(failed, print_error(error, traceback=state_of(ctx).traceback))
        else:
            echo(f"{word}: ok ({recipe.name}-{recipe.identity()}){note}")
            for line in lines:
                echo(f"  {line}")
    ctx.exit(failed)


def _play_a_round(recipe: Recipe) -> None:
    """Play a recipe's first round, on its data or on their stand-in; nothing is kept of it."""
    from ..train.alone import build_rounds
    from ..train.find_data import find_data

    found = find_data(recipe)
    with attribute_errors(recipe.registry):
        build_rounds(found.recipe, found.source).play(1)


def _look_at_data(recipe: Recipe) -> str:
    """Check what a recipe says of its data: fields, range, number, where these can be had."""
    from ..data import DataUnavailable
    from ..train.find_data import build_source, check_data, check_sizes, explain_range, look_for

    unread = explain_unread(recipe)
    if unread and not (speaks_of_fields(recipe) or speaks_of_axes(recipe)):
        return ""

    with attribute_errors(recipe.registry):
        source = build_source(recipe)
        try:
            look_for(source)
        except DataUnavailable:
            if unread or recipe.stand_in() is not None:
                return ""
            raise  # as a run does
        check_data(recipe, source)
        if unread or not source.prepared():
            return ""  # it would have to be read
        quick = [name for name in source.streams if takes_seconds(recipe, name)]
        check_sizes(recipe, source, quick)
        light = recipe.component("dataset")[0].light
        if source.preprocess.range is None and not light:
            return ""
        misfit = explain_range(recipe, source)
    return "" if misfit is None else f"; but {misfit}"
