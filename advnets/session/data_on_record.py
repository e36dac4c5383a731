"""Keep on record what a run's data are, and refuse to go on with others."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from ..data import Source, summarise
from ..data.feed.choose import describe_placement
from ..errors import UsageError
from ..runs import RunFolder

log = logging.getLogger(__name__)


def refuse_other_data(folder: RunFolder, source: Source) -> None:
    """Refuse to resume a run on data that are not those it began with."""
    before = (folder.manifest.get("data") or {}).get("fingerprint")
    if before is not None and before != (now := source.fingerprint()):
        raise UsageError(
            f"the training data have changed since the run began: they had the fingerprint "
            f"{before[:12]}…, and {source.name}, read now, has {now[:12]}…",
            where=str(folder.path),
            hint="bring the old data back, or start a new run in another --run-dir",
        )


def keep_data(
    folder: RunFolder, source: Source, carried: Sequence[str], read: Sequence[str]
) -> None:
    """Write what the data are; refuse to resume a run on fields other than those it began with.

    Args:
        folder: The run's folder.
        source: Its data.
        carried: The fields that come with the examples, which have a fingerprint of their own.
        read: All fields that the game depends on: also those whose frequencies it draws by.

    Raises:
        UsageError: If a label, say, is another.
    """
    entry = {
        "name": source.name,
        "fingerprint": source.fingerprint(),
        "train": source.count("train"),
        **describe_placement(source, carried),
        **tell(source),
    }
    if read:
        now = {"names": list(read), "fingerprint": source.fingerprint("train", read)}
        before = (folder.manifest.get("data") or {}).get("fields")
        if before is not None and before != now:
            raise UsageError(
                f"the fields of the training data have changed since the run began: "
                f"{', '.join(before['names'])} had the fingerprint {before['fingerprint'][:12]}…, "
                f"now {', '.join(read)} {'have' if len(read) > 1 else 'has'} "
                f"{now['fingerprint'][:12]}…",
                where=str(folder.path),
                hint="bring the old data back, or start a new run in another --run-dir",
            )
        entry["fields"] = now
    folder.manifest.update(data=entry)


def tell(source: Source) -> dict[str, list[str]]:
    """Say what the data are, what is left out of them and what is odd; return it to be kept."""
    summary = summarise(source)
    for line in summary.lines:
        log.info("%s", line)
    for line in summary.warnings:
        log.warning("%s: %s", source.name, line)
    return {"lines": summary.lines, "warnings": summary.warnings}
