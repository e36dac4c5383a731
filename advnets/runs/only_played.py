"""Leave out of a run's recipe what only its rounds need, where that is not here."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

from ..plugins import Registry
from ..plugins.registry import BUILT_IN
from ..recipe import read_yaml, recipe_bytes

log = logging.getLogger(__name__)

PLAYED_ONLY = {
    "monitoring.callbacks": "callbacks",
    "penalties": "penalties",
    "augmentations": "augmentations",
    "evaluation.metrics": "metrics",
}
"""Lists of components that a run's samples and networks do not need, and their kinds."""
WITH_STATE = ("penalties", "augmentations")
"""Kinds that are left out all together: those that stay would have the variables of others."""


def leave_out_absent(source: Path | dict[str, Any], registry: Registry) -> dict[str, Any]:
    """Return what overrides of a recipe leave out the components of such lists that are not here.

    Args:
        source: The run's recipe, or its file.
        registry: The components that are here.
    """
    recipe: Any = source
    if isinstance(source, Path):
        recipe = read_yaml(recipe_bytes(source), str(source)).value
    changes: dict[str, Any] = {}
    absent: list[str] = []
    for path, kind in PLAYED_ONLY.items():
        value: Any = recipe
        for key in path.split("."):
            value = value.get(key) if isinstance(value, dict) else None
        entries = value if isinstance(value, list) else []
        names = [each.get("name") if isinstance(each, dict) else each for each in entries]
        known = registry.names(kind)
        missing = [name for name in names if isinstance(name, str) and name not in known]
        # A network that penalties alone call is built by what they say of it.
        if missing and not (kind == "penalties" and recipe.get("networks")):
            kept = [e for e, name in zip(entries, names, strict=True) if name not in missing]
            changes[path] = [] if kind in WITH_STATE else kept
            absent += missing
    if "penalties" in changes and (streams := recipe.get("streams")):
        read = _streams_read(recipe, registry)
        changes["streams"] = {n: s for n, s in streams.items() if read is None or n in read}
    if changes.get("evaluation.metrics") == []:
        changes["checkpoints.best"] = None  # a checkpoint says itself which was the best
    if absent:
        log.info("left out, as only training needs them: %s", ", ".join(absent))
    return changes


def _streams_read(recipe: dict[str, Any], registry: Registry) -> set[str] | None:
    """Return the streams that a game without penalties reads; ``None`` where nobody can tell."""
    read: set[str] = set()
    for section, kind in (("encounter", "encounters"), ("updates", "updates")):
        entry = recipe.get(section)
        name = entry.get("name") if isinstance(entry, dict) else entry
        if name is None:  # the default, which ships
            continue
        if name not in registry.names(kind):
            return None
        streams = registry.component(kind, name).streams
        if streams is None and registry.owner(kind, name).source != BUILT_IN:
            return None
        read.update(streams or ())
    return read
