"""``advnets plugins``: which plugins there are, and whether they are sound."""

from __future__ import annotations

from typing import Any

import click

from ..plugins.components import KIND
from ..plugins.registry import BUILT_IN, PluginRecord
from .common import echo, plugin_options, print_json, print_table, registry_of
from .plugin_check import check, explain_quarantine
from .plugin_new import new


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
            explain_quarantine(record)
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


command.add_command(check)


def _contents(record: PluginRecord) -> str:
    counts = {kind: len(components) for kind, components in record.components.items()}
    return ", ".join(
        f"{count} {KIND[kind] if count == 1 else kind}" for kind, count in counts.items() if count
    )


def _from(record: PluginRecord) -> str:
    return str(record) if record.source == BUILT_IN else record.source


def _entry(record: PluginRecord) -> dict[str, Any]:
    names = ("name", "source", "version", "status", "error", "hint", "traceback", "fingerprint")
    components = {kind: [c.name for c in cs] for kind, cs in record.components.items()}
    return {name: getattr(record, name) for name in names} | {"components": components}
