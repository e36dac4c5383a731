"""Say where a run is read with other code, or measured on other data, than it was played with."""

from __future__ import annotations

import logging
from collections.abc import Iterable
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


def say_what_was_exchanged(folder: RunFolder, source: Source, scores: Iterable[Score]) -> None:
    """Say which splits of the data are others than the run's.

    The run knows its training split, which is compared whatever was measured, where it fits into
    memory; of others it knows those that its scores are of, by the first of them.

    Args:
        folder: The run's folder.
        source: The data.
        scores: What was measured on them.
    """
    manifest = folder.manifest.data
    known: dict[str, Any] = {}
    for each in manifest.get("scores") or []:
        splits = (each.get("protocol") or {}).get("data_sha256")
        known = (splits if isinstance(splits, dict) else {}) | known
    known["train"] = (manifest.get("data") or {}).get("fingerprint")
    now = {s: h for each in scores for s, h in (each.protocol.get("data_sha256") or {}).items()}
    if now and known["train"] and "train" in source.splits and source.fits("train"):
        now["train"] = source.fingerprint()
    digits = 16  # of which a score keeps no more
    others = [
        split
        for split, sha in now.items()
        if known.get(split) and str(known[split])[:digits] != str(sha)[:digits]
    ]
    if others:
        log.warning("measured on other data than the run's: %s", ", ".join(sorted(others)))
