"""``advnets components``: what recipes can name, with parameters and owners."""

from __future__ import annotations

import textwrap
from typing import Any

import click

from ..errors import PluginError
from ..plugins.components import KIND, KINDS, PLAYERS, Component
from ..plugins.registry import Registry
from ..recipe import parameter_schema
from .common import echo, plugin_options, print_json, print_table, registry_of, style
from .parameters import parameter_lines

WIDTH = 100
CALLED = {
    "architectures": "called with a NetworkContext first, of advnets.networks",
    "optimizers": "called with an OptimizerContext first, of advnets.optimizers",
    "metrics": "called with a MetricContext first, of advnets.evaluate",
    "features": "called with a context first: docs/kinds/features.md",
}
"""How the targets of some kinds are called by hand; those of others are classes to be made."""


@click.command("components")
@click.argument("kind", metavar="[KIND | NAME]", required=False)
@click.option("--json", "as_json", is_flag=True, help="As JSON, with the schema of the parameters.")
@plugin_options
@click.pass_context
def command(ctx: click.Context, kind: str | None, as_json: bool) -> None:
    """List what recipes can name: losses, penalties, architectures, datasets, ...

    With KIND, also the parameters of each, and where its code is; with NAME, of what is called so.
    """
    registry = registry_of(ctx)
    singular = {name: plural for plural, name in KIND.items()}
    kind = singular.get(kind or "", kind)
    if kind is not None and kind not in KINDS:
        _show_by_name(registry, kind, as_json)
        return
    kinds = list(KINDS) if kind is None else [kind]
    if as_json:
        print_json([_entry(registry, k, c) for k in kinds for c in registry.components(k)])
    elif kind is None:
        rows = [
            (k, c.name, registry.owner(k, c.name), _summary(c))
            for k in kinds
            for c in registry.components(k)
        ]
        print_table(("KIND", "NAME", "FROM", "WHAT"), rows)
    else:
        components = registry.components(kind)
        echo(f"{kind}: {KINDS[kind]}" if components else f"there are no {kind}")
        for component in components:
            _show(registry, kind, component)


def _show_by_name(registry: Registry, name: str, as_json: bool) -> None:
    """Print what is called ``name``, of whatever kind.

    Raises:
        PluginError: If nothing is, with the distribution that would bring it; or the nearest kind.
    """
    found = [
        (kind, registry.component(kind, name)) for kind in KINDS if name in registry.names(kind)
    ]
    if as_json and found:
        print_json([_entry(registry, kind, component) for kind, component in found])
        return
    for kind, component in found:
        echo(f"{kind}: {KINDS[kind]}")
        _show(registry, kind, component)
    if not found:
        absent = [said for kind in KINDS if (said := registry.absent(kind, name))]
        if absent:
            raise PluginError(absent[0][0], hint=absent[0][1])
        registry.names(name)  # refuses what is no kind


def _show(registry: Registry, kind: str, component: Component) -> None:
    """Print one component with its parameters."""
    owner = registry.owner(kind, component.name)
    echo("\n", style(component.name, bold=True), f"  from {owner}")
    if _summary(component):
        echo(f"  {_summary(component)}")
    if needs := _needs(component):
        echo(_wrapped(f"needs {'; '.join(needs)}", 2))
    if kind not in ("recipes", "sweeps", "commands"):
        module, _, attribute = component.target.partition(":")
        how = f"; {CALLED[kind]}" if kind in CALLED else ""
        echo(f"  in Python: from {module} import {attribute.partition('.')[0]}{how}")
    for line in parameter_lines(component):
        default = "required" if line.default is None else f"default {line.default}"
        echo(_wrapped(f"{line.name}: {line.type}; {default}", 4))
        if line.description:
            echo(_wrapped(line.description, 8))


def _needs(component: Component) -> list[str]:
    """Say what else a game with the component must have, as far as it declares it."""
    wanted = {
        "D to give {}": component.words(),
        "networks: {}": component.networks,
        "streams: {}": component.streams,
    }
    found = [how.format(", ".join(names)) for how, names in wanted.items() if names]
    if component.axes is not None:
        found.append("images" if component.axes == 3 else f"examples of {component.axes} axes")
    return found


def _wrapped(text: str, indent: int) -> str:
    first, later = " " * indent, " " * (indent + 4 if indent == 4 else indent)
    return textwrap.fill(text, WIDTH, initial_indent=first, subsequent_indent=later)


def _summary(component: Component) -> str:
    if set(component.roles) >= set(PLAYERS):
        return component.summary
    return f"{component.summary} ({', '.join(component.roles)} only)".strip()


def _entry(registry: Registry, kind: str, component: Component) -> dict[str, Any]:
    owner = registry.owner(kind, component.name)
    entry: dict[str, Any] = {
        "kind": kind,
        "name": component.name,
        "summary": component.summary,
        "target": component.target,
        "plugin": owner.name,
        "source": owner.source,
        "parameters": parameter_schema(component),
    }
    if kind == "architectures":
        entry["roles"] = list(component.roles)
    for what in ("requires", "networks", "streams"):
        names = getattr(component, what)
        if names is not None:
            entry[what] = list(names)
    if component.axes is not None:
        entry["axes"] = component.axes
    return entry
