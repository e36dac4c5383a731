"""Attribute errors to the plugins whose code they come from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from ..errors import AdvnetsError, PluginError, RunError
from .registry import BUILT_IN, PluginRecord, Registry
from .tracebacks import describe_error, is_out_of_memory, locate_error, package_of

TRACEBACK = "run again with --traceback to see the way there"


def plugin_packages(record: PluginRecord) -> set[str]:
    """Return the top-level packages of a plugin's code, as far as its record names them."""
    modules = {record.module}
    for kind, components in record.components.items():
        if kind != "recipes":
            modules |= {component.target.partition(":")[0] for component in components}
    own = package_of(record.module)
    # A target may lie in a library, whose errors are not the plugin's.
    return {package_of(module) for module in modules if package_of(module) == own} - {"advnets", ""}


def find_plugin_at_fault(
    error: BaseException, registry: Registry
) -> tuple[PluginRecord, str] | None:
    """Return the plugin whose code an error comes from, and the location, ``file:line``.

    Args:
        error: The error.
        registry: The plugins, of which the built-in ones are not considered.
    """
    owners = {
        package: record
        for record in registry.plugins
        if record.status == "ok" and record.source != BUILT_IN
        for package in plugin_packages(record)
    }
    if isinstance(error, PluginError) and error.module and package_of(error.module) in owners:
        return owners[package_of(error.module)], error.where or ""
    found = locate_error(error, owners.keys())
    return (owners[found[1]], found[0]) if found else None


def explain(
    error: BaseException, registry: Registry, *, running: bool = False
) -> AdvnetsError | None:
    """Return the error to raise for an error of a plugin; ``None`` if it is no plugin's.

    Args:
        error: What was raised.
        registry: The plugins.
        running: Whether a run was in progress, which has failed then.
    """
    if isinstance(error, AdvnetsError) and not isinstance(error, PluginError):
        return None
    if isinstance(error, KeyboardInterrupt) or is_out_of_memory(error):
        return None
    found = find_plugin_at_fault(error, registry)
    if found is None:
        return None
    record, location = found
    if isinstance(error, PluginError):
        known = error.where or location or None
        if str(record) not in str(error):
            message = f"{error.message} (plugin {record})"
            return PluginError(message, hint=error.hint, where=known, module=error.module)
        return None
    kind = RunError if running else PluginError
    return kind(f"plugin {record} failed: {describe_error(error)}", where=location, hint=TRACEBACK)


@contextmanager
def attribute_errors(
    registry: Registry, running: Callable[[], bool] = lambda: False
) -> Iterator[None]:
    """Raise the errors of plugins as :func:`explain` returns them; others as they are.

    Args:
        registry: The plugins.
        running: Returns whether a run is in progress; called when something is raised.

    Raises:
        PluginError: For what a plugin raises at set-up, ``sys.exit`` included.
        RunError: For what it raises while a run is in progress.
    """
    try:
        yield
    except (Exception, SystemExit) as error:
        explained = explain(error, registry, running=running())
        if explained is None:
            raise
        raise explained from error


def describe_owners(components: Iterable[tuple[str, str]], registry: Registry) -> list[str]:
    """Return those components, given by kind and name, that plugins provide, in words."""
    found = []
    for kind, name in components:
        owner = registry.owner(kind, name)
        if owner.source != BUILT_IN:
            found.append(f"{name!r} of plugin {owner}")
    return found
