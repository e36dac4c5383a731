"""Find the plugins that somebody means by a word."""

from __future__ import annotations

import difflib
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from ..errors import PluginError
from .loading import load_plugins
from .registry import BUILT_IN, PluginRecord, Registry


def find_plugins(word: str, requested: Sequence[str] = ()) -> tuple[Registry, list[PluginRecord]]:
    """Find the plugins that a word names: one, but for a distribution of several, or advnets.

    Args:
        word: A name as in ``advnets plugins list``; a distribution; a module or a file, whether
            its plugin is installed or not; ``advnets`` or ``built in``, for all that ships.
        requested: The values of ``--plugin``: these are there as well.

    Raises:
        PluginError: If there is none, with the nearest name.

    >>> [record.name for record in find_plugins("builtin-games")[1]]
    ['builtin-games']
    >>> find_plugins("builtin-gmaes")
    Traceback (most recent call last):
    ...
    advnets.errors.PluginError: there is no plugin 'builtin-gmaes'
      hint: did you mean 'builtin-games'?
    """
    registry = load_plugins(requested)
    if found := _named(word, registry):
        return registry, found
    path = Path(word).expanduser()
    is_file = word.endswith(".py") or os.sep in word
    if is_file and path.is_dir():
        raise PluginError(
            f"{word} is a folder, not a plugin",
            hint=f"install its distribution, `pip install -e {word}`, and give its name; "
            "or give the file that has the hooks",
        )
    try:
        registry = load_plugins([*requested, word])  # a file, or a module that nobody announced
    except PluginError as error:
        names = [record.name for record in registry.plugins]
        near = difflib.get_close_matches(word, [*names, *_distributions(registry)], n=1)
        known = f"there are: {', '.join(names)}"
        hint = error.hint if is_file or "did you mean" in (error.hint or "") else None
        raise PluginError(
            error.message if is_file else f"there is no plugin {word!r}",
            hint=hint or (f"did you mean {near[0]!r}?" if near else known),
        ) from None
    return registry, _named(word, registry) or [registry.plugins[-1]]


def _named(word: str, registry: Registry) -> list[PluginRecord]:
    """Return the records that a word names; a name goes before a distribution, a module, a file."""
    by_name = [one for one in registry.plugins if one.name == word]
    if by_name:
        return by_name[:1]
    if word in (BUILT_IN, "built-in", "builtin", "advnets"):
        return [one for one in registry.plugins if one.source == BUILT_IN]
    spelt = _canonical(word)
    return (
        [one for one in registry.plugins if _canonical(one.source.rpartition(" ")[0]) == spelt]
        or [one for one in registry.plugins if word in (one.module, one.source)][:1]
        or [one for one in registry.plugins if _is_file(word, one)][:1]
    )


def _distributions(registry: Registry) -> list[str]:
    return [one.source.rpartition(" ")[0] for one in registry.plugins if one.version]


def _canonical(distribution: str) -> str:
    """Return a distribution's name as installers compare it."""
    return distribution.lower().replace("_", "-").replace(".", "-")


def _is_file(word: str, record: PluginRecord) -> bool:
    """Tell whether a word is the path of a plugin's module."""
    if not (word.endswith(".py") or os.sep in word):
        return False
    own = getattr(sys.modules.get(record.module), "__file__", None)
    places = [place for place in (record.source, own) if place]
    try:
        path = Path(word).expanduser().resolve()
    except (OSError, RuntimeError, ValueError):
        return False
    return any(str(path) == place or str(path) == os.path.realpath(place) for place in places)
