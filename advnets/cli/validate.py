"""``advnets validate``: all problems of recipes, at once, without TensorFlow."""

from __future__ import annotations

import click

from ..errors import AdvnetsError, UsageError
from ..recipe import find_recipe, load_recipe
from .common import echo, plugin_options, print_error, registry_of, split_words, state_of


@click.command("validate")
@click.argument("words", metavar="RECIPE ... [KEY=VALUE ...]", nargs=-1, required=True)
@plugin_options
@click.pass_context
def command(ctx: click.Context, words: tuple[str, ...]) -> None:
    """Check recipes: files, or names of shipped ones.

    Unknown keys, types, ranges, unregistered names and the parameters of every
    component are checked, with overrides applied. Problems are printed as
    file:line:col: message, and the exit code is then 2.
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
        except AdvnetsError as error:
            failed = max(failed, print_error(error, traceback=state_of(ctx).traceback))
        else:
            echo(f"{word}: ok ({recipe.name}-{recipe.identity()})")
    ctx.exit(failed)
