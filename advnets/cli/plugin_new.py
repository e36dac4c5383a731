"""``advnets plugins new``: the first version of a plugin, that its author changes."""

from __future__ import annotations

from pathlib import Path

import click

from .. import scaffold
from .common import echo, plugin_options, registry_of


@click.command("new")
@click.argument("kind")
@click.argument("name")
@click.option("--distribution", is_flag=True, help="Write a folder that pip installs.")
@plugin_options
@click.pass_context
def new(ctx: click.Context, kind: str, name: str, distribution: bool) -> None:
    """Write a plugin that works, for you to change: the file NAME.py, here.

    KIND is loss, penalty, architecture, dataset, prior, condition, encounter, augmentation, update,
    optimizer, metric, feature, callback, observer, recipe, sweep or command, and NAME what recipes
    will call it: lower-case words joined by _. A recipe or a sweep is a second file, NAME.yaml.
    Nothing is overwritten.
    """
    word = scaffold.find_kind(kind)
    a_kind = f"{'an' if word[0] in 'aeou' else 'a'} {word}"
    scaffold.check_name(name, word)
    if distribution:
        folder = Path(scaffold.name_distribution(name))
        scaffold.check_place([folder])
        scaffold.check_free(name, word, registry_of(ctx), distribution=True)
        draft = scaffold.render_distribution(word, name)
        scaffold.write_folder(folder, draft.files)
        echo(f"wrote the folder {folder}, {a_kind} that works, to be changed into your own")
        steps = [f"cd {folder}", "pip install -e '.[test]'", "pytest"]
        steps += [f"advnets {line}" for line in draft.trial]
    else:
        draft = scaffold.render_file(word, name)
        scaffold.check_place([Path(file) for file in draft.files])
        scaffold.check_free(name, word, registry_of(ctx))
        scaffold.write_files(Path(), draft.files)
        echo(f"wrote {' and '.join(draft.files)}, {a_kind} that works, to be changed into your own")
        steps = [f"advnets plugins check {name}.py --play"]
        steps += [f"advnets {line} --plugin {name}.py" for line in draft.trial]
    echo("try it:")
    for step in steps:
        echo(f"  {step}")
    if distribution:
        echo("setup.cfg names no author and no licence yet: they are yours to say")
