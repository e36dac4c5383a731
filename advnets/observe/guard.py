"""The guard around what only watches: it says once what failed, and leaves it out from then on."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable
from typing import TypeVar

from ..distribute.workers import Workers, is_worker_lost
from ..errors import AdvnetsError
from ..plugins import Registry
from ..plugins.attribution import find_plugin_at_fault
from ..plugins.tracebacks import describe_error
from ..runs import RunFolder

T = TypeVar("T")
log = logging.getLogger(__name__)

MOST = 50
"""Failures that a manifest keeps."""


class Guard:
    """Keep what only watches a run from ending it.

    It lasts for a session: the next one tries again what has failed.

    Args:
        folder: The run's folder; its manifest lists failures under ``switched_off``.
        registry: The plugins, one of which may be at fault.
        workers: The processes that play the run; the chief writes.

    Attributes:
        switched_off: The names of what has failed.
    """

    def __init__(self, folder: RunFolder, registry: Registry, workers: Workers):
        self._folder, self._registry, self._workers = folder, registry, workers
        self.switched_off: set[str] = set()

    def attempt(
        self,
        who: str,
        step: int,
        work: Callable[[], T],
        hint: str = "",
        fatal: tuple[type[BaseException], ...] = (),
    ) -> T | None:
        """Do something that only watches; if it fails, say so once and do it no more.

        Args:
            who: What it is, such as ``metric 'parzen'``.
            step: The round after which it is done.
            work: What it does.
            hint: What its user can do about it.
            fatal: Errors that mean to end the run, and do.

        Returns:
            What ``work`` returned; ``None`` if it failed, now or before.
        """
        if who in self.switched_off:
            return None
        try:
            return work()
        except fatal:
            raise
        except (Exception, SystemExit) as error:
            if is_worker_lost(error):  # of a worker, without which nothing can be done
                raise
            self._switch_off(who, step, error, hint)
        return None

    def agree(self, names: list[str]) -> None:
        """Switch off on all workers what has failed on any: the others would wait in it.

        Args:
            names: What runs on all workers, the same list on each.
        """
        if self._workers.count == 1 or not names:
            return
        failed = self._workers.all_reduce_sum([name in self.switched_off for name in names])
        for name, count in zip(names, failed, strict=True):
            if count and name not in self.switched_off:
                self.switched_off.add(name)
                log.warning("%s failed on another worker, whose log says why", name)

    def _switch_off(self, who: str, step: int, error: BaseException, hint: str) -> None:
        self.switched_off.add(who)
        found = find_plugin_at_fault(error, self._registry)
        owner = f" of plugin {found[0]}" if found else ""
        where = f" at {found[1]}" if found and found[1] else ""
        text = describe_error(error)
        log.warning(
            "%s%s failed%s: %s; it is switched off, the run continues%s",
            *(who, owner, where, text, hint and f"; {hint}"),
        )
        if self._workers.is_chief:
            entry = {"who": f"{who}{owner}", "step": step, "error": f"{text}{where}"}
            # On a disk that takes nothing, what must be written there will tell.
            with contextlib.suppress(AdvnetsError):
                self._folder.manifest.change(
                    lambda data: {
                        "switched_off": [*(data.get("switched_off") or [])[1 - MOST :], entry]
                    }
                )
