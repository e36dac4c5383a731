"""What watches a run and fails is switched off, and the run goes on."""

from __future__ import annotations

import sys

from ..monitor import Monitor
from ..plugins import Registry
from ..plugins.attribution import find_plugin_at_fault
from ..plugins.tracebacks import describe_error
from ..runs import RunFolder

MOST = 50
"""Entries that a manifest keeps."""


class Observers:
    """Keeps the account of those that were switched off.

    It lasts for a sitting: the next one tries them again.

    Args:
        folder: The run's folder; its manifest lists them under ``switched_off``.
        monitor: Who is told.
        registry: The plugins, one of which may be to blame.
        chief: Whether this process writes.
    """

    def __init__(self, folder: RunFolder, monitor: Monitor, registry: Registry, chief: bool):
        self._folder, self._monitor = folder, monitor
        self._registry, self._chief = registry, chief
        self._off: set[str] = set()

    def __contains__(self, who: str) -> bool:
        return who in self._off

    def __bool__(self) -> bool:
        return bool(self._off)

    def switch_off(self, who: str, step: int, error: BaseException) -> None:
        """Say that an observer has failed, once, and remember it.

        Args:
            who: Such as ``metric 'parzen'``.
            step: The round after which it failed.
            error: What it raised.

        Raises:
            RunError: If the manifest cannot be written.
        """
        self._off.add(who)
        found = find_plugin_at_fault(error, self._registry)
        owner = f" of plugin {found[0]}" if found else ""
        where = f" at {found[1]}" if found and found[1] else ""
        said = describe_error(error)
        text = f"warning: {who}{owner} failed{where}: {said}; it is switched off, the run goes on"
        if not self._chief:
            print(text, file=sys.stderr)
            return
        self._monitor.note(text, "bold yellow")
        entry = {"who": f"{who}{owner}", "step": step, "error": f"{said}{where}"}
        before = self._folder.manifest.get("switched_off") or []
        self._folder.manifest.update(switched_off=[*before[1 - MOST :], entry])
