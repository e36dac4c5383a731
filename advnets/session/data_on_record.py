"""Keep on record what a run's data are, and refuse to go on with others."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from ..data import Source, Summary, summarise
from ..data.feed.choose import describe_placement
from ..errors import UsageError
from ..runs import RunFolder

log = logging.getLogger(__name__)

BACK = "bring the old data back, or start a new run in another --run-dir"
"""What to do about data that have changed."""


def refuse_other_data(folder: RunFolder, source: Source) -> None:
    """Refuse to resume a run on data that are not those it began with."""
    known = folder.manifest.get("data") or {}
    of_streams = known.get("streams") or {}
    everything = [("the training data have", known, source)]
    everything += [
        (f"the data of the stream {name!r} have", of_streams.get(name) or {}, own)
        for name, own in source.streams.items()
    ]
    for what, entry, own in everything:
        before = entry.get("fingerprint")
        if before is not None and before != (now := own.fingerprint()):
            raise UsageError(
                f"{what} changed since the run began: they had the fingerprint "
                f"{before[:12]}…, and {own.name}, read now, has {now[:12]}…",
                where=str(folder.path),
                hint=BACK,
            )


def keep_data(
    folder: RunFolder,
    source: Source,
    carried: Sequence[str],
    read: Sequence[str],
    streams: Mapping[str, Sequence[str]] = MappingProxyType({}),
) -> None:
    """Write what the data are; refuse to resume a run on fields other than those it began with.

    Args:
        folder: The run's folder.
        source: Its data.
        carried: The fields that come with the examples, which have a fingerprint of their own.
        read: All fields that the game depends on: also those whose frequencies it draws by.
        streams: The fields of each stream's examples, by its name.

    Raises:
        UsageError: If a label, say, is another.
    """
    before = folder.manifest.get("data") or {}
    entry = _describe(folder, source, carried, read, before, "the training data")
    summary = summarise(source)
    own, known = {}, before.get("streams") or {}
    for name, fields in streams.items():
        stream = source.streams[name]
        what = f"the stream {name!r}"
        own[name] = _describe(folder, stream, fields, fields, known.get(name) or {}, what)
        summary = summary.and_of(f"stream {name}", summarise(stream))
    entry |= tell(source.name, summary) | ({"streams": own} if own else {})
    folder.manifest.update(data=entry)


def _describe(
    folder: RunFolder,
    source: Source,
    carried: Sequence[str],
    read: Sequence[str],
    known: Mapping[str, Any],
    what: str,
) -> dict[str, Any]:
    """Describe a source's training examples, and the fields that are read of them."""
    entry = {
        "name": source.name,
        "fingerprint": source.fingerprint(),
        "train": source.count("train"),
        **describe_placement(source, carried),
    }
    if not read:
        return entry
    now = {"names": list(read), "fingerprint": source.fingerprint("train", read)}
    before = known.get("fields")
    if before is not None and before != now:
        raise UsageError(
            f"the fields of {what} have changed since the run began: "
            f"{', '.join(before['names'])} had the fingerprint {before['fingerprint'][:12]}…, "
            f"now {', '.join(read)} {'have' if len(read) > 1 else 'has'} "
            f"{now['fingerprint'][:12]}…",
            where=str(folder.path),
            hint=BACK,
        )
    return entry | {"fields": now}


def tell(name: str, summary: Summary) -> dict[str, list[str]]:
    """Say what the data are, what is left out of them and what is odd; return it to be kept."""
    for line in summary.lines:
        log.info("%s", line)
    for line in summary.warnings:
        log.warning("%s: %s", name, line)
    return {"lines": summary.lines, "warnings": summary.warnings}
