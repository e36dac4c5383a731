"""Tell a data set what it may know of where it stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import UsageError
from ..safe_io.cache import cache_folder
from .source import Source


def _no_maker(kind: str, entry: Any) -> Source:
    raise UsageError(
        f"{entry!r:.100} of the {kind} is named, and there is no recipe to look it up by",
        hint="by hand, give the data set itself",
    )


@dataclass(frozen=True)
class DataContext:
    """Hold what a data set may know: its name, a place for what takes long, how to make others.

    The run's seed is not among it: data are the same whatever is played on them, and those that
    are drawn have a ``seed`` of their own.

    Attributes:
        name: The component's.
        maker: Makes what :meth:`make` is asked for.
    """

    name: str = "data"
    maker: Callable[[str, Any], Source] = _no_maker

    @property
    def cache(self) -> Path:
        """A folder for what takes long and can be done again; it need not exist.

        ``datasets/NAME`` in ``$ADVNETS_CACHE`` or ``~/.cache/advnets``.
        """
        return cache_folder() / "datasets" / self.name

    def make(self, kind: str, entry: Any) -> Any:
        """Make a data set that a parameter names (:class:`advnets.Names`), to wrap it.

        Whoever wraps one is there where it is: ``available`` calls that of the other, and
        ``spec`` and ``splits`` are its own to say.

        Args:
            kind: ``datasets``.
            entry: A name, or a mapping with ``name`` and parameters; a source that was made
                already, by hand, is returned as it is.

        Raises:
            PluginError: If there is no such data set, or if it cannot be made.
            UsageError: If its parameters do not fit.
        """
        return self.maker(kind, entry) if isinstance(entry, str | Mapping) else entry
