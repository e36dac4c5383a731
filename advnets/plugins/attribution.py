"""Whose code it was: errors that come out of plugins, told as such."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from ..errors import AdvnetsError, PluginError, RunError
from .registry import BUILT_IN, PluginRecord, Registry
from .tracebacks import described, is_out_of_memory, place_of, top

TRACEBACK = "run again with --traceback to see the way there"


def packages_of(record: PluginRecord) -> set[str]:
    """Return the top-level packages that a plugin's code is in, as far as it says."""
    modules = {record.module}
    for kind, components in record.components.items():
        if kind != "recipes":
            modules |= {component.target.partition(":")[0] for component in components}
    own = top(record.module)
    # A target may lie in a library; what fails there is not the plugin's for that.
    return {top(module) for module in modules if top(module) == own} - {"advnets", ""}


def culprit(error: BaseException, registry: Registry) -> tuple[PluginRecord, str] | None:
    """Return the plugin whose code an error comes from, and the place, ``file:line``.

    Args:
        error: The error.
        registry: The plugins; what is built in is nobody's.
    """
    owners = {
        package: record
        for record in registry.plugins
        if record.status == "ok" and record.source != BUILT_IN
        for package in packages_of(record)
    }
    blamed = error.module if isinstance(error, PluginError) else None
    if blamed and top(blamed) in owners:
        where = error.where if isinstance(error, PluginError) else None
        return owners[top(blamed)], where or ""
    found = place_of(error, owners.keys())
    return (owners[found[1]], found[0]) if found else None


def explained(
    error: BaseException, registry: Registry, *, running: bool = False
) -> AdvnetsError | None:
    """Return an error as the error of a plugin; ``None`` if it is no plugin's.

    Args:
        error: What was raised.
        registry: The plugins.
        running: Whether a run was going on, which has failed then; else the plugin is of no use.
    """
    if isinstance(error, AdvnetsError) and not isinstance(error, PluginError):
        return None
    if isinstance(error, KeyboardInterrupt) or is_out_of_memory(error):
        return None
    found = culprit(error, registry)
    if found is None:
        return None
    record, place = found
    if isinstance(error, PluginError):
        known = error.where or place or None
        if str(record) not in str(error):
            message = f"{error.message} (plugin {record})"
            return PluginError(message, hint=error.hint, where=known, module=error.module)
        return None
    kind = RunError if running else PluginError
    return kind(f"plugin {record} failed: {described(error)}", where=place, hint=TRACEBACK)


@contextmanager
def explaining(registry: Registry, running: Callable[[], bool] = lambda: False) -> Iterator[None]:
    """Raise the errors of plugins as :func:`explained` tells them; any other as it is.

    Args:
        registry: The plugins.
        running: Whether a run is going on, asked when something is raised.

    Raises:
        PluginError: For what a plugin raises at set-up, ``sys.exit`` included.
        RunError: For what it raises while a run is going on.
    """
    try:
        yield
    except (Exception, SystemExit) as error:
        told = explained(error, registry, running=running())
        if told is None:
            raise
        raise told from error


def owners_of(components: Iterable[tuple[str, str]], registry: Registry) -> list[str]:
    """Return those of some components, kind and name, that plugins brought, in words."""
    found = []
    for kind, name in components:
        owner = registry.owner(kind, name)
        if owner.source != BUILT_IN:
            found.append(f"{name!r} of plugin {owner}")
    return found
