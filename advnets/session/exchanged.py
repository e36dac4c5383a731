"""Say where a run is read with other code, or measured on other data, than it was played with."""

from __future__ import annotations

import logging
from collections.abc import Iterable

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


def say_what_was_exchanged(folder: RunFolder, scores: Iterable[Score]) -> None:
    """Say which splits of the data are others than the run's, as far as it knows them."""
    manifest = folder.manifest.data
    known = [
        (each.get("protocol") or {}).get("data_sha256") for each in manifest.get("scores") or []
    ]
    before = {s: sha for each in known if isinstance(each, dict) for s, sha in each.items()}
    before["train"] = (manifest.get("data") or {}).get("fingerprint")
    measured = [(score.protocol.get("data_sha256") or {}).items() for score in scores]
    others = {
        split
        for each in measured
        for split, sha in each
        if before.get(split) and not str(before[split]).startswith(str(sha))
    }
    if others:
        log.warning("measured on other data than the run's: %s", ", ".join(sorted(others)))
