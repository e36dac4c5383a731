"""``advnets plugins new``: the first version of a plugin, that its author changes."""

from __future__ import annotations

from pathlib import Path

import click

from ..scaffold import check_free, check_name, check_place, find_kind, render_file, write_files
from .common import echo, plugin_options, registry_of


@click.command("new")
@click.argument("kind")
@click.argument("name")
@plugin_options
@click.pass_context
def new(ctx: click.Context, kind: str, name: str) -> None:
    """Write a plugin that works, to be changed: NAME.py, here.

    KIND is one of loss, penalty, architecture, dataset, prior, condition, encounter, augmentation,
    update, optimizer, metric, feature, callback, observer, recipe, sweep, command; NAME what
    recipes will call it. Nothing is overwritten.
    """
    word = find_kind(kind)
    check_name(name, word)
    made = render_file(word, name)
    check_place([Path(file) for file in made.files])
    check_free(name, word, registry_of(ctx))
    write_files(Path(), made.files)
    echo(f"wrote {' and '.join(made.files)}: a {word} that works, to be changed into your own")
    echo("try it:")
    echo(f"  advnets plugins check {name}.py --play")
    for line in made.trial:
        echo(f"  advnets {line} --plugin {name}.py")
