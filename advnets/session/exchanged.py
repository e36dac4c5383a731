"""Say where a run is read with other code, or measured on other data, than it was played with."""

from __future__ import annotations

import logging
<<<<<<< HEAD
from collections.abc import Iterable
from typing import Any
=======
from collections.abc import Iterable, Mapping
>>>>>>> issue15-E

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


<<<<<<< HEAD
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
=======
def fingerprints_of(scores: Iterable[Score], source: Source) -> dict[str, str]:
    """Return the fingerprints of the splits that scores were measured on.

    Also of the training split, if it lies within the memory budget: it is the one that a run
    knows from its beginning, and who exchanges data exchanges all of them.
    """
    measured: dict[str, str] = {}
    for score in scores:
        measured |= score.protocol.get("data_sha256") or {}
    if measured and "train" not in measured and source.fits("train"):
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
    before = {s: sha for each in known if isinstance(each, dict) for s, sha in each.items()}
    before["train"] = (manifest.get("data") or {}).get("fingerprint")
    others = [
        split
        for split, sha in here.items()
        if before.get(split) and not str(before[split]).startswith(sha[:16])
>>>>>>> issue15-E
    ]
    if others:
        log.warning("%s other data than the run's: %s", what, ", ".join(sorted(others)))
