"""Find plugins, order them, block them, quarantine the broken ones; the registry of components.

A plugin comes from one of four places, loaded in this order: the modules that ship
with advnets (``DEFAULT_PLUGINS``), the entry-point group ``advnets`` of installed
distributions, the environment variable ``ADVNETS_PLUGINS``, and ``--plugin`` on the
command line. The last two take files (``path/to/plugin.py``), importable modules, or
``no:NAME`` to block the plugin of that name; the variable separates them by commas.

A plugin that raises, or that registers something that is no component, is
quarantined: none of its components are used, its traceback is kept, and everything
else goes on. A recipe that names one of its components gets told so.
"""

from __future__ import annotations

import difflib
import hashlib
import importlib
import importlib.metadata
import importlib.util
import os
import sys
import traceback
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import pluggy

from . import hookspecs
from .components import KINDS, Component
from .errors import PluginError

DEFAULT_PLUGINS = (
    "advnets.builtin.games",
    "advnets.builtin.networks",
    "advnets.builtin.optimizers",
    "advnets.builtin.datasets",
    "advnets.builtin.metrics",
    "advnets.builtin.recipes",
    "advnets.builtin.commands",
)
"""What advnets itself ships, registered like anybody else's plugin."""

VARIABLE = "ADVNETS_PLUGINS"
BLOCK = "no:"


@dataclass
class PluginRecord:
    """What became of one plugin.

    Attributes:
        name: The entry point's name, the module's name, or the file's stem.
        source: Where it was found: ``built in``, ``NAME VERSION`` of a distribution,
            or a path.
        status: ``ok``, ``blocked`` or ``quarantined``.
        error: For a quarantined plugin, one line saying why.
        traceback: For a quarantined plugin, the traceback, or ``""`` if nothing was raised.
        components: The components it registered, by kind.
        fingerprint: A short hash of the source of a single-file plugin, else ``""``.
    """

    name: str
    source: str
    status: str = "ok"
    error: str = ""
    traceback: str = ""
    components: dict[str, list[Component]] = field(default_factory=dict)
    fingerprint: str = ""

    def __str__(self) -> str:
        return f"{self.name} ({self.source})"


class Registry:
    """The components of all sound plugins, by kind and name.

    Attributes:
        plugins: One record per plugin found, in the order of loading.

    >>> registry = load_plugins(environ={})
    >>> registry.component("losses", "minimax").name
    'minimax'
    """

    def __init__(self) -> None:
        self.plugins: list[PluginRecord] = []
        self._components: dict[str, dict[str, tuple[Component, PluginRecord]]] = {
            kind: {} for kind in KINDS
        }
        self._conflicts: dict[tuple[str, str], tuple[PluginRecord, PluginRecord]] = {}

    def add(self, record: PluginRecord) -> None:
        """Take up a plugin's components; a name taken twice becomes unusable for both."""
        self.plugins.append(record)
        if record.status != "ok":
            return
        for kind, components in record.components.items():
            for component in components:
                taken = self._components[kind].get(component.name)
                if taken is None:
                    self._components[kind][component.name] = (component, record)
                else:
                    self._conflicts[kind, component.name] = (taken[1], record)

    def names(self, kind: str) -> list[str]:
        """The usable names of ``kind``, sorted."""
        self._check_kind(kind)
        return sorted(n for n in self._components[kind] if (kind, n) not in self._conflicts)

    def components(self, kind: str) -> list[Component]:
        """The usable components of ``kind``, sorted by name."""
        return [self._components[kind][name][0] for name in self.names(kind)]

    def owner(self, kind: str, name: str) -> PluginRecord:
        """The plugin that registered component ``name`` of ``kind``."""
        self.component(kind, name)
        return self._components[kind][name][1]

    def component(self, kind: str, name: str) -> Component:
        """The component ``name`` of ``kind``.

        Raises:
            PluginError: If nobody registered it (with the nearest names and the
                quarantined plugins that might have), or if two plugins did.
        """
        self._check_kind(kind)
        if (kind, name) in self._conflicts:
            first, second = self._conflicts[kind, name]
            raise PluginError(
                f"{name!r} of {kind} is registered twice: by {first} and by {second}",
                hint=f"block one of them with --plugin {BLOCK}{first.name} "
                f"or --plugin {BLOCK}{second.name}",
            )
        if name not in self._components[kind]:
            raise PluginError(
                f"{name!r} is not among the registered {kind}", hint=self._hint(kind, name)
            )
        return self._components[kind][name][0]

    @property
    def conflicts(self) -> dict[tuple[str, str], tuple[PluginRecord, PluginRecord]]:
        """Names registered twice: ``(kind, name)`` → the two owners."""
        return dict(self._conflicts)

    def _check_kind(self, kind: str) -> None:
        if kind not in KINDS:
            near = difflib.get_close_matches(kind, KINDS, n=1)
            raise PluginError(
                f"{kind!r} is not a kind of component",
                hint=f"did you mean {near[0]!r}?" if near else f"the kinds are {', '.join(KINDS)}",
            )

    def _hint(self, kind: str, name: str) -> str:
        names = self.names(kind)
        near = difflib.get_close_matches(str(name), names, n=1)
        parts = [f"did you mean {near[0]!r}?"] if near else [f"there are: {', '.join(names)}"]
        unused = [p for p in self.plugins if p.status != "ok"]
        for record in unused:
            reason = f": {record.error}" if record.error else ""
            parts.append(f"plugin {record.name!r} is {record.status}{reason}")
        if any(p.status == "quarantined" for p in unused):
            parts.append("see `advnets plugins list`")
        return "; ".join(parts)


def load_plugins(
    requested: Iterable[str] = (), environ: Mapping[str, str] | None = None
) -> Registry:
    """Find and check all plugins.

    Args:
        requested: The values of ``--plugin``: files, modules, or ``no:NAME``.
        environ: The environment to read ``ADVNETS_PLUGINS`` from; ``os.environ`` by default.

    Returns:
        The registry, broken plugins quarantined.

    Raises:
        PluginError: If a plugin asked for with ``--plugin`` is not there or blocks nothing;
            what was asked for by name is never silently left out.
    """
    environ = os.environ if environ is None else environ
    from_variable = [word.strip() for word in environ.get(VARIABLE, "").split(",") if word.strip()]
    words = [*from_variable, *requested]
    blocked = {word[len(BLOCK) :] for word in words if word.startswith(BLOCK)}
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    registry = Registry()

    def take(name: str, source: str, load: Any) -> None:
        record = PluginRecord(name, source)
        if any(other.name == name for other in registry.plugins):
            record.status = "quarantined"
            record.error = f"another plugin is already called {name!r}"
        elif name in blocked:
            record.status = "blocked"
        else:
            _check(manager, record, load)
        registry.add(record)

    for module in DEFAULT_PLUGINS:
        take(module, "built in", lambda module=module: importlib.import_module(module))
    for point in sorted(
        importlib.metadata.entry_points(group=hookspecs.PROJECT), key=lambda point: point.name
    ):
        dist = point.dist
        source = f"{dist.name} {dist.version}" if dist else "entry point"
        take(point.name, source, point.load)
    for word in words:
        if not word.startswith(BLOCK):
            name, source, load = _locate(word)
            take(name, source, load)
    unknown = blocked - {record.name for record in registry.plugins}
    if unknown:
        raise PluginError(
            f"cannot block {', '.join(sorted(unknown))}: no plugin of that name was found",
            hint="`advnets plugins list` shows the names",
        )
    return registry


def _locate(word: str) -> tuple[str, str, Any]:
    """The name, source and loader of a plugin given as a file or as a module."""
    path = Path(word).expanduser()
    if word.endswith(".py") or os.sep in word:
        if not path.is_file():
            raise PluginError(f"plugin file {word} does not exist", hint="check the path")
        return path.stem, str(path.resolve()), lambda: _import_file(path.resolve())
    return word, f"module {word}", lambda: importlib.import_module(word)


def _import_file(path: Path) -> ModuleType:
    """Import a single-file plugin under its own stem, so that its targets resolve."""
    name = path.stem
    existing = sys.modules.get(name)
    if existing is not None and getattr(existing, "__file__", None) == str(path):
        return existing
    if existing is not None or importlib.util.find_spec(name) is not None:
        raise PluginError(
            f"{path} cannot be imported as {name!r}: a module of that name exists",
            hint="rename the file",
        )
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise PluginError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _check(manager: pluggy.PluginManager, record: PluginRecord, load: Any) -> None:
    """Import, register and question one plugin; quarantine it if anything is amiss."""
    try:
        module = load()
        manager.register(module, record.name)
        manager.check_pending()
        hooks = {caller.name for caller in manager.get_hookcallers(module) or ()}
        if not hooks:
            raise PluginError(
                "it implements no hook",
                hint="decorate its functions with advnets.hookimpl; "
                f"the hooks are {', '.join('advnets_' + kind for kind in KINDS)}",
            )
        for kind in KINDS:
            if f"advnets_{kind}" in hooks:
                record.components[kind] = _components(getattr(module, f"advnets_{kind}"), kind)
        path = getattr(module, "__file__", None)
        if path and record.source == str(path):
            record.fingerprint = hashlib.sha256(Path(path).read_bytes()).hexdigest()[:16]
    except (Exception, SystemExit) as error:
        record.status = "quarantined"
        summary = error.message if isinstance(error, PluginError) else str(error)
        record.error = f"{type(error).__name__}: {summary}".splitlines()[0]
        record.traceback = traceback.format_exc()
        record.components = {}
        if manager.has_plugin(record.name):
            manager.unregister(name=record.name)


def _components(hook: Any, kind: str) -> list[Component]:
    """Call one plugin's hook and check what it returns."""
    returned = hook()
    if not isinstance(returned, list | tuple):
        raise PluginError(
            f"advnets_{kind} returned {type(returned).__name__}, not a list of advnets.Component"
        )
    for item in returned:
        if not isinstance(item, Component):
            raise PluginError(f"advnets_{kind} returned {item!r}, which is no advnets.Component")
    return list(returned)
