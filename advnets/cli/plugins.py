"""``advnets plugins``: which plugins there are, and whether they are sound."""

from __future__ import annotations

import os
import textwrap
from pathlib import Path
from typing import Any

import click

from ..errors import PluginError
from ..plugins import load_plugins
from ..plugins.registry import BUILT_IN, PluginRecord, Registry
from ..recipe.wording import KIND
from .common import echo, plugin_options, print_json, print_table, registry_of, state_of, style
from .plugin_check import check_component, missing_parameters
from .plugin_new import new

COLOURS = {"ok": "green", "blocked": "yellow", "quarantined": "red"}


@click.group("plugins")
def command() -> None:
    """List, check and write plugins."""


command.add_command(new)


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@plugin_options
@click.pass_context
def list_(ctx: click.Context, as_json: bool) -> None:
    """List all plugins; of those in quarantine, say why, with the traceback."""
    registry = registry_of(ctx, warnings=False)
    if as_json:
        print_json([_entry(record) for record in registry.plugins])
        return
    rows = [(r.name, _from(r), r.status, _contents(r)) for r in registry.plugins]
    print_table(("PLUGIN", "FROM", "STATUS", "COMPONENTS"), rows)
    for record in registry.plugins:
        if record.status == "quarantined":
            echo()
            _explain(record)
    for (kind, name), owners in registry.conflicts.items():
        echo(
            f"\n{name!r} of {kind} cannot be used: "
            f"it is registered by {owners[0]} and by {owners[1]}"
        )
    for record in registry.plugins:
        if record.slow:
            echo(
                f"\n{record.name} imports TensorFlow when it is loaded, which makes every command "
                "slow: import it inside the functions that need it"
            )


@command.command("check")
@click.argument("word", metavar="NAME|FILE")
@plugin_options
@click.pass_context
def check(ctx: click.Context, word: str) -> None:
    """Load one plugin and build everything that it registers, of its defaults.

    Exits with 2 if anything is amiss. TensorFlow is imported. A component whose parameters have
    no defaults is built of those that its `example` gives.
    """
    registry, record = _find(ctx, word)
    echo(f"{record.name} ({record.source}): ", _status(record))
    if record.status == "quarantined":
        _explain(record)
        raise PluginError(f"plugin {record.name!r} cannot be used")
    if record.status == "blocked":
        raise PluginError(f"plugin {record.name!r} is blocked, so nothing of it was tried")
    failures = 0
    for kind, components in record.components.items():
        for component in components:
            problems = check_component(kind, component, registry)
            failures += bool(problems)
            missing = ", ".join(missing_parameters(component))
            mark = style("problem", fg="red") if problems else style("ok", fg="green")
            note = ""
            if missing and not problems:
                mark, note = style("not built", fg="yellow"), f": nothing says what {missing} is"
            echo(f"  {kind} {component.name}: ", mark, note)
            for problem in problems:
                echo(textwrap.indent(problem, "    "))
    if failures:
        raise PluginError(f"{failures} of the components of {record.name!r} cannot be used")


def _find(ctx: click.Context, word: str) -> tuple[Registry, PluginRecord]:
    """Return the plugin called ``word``, or the one in that file."""
    state = state_of(ctx)
    is_file = word.endswith(".py") or os.sep in word
    registry = load_plugins([*state.plugins, *([word] if is_file else [])])
    path = str(Path(word).expanduser().resolve())
    for record in registry.plugins:
        if record.source == path if is_file else word in (record.name, record.source.split(" ")[0]):
            return registry, record
    try:
        registry = load_plugins([*state.plugins, word])  # a module that nobody announced
    except PluginError:
        names = ", ".join(record.name for record in registry.plugins)
        raise PluginError(f"there is no plugin {word!r}", hint=f"there are: {names}") from None
    return registry, registry.plugins[-1]


def _contents(record: PluginRecord) -> str:
    counts = {kind: len(components) for kind, components in record.components.items()}
    return ", ".join(
        f"{count} {KIND[kind] if count == 1 else kind}" for kind, count in counts.items() if count
    )


def _from(record: PluginRecord) -> str:
    return str(record) if record.source == BUILT_IN else record.source


def _status(record: PluginRecord) -> str:
    return style(record.status, fg=COLOURS[record.status], bold=True)


def _explain(record: PluginRecord) -> None:
    """Print why a plugin is in quarantine."""
    echo(f"{record.name} ({record.source}) is ", _status(record), f": {record.error}")
    if record.hint:
        echo(f"  hint: {record.hint}")
    if record.traceback:
        echo(textwrap.indent(record.traceback.rstrip(), "  "))


def _entry(record: PluginRecord) -> dict[str, Any]:
    names = ("name", "source", "version", "status", "error", "hint", "traceback", "fingerprint")
    components = {kind: [c.name for c in cs] for kind, cs in record.components.items()}
    return {name: getattr(record, name) for name in names} | {"components": components}
