"""``advnets recipes``: the recipes that advnets and its plugins ship, and their schema."""

from __future__ import annotations

from pathlib import Path

import click

from ..errors import UsageError
from ..recipe import find_recipe, load_recipe, recipe_bytes, recipe_schema
from ..recipe.yaml_reader import MAX_BYTES
from ..safe_io.atomic import write_atomically
from .common import echo, force_option, plugin_options, print_json, print_table, registry_of


@click.group("recipes")
def command() -> None:
    """List, show and copy recipes; print their JSON Schema."""


@command.command("list")
@plugin_options
@click.pass_context
def list_(ctx: click.Context) -> None:
    """List the shipped recipes."""
    registry = registry_of(ctx)
    rows = [
        (recipe.name, registry.owner("recipes", recipe.name), recipe.summary)
        for recipe in registry.components("recipes")
    ]
    if rows:
        print_table(("NAME", "FROM", "WHAT"), rows)
    else:
        echo("no recipes are shipped")


@command.command("show")
@click.argument("name", metavar="NAME|FILE")
@click.argument("overrides", metavar="[KEY=VALUE ...]", nargs=-1)
@click.option(
    "--resolved", is_flag=True, help="With overrides applied and every default filled in."
)
@plugin_options
@click.pass_context
def show(ctx: click.Context, name: str, overrides: tuple[str, ...], resolved: bool) -> None:
    """Print a recipe."""
    registry = registry_of(ctx)
    path = find_recipe(name, registry)
    if resolved or overrides:
        echo(load_recipe(path, overrides, registry).to_yaml().rstrip("\n"))
    else:
        echo(recipe_bytes(path).decode("utf-8", "replace").rstrip("\n"))


@command.command("copy")
@click.argument("name")
@click.argument("dest", required=False, type=click.Path(path_type=Path))
@force_option
@plugin_options
@click.pass_context
def copy(ctx: click.Context, name: str, dest: Path | None, force: bool) -> None:
    """Copy a recipe to DEST (a file or a folder; by default here), to be changed there."""
    path = find_recipe(name, registry_of(ctx))
    target = Path(path.name) if dest is None else dest
    if target.is_dir():
        target = target / path.name
    if target.exists() and not force:
        raise UsageError(f"{target} exists", hint="choose another name, or --force")
    if not target.parent.is_dir():
        raise UsageError(f"there is no folder {target.parent}")
    if target.exists() and target.samefile(path):
        raise UsageError(f"{target} is that recipe itself")
    content = recipe_bytes(path)
    if len(content) > MAX_BYTES:
        raise UsageError(f"{path} is no recipe: it has more than {MAX_BYTES:,} bytes")
    try:
        write_atomically(target, content.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise UsageError(f"the recipe {path} is not UTF-8") from error
    echo(str(target))


@command.command("schema")
@plugin_options
@click.pass_context
def schema(ctx: click.Context) -> None:
    """Print the JSON Schema of recipes, for editors.

    Parameters of all components are in it, those of plugins included.
    """
    print_json(recipe_schema(registry_of(ctx)))
