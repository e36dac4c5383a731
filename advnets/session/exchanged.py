"""Say where a run is read with other code, or measured on other data, than it was played with."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from typing import Any

from ..data import Source
from ..evaluate import Score
from ..plugins import Registry
from ..runs import RunFolder
from ..runs.played_with import list_differences

log = logging.getLogger(__name__)


def say_what_differs(folder: RunFolder, registry: Registry) -> None:
    """Say which plugins' code is another than the run was played with last."""
    known = {each["name"]: each.get("sha256") for each in folder.manifest.get("plugins") or []}
    here = {each.name: each.fingerprint for each in registry.plugins if each.status == "ok"}
    if found := list_differences({"plugins": known}, {"plugins": here}):
        log.warning("%s: changed since the run was played", "; ".join(found))


def fingerprints_of(scores: Iterable[Score], source: Source) -> dict[str, str]:
    """Return the fingerprints of the splits that scores were measured on.

    Also of the training split, if it lies within the memory budget: it is the one that a run
    knows from its beginning, and who exchanges data exchanges all of them.
    """
    measured: dict[str, str] = {}
    for score in scores:
        measured |= score.protocol.get("data_sha256") or {}
    known = "train" in measured or "train" not in source.splits
    if measured and not known and source.fits("train"):
        measured["train"] = source.fingerprint()
    return measured


def say_what_was_exchanged(folder: RunFolder, here: Mapping[str, str], what: str) -> None:
    """Say which splits of the data are others than the run's, as far as it knows them.

    Args:
        folder: The run's.
        here: The fingerprints of splits as they are now, or how these begin.
        what: What was done with them: ``measured on``.
    """
    manifest = folder.manifest.data
    known = [
        (each.get("protocol") or {}).get("data_sha256") for each in manifest.get("scores") or []
    ]
    before: dict[str, Any] = {}
    for each in known:
        before = (each if isinstance(each, dict) else {}) | before  # the first says it
    before["train"] = (manifest.get("data") or {}).get("fingerprint")
    others = [
        split
        for split, sha in here.items()
        if before.get(split) and not str(before[split]).startswith(sha[:16])
    ]
    if others:
        log.warning("%s other data than the run's: %s", what, ", ".join(sorted(others)))
