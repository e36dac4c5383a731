"""Find plugins, order them, block them, quarantine the broken ones.

A plugin comes from one of four sources, loaded in this order: the modules that ship
with advnets (``DEFAULT_PLUGINS``), the entry-point group ``advnets`` of installed
distributions, the environment variable ``ADVNETS_PLUGINS``, and ``--plugin`` on the
command line. The last two take files (``path/to/plugin.py``), importable modules, or
``no:NAME`` to block the plugin (or all plugins of the distribution) of that name; the
variable separates them by commas.

A plugin that raises, that takes more than a minute (:mod:`advnets.plugins.time_limit`), or that
registers something that is no component, is quarantined: none of its components are
used, its traceback is kept, and everything else works. A recipe that names one of its
components fails with a message that says so.
"""

from __future__ import annotations

import difflib
import importlib
import importlib.metadata
import importlib.util
import os
import sys
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Any

import pluggy

from ..errors import PluginError
from ..safe_io.wording import shorten
from . import hookspecs
from .components import KINDS, RESERVED, Component
from .fingerprint import fingerprint
from .registry import BLOCK, BUILT_IN, PluginRecord, Registry
from .time_limit import set_up
from .trace import is_tracing, traced
from .tracebacks import describe_error, find_source, locate_error, package_of

GROUPS = "games networks optimizers datasets metrics theory features recipes commands"
DEFAULT_PLUGINS = tuple(f"advnets.builtin.{group}" for group in GROUPS.split())
"""What advnets itself ships, registered like anybody else's plugin. The module
``advnets.builtin.GROUP`` is the plugin ``builtin-GROUP``."""

VARIABLE = "ADVNETS_PLUGINS"
HOOKS = tuple(f"advnets_{kind}" for kind in KINDS)


@dataclass(frozen=True)
class _Found:
    """Describe a plugin that was found and is not imported yet."""

    record: PluginRecord
    load: Callable[[], Any]
    distribution: str = ""


def load_plugins(
    requested: Iterable[str | os.PathLike[str]] = (), environ: Mapping[str, str] | None = None
) -> Registry:
    """Find and check all plugins.

    Args:
        requested: The values of ``--plugin``: files, modules, or ``no:NAME``; one alone, or some.
        environ: The environment to read ``ADVNETS_PLUGINS`` from; ``os.environ`` by default.

    Returns:
        The registry, broken plugins quarantined.

    Raises:
        PluginError: If a plugin requested with ``--plugin`` is not there or blocks nothing;
            what was requested by name is never silently left out. (In the variable, which
            outlives what it was set for, the same is a warning.)
        UsageError: If ``ADVNETS_TRACE_PLUGINS`` is neither 0, 1 nor empty.
    """
    is_tracing()
    environ = os.environ if environ is None else environ
    lasting = [word.strip() for word in environ.get(VARIABLE, "").split(",") if word.strip()]
    if isinstance(requested, str | os.PathLike):
        requested = [requested]
    asked = [os.fspath(word) for word in requested]
    words = [word for word in [*lasting, *asked] if not word.startswith(BLOCK)]
    blocks = {w[len(BLOCK) :]: w in asked for w in [*lasting, *asked] if w not in words}
    manager = pluggy.PluginManager(hookspecs.PROJECT)
    manager.add_hookspecs(hookspecs)
    registry = Registry()
    found = [*_find_built_in(), *_find_installed()]
    for word in dict.fromkeys(words):
        try:
            found.append(_locate(word))
        except PluginError as error:
            if word in asked:
                raise
            record = PluginRecord(word, VARIABLE, status="quarantined", error=error.message)
            found.append(_Found(record, lambda: None))
    blocking = set()
    for plugin in found:
        record = plugin.record
        twins = [other for other in registry.plugins if other.name == record.name]
        if any(other.source == record.source for other in twins):
            continue  # the same plugin, requested twice
        named = blocks.keys() & {record.name, plugin.distribution}
        blocking |= named
        if twins:
            record.status = "quarantined"
            record.error = f"another plugin is already called {record.name!r}: {twins[0]}"
            record.hint = "rename the one that can be renamed: a file, or an entry point"
        elif named:
            record.status = "blocked"
        elif record.status == "ok":
            _check(manager, record, plugin.load)
        registry.add(record)
    for name in sorted(blocks.keys() - blocking):
        _cannot_block(name, registry, strict=blocks[name])
    return registry


def _cannot_block(name: str, registry: Registry, *, strict: bool) -> None:
    message = f"cannot block {name!r}: no plugin of that name was found"
    if not strict:
        registry.warnings.append(f"{VARIABLE}: {message}")
        return
    near = difflib.get_close_matches(name, [record.name for record in registry.plugins], n=1)
    raise PluginError(
        message,
        hint=f"did you mean {near[0]!r}?" if near else "`advnets plugins list` shows the names",
    )


def _find_built_in() -> Iterator[_Found]:
    for module in DEFAULT_PLUGINS:
        name = f"builtin-{module.rpartition('.')[2]}"
        load = partial(importlib.import_module, module)
        yield _Found(PluginRecord(name, BUILT_IN, module=module), load)


def _find_installed() -> Iterator[_Found]:
    points = importlib.metadata.entry_points(group=hookspecs.PROJECT)
    for point in sorted(points, key=lambda point: point.name):
        name, version = (point.dist.name, point.dist.version) if point.dist else ("", "")
        source = f"{name} {version}".strip() or "entry point"
        record = PluginRecord(point.name, source, version=version, module=point.module)
        yield _Found(record, point.load, name)


def _locate(word: str) -> _Found:
    """Find a plugin given as a file or as a module."""
    if word.endswith(".py") or os.sep in word:
        try:
            path = Path(word).expanduser().resolve(strict=True)
        except (OSError, RuntimeError, ValueError) as error:  # none of that name, a loop of links
            reason = getattr(error, "strerror", None) or str(error)
            raise PluginError(
                f"plugin file {word} does not exist"
                if isinstance(error, FileNotFoundError)
                else f"plugin file {word} cannot be found: {reason}",
                hint="check the path",
            ) from error
        if not path.is_file():
            raise PluginError(f"plugin file {word} does not exist", hint="check the path")
        record = PluginRecord(path.stem, str(path), module=path.stem)
        return _Found(record, partial(_import_file, path))
    try:
        there = importlib.util.find_spec(word) is not None
    except (ImportError, ValueError):
        there = False
    except Exception:
        there = True  # a parent package that raises: quarantined, with its traceback, on import
    if not there:
        file = f"{word}.py"
        raise PluginError(
            f"plugin {word!r} is no importable module",
            hint=f"did you mean the file {file}?" if Path(file).is_file() else "give a file's path",
        )
    record = PluginRecord(word, f"module {word}", module=word)
    return _Found(record, partial(importlib.import_module, word))


def _import_file(path: Path) -> ModuleType:
    """Import a single-file plugin under its own stem, so that its targets resolve."""
    name = path.stem
    existing = sys.modules.get(name)
    if existing is not None and Path(getattr(existing, "__file__", None) or "").resolve() == path:
        return existing
    found = importlib.util.find_spec(name) if existing is None and name.isidentifier() else None
    if found is not None and found.origin and Path(found.origin).resolve() == path:
        return importlib.import_module(name)  # it lies on Python's path anyway
    if existing is not None or found is not None:
        raise PluginError(
            f"{path} cannot be imported as {name!r}: a module of that name exists",
            hint="rename the file",
        )
    spec = importlib.util.spec_from_file_location(name, path)
    if not name.isidentifier() or spec is None or spec.loader is None:
        raise PluginError(
            f"{path} cannot be imported: {name!r} is no Python name",
            hint="rename the file to lower-case words joined by _, such as my_loss.py",
        )
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except BaseException:
        del sys.modules[name]
        raise
    return module


def _check(manager: pluggy.PluginManager, record: PluginRecord, load: Callable[[], Any]) -> None:
    """Import, register and check one plugin; quarantine it if anything is wrong."""
    had_tensorflow = "tensorflow" in sys.modules
    try:
        with set_up("it"):
            with traced(f"import of {record.name} ({record.source})") as ended:
                plugin = load()
                ended.append("imported")
            record.doubts = _check_names(plugin)
            manager.register(plugin, record.name)
            manager.check_pending()
            for caller in manager.get_hookcallers(plugin) or ():
                kind = caller.name.removeprefix("advnets_")
                for implementation in caller.get_hookimpls():
                    if implementation.plugin is plugin:
                        record.components[kind] = _components(implementation.function, kind, record)
        if not record.components:
            raise PluginError(
                "it is no plugin: nothing in it implements a hook",
                hint="a plugin's functions are called as hooks are, and decorated: "
                f"@advnets.hookimpl, def advnets_losses(): …; the hooks are {', '.join(HOOKS)}",
            )
        if record.source != BUILT_IN:
            record.fingerprint = fingerprint(record.module)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # whatever it may be, other plugins can be used
        _quarantine(record, error)
        if manager.has_plugin(record.name):
            manager.unregister(name=record.name)
    record.slow = "tensorflow" in sys.modules and not had_tensorflow


def _check_names(plugin: Any) -> list[str]:
    """Refuse misspelt hooks, and hooks that were not decorated: pluggy would skip the latter.

    Returns:
        What looks like a hook that is both misspelt and not decorated, in words: it may be
        meant so.
    """
    doubts = []
    for name in dir(plugin):
        value = getattr(plugin, name, None) if name.startswith("advnets_") else None
        if not callable(value):
            continue
        options = getattr(value, f"{hookspecs.PROJECT}_impl", None)
        if options is None and name in HOOKS:
            raise PluginError(
                f"{name} is not decorated",
                where=find_source(value),
                hint="put @advnets.hookimpl above it",
            )
        hook = options.get("specname") or name if options else name
        if hook in HOOKS:
            continue
        near = difflib.get_close_matches(hook, HOOKS, n=1)
        meant = f"did you mean {near[0]}?" if near else f"the hooks are {', '.join(HOOKS)}"
        if options is not None:
            raise PluginError(
                f"{hook} is not a hook of advnets", where=find_source(value), hint=meant
            )
        own = package_of(getattr(value, "__module__", None) or "") == package_of(_module_of(plugin))
        if own and not isinstance(value, type):
            doubts.append(f"{name} ({find_source(value)}) is not a hook of advnets; {meant}")
    return doubts


def _module_of(plugin: Any) -> str:
    return str(getattr(plugin, "__name__", None) or type(plugin).__module__)


def _components(hook: Callable[[], Any], kind: str, record: PluginRecord) -> list[Component]:
    """Call one plugin's hook and check what it returns."""
    with traced(f"advnets_{kind} of {record.name} ({record.source})") as ended:
        returned = hook()
        ended.append(_describe_returned(returned))
    where = find_source(hook)
    if not isinstance(returned, list | tuple):
        raise PluginError(
            f"advnets_{kind} returned {shorten(repr(returned), 80)}, "
            "not a list of advnets.Component",
            where=where,
        )
    names = set()
    for item in returned:
        if not isinstance(item, Component):
            raise PluginError(
                f"advnets_{kind} returned a list with {shorten(repr(item), 80)}, "
                "which is no advnets.Component",
                where=where,
            )
        if item.name in names:
            raise PluginError(
                f"advnets_{kind} returned two components called {item.name!r}", where=where
            )
        for field in RESERVED.get(kind, ()):
            if field in item.parameters.model_fields:
                raise PluginError(
                    f"{item.name!r} of {kind} has a parameter called {field!r}, "
                    "which means something else there",
                    hint="rename the parameter",
                    where=where,
                )
        names.add(item.name)
    return list(returned)


def _describe_returned(returned: Any) -> str:
    if not isinstance(returned, list | tuple):
        return f"returned a {type(returned).__name__}"
    return f"{len(returned)} component{'s' * (len(returned) != 1)}"


def _quarantine(record: PluginRecord, error: BaseException) -> None:
    own = error if isinstance(error, PluginError) else None
    found = locate_error(error, {package_of(record.module)} - {"advnets"})
    where = (own and own.where) or (found and found[0])
    record.status, record.components = "quarantined", {}
    record.error = describe_error(error) + (f" ({where})" if where else "")
    record.hint = (own and own.hint) or ""
    record.traceback = traceback.format_exc()
