"""Describe the distributions of plugins: those in plugins/, and those in docs/directory.yaml."""

from __future__ import annotations

import configparser
import importlib
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from markdown_table import table
from ruamel.yaml import YAML

from advnets.plugins.components import KINDS, NAME, Component

ROOT = Path(__file__).parents[1]
LIST = ROOT / "docs/directory.yaml"
KEYS = ("name", "url", "summary", "kinds")
MAY = ("components",)
"""Keys that an entry may have as well."""
KNOWN = ROOT / "advnets/plugins/directory.json"
"""By kind and name, the distributions that have a component: what hints of the core know."""


def directory() -> Iterator[str]:
    """Both tables; of third parties that none is listed, if so."""
    rows = [shipped(folder) for folder in folders()]
    yield "### With advnets\n"
    yield table(("distribution", "what", "version", "has", "try"), rows)
    yield "### By others\n"
    others = read_list(LIST.read_text(encoding="utf-8"))
    if not others:
        yield "None is listed yet.\n"
        return
    found = [
        (f"[{one['name']}]({one['url']})", one["summary"], ", ".join(one["kinds"]))
        for one in others
    ]
    yield table(("distribution", "what", "has"), found)


def known() -> str:
    """The text of KNOWN: of all in plugins/, and of those by others that list their components."""
    found: dict[str, dict[str, list[str]]] = {}
    for folder in folders():
        for kind, components in registered_by(folder).items():
            for one in components:
                found.setdefault(kind, {}).setdefault(one.name, []).append(folder.name)
    for entry in read_list(LIST.read_text(encoding="utf-8")):
        for kind, names in entry.get("components", {}).items():
            for name in names:
                found.setdefault(kind, {}).setdefault(name, []).append(entry["name"])
    return json.dumps(found, indent=1, sort_keys=True) + "\n"


def folders() -> list[Path]:
    """The folders of the distributions in plugins/."""
    return sorted((ROOT / "plugins").glob("advnets-*"))


def registered_by(folder: Path) -> dict[str, list[Component]]:
    """What a distribution in plugins/ registers, by kind."""
    setup = configparser.ConfigParser()
    setup.read(folder / "setup.cfg", encoding="utf-8")
    points = setup["options.entry_points"]["advnets"]
    found: dict[str, list[Component]] = {}
    for line in points.strip().splitlines():
        for kind, components in registered(folder / "src", line.partition("=")[2].strip()).items():
            found.setdefault(kind, []).extend(components)
    return found


def shipped(folder: Path) -> Sequence[str]:
    """The row of a distribution in plugins/."""
    setup = configparser.ConfigParser()
    setup.read(folder / "setup.cfg", encoding="utf-8")
    about, found = setup["metadata"], registered_by(folder)
    recipes = [component.name for component in found.pop("recipes", [])]
    has = "; ".join(
        f"{kind}: {', '.join(f'`{one.name}`' for one in components)}"
        for kind, components in sorted(found.items())
    )
    first = f"`advnets run {recipes[0]}`" if recipes else ""
    link = f"[{about['name']}](../plugins/{folder.name})"
    return link, about["description"], about["version"], has, first


def registered(source: Path, module: str) -> dict[str, list[Component]]:
    """What a module's hooks return, by kind, whether it is installed or not."""
    sys.path.insert(0, str(source))
    try:
        plugin = importlib.import_module(module)
    finally:
        sys.path.remove(str(source))
    hooks = {kind: getattr(plugin, f"advnets_{kind}", None) for kind in KINDS}
    return {kind: hook() for kind, hook in hooks.items() if hook is not None}


def read_list(text: str) -> list[Mapping[str, Any]]:
    """The entries of docs/directory.yaml.

    Raises:
        ValueError: If one is not as docs/directory.md says.
    """
    entries = YAML(typ="safe").load(text)
    if not isinstance(entries, list):
        raise ValueError("docs/directory.yaml is a list of distributions")
    for entry in entries:
        check(entry)
    names = [entry["name"] for entry in entries]
    if names != sorted(set(names)):
        raise ValueError(f"the distributions stand in the order of their names, once: {names}")
    return entries


def check(entry: Any) -> None:
    """Refuse an entry with other keys, a name that begins otherwise, or no such kind."""
    if not isinstance(entry, Mapping) or set(entry) - set(MAY) != set(KEYS):
        raise ValueError(f"an entry has {', '.join(KEYS)}, and may have components: {entry!r:.200}")
    name, url, summary, kinds = (entry[key] for key in KEYS)
    if not isinstance(name, str) or not name.startswith("advnets-") or name != name.lower():
        raise ValueError(f"a distribution is called advnets-…: {name!r:.100}")
    if not isinstance(url, str) or not url.startswith("https://"):
        raise ValueError(f"{name}: its url is {url!r:.100}; https://… was expected")
    if not isinstance(summary, str) or not 0 < len(summary) <= 120 or "\n" in summary:
        raise ValueError(f"{name}: its summary is one sentence of at most 120 characters")
    if not isinstance(kinds, list) or not kinds or not set(kinds) <= set(KINDS):
        raise ValueError(f"{name}: its kinds are among {', '.join(KINDS)}: {kinds!r:.100}")
    listed = entry.get("components", {})
    if not isinstance(listed, Mapping) or not set(listed) <= set(kinds):
        raise ValueError(f"{name}: its components are names by kind, of its kinds: {listed!r:.100}")
    for names in listed.values():
        if not isinstance(names, list) or not all(
            isinstance(one, str) and NAME.fullmatch(one) for one in names
        ):
            raise ValueError(f"{name}: components are lists of names: {names!r:.100}")
