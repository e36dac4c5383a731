"""Refuse workers that were started otherwise than the chief."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from ..data import Source
from ..distribute.workers import Workers
from ..errors import UsageError
from ..recipe import Recipe, differences
from ..runs.manifest import versions
from ..train.find_data import fingerprint_of_all


def refuse_strangers(
    workers: Workers, recipe: Recipe, source: Source, plugins: Sequence[Mapping[str, str]]
) -> None:
    """Refuse workers that were started with another recipe than the chief, or with other data.

    So are those whose plugins are of other code, and those of other versions.

    Raises:
        UsageError: On all workers; one that differs says in what.
    """
    if workers.count == 1:
        return
    text = hashlib.sha256(recipe.to_yaml().encode()).hexdigest()
    code = {f"plugin {each['name']}": each["sha256"] for each in plugins}
    known: dict[str, Any] = {"plugins of other code": code, "other versions": versions()}
    hashed = {what: hashlib.sha256(repr(sorted(v.items())).encode()) for what, v in known.items()}
    found = []
    for what, fingerprint in (
        ("another recipe", text),
        ("other data", fingerprint_of_all(source)),
        *((what, digest.hexdigest()) for what, digest in hashed.items()),
    ):
        if others := workers.find_differing(fingerprint):
            found.append(f"worker {', '.join(map(str, others))} was started with {what}")
    if not found:
        return
    own = differences(workers.broadcast(recipe.data), recipe.data, everywhere=True)
    for what in known:
        theirs, ours = workers.broadcast(known[what]), known[what]
        own += [
            f"{name}: {theirs.get(name, '(absent)')} → {ours.get(name, '(absent)')}"
            for name in dict.fromkeys([*theirs, *ours])
            if theirs.get(name) != ours.get(name)
        ]
    where = "\n".join(["; from the chief's to this worker's:", *(f"  {one}" for one in own)])
    raise UsageError(
        f"{', and '.join(found)} than the chief{where if own else ''}",
        hint="give all workers the same command, the same data and the same installation"
        + ("" if own else "; the log of a worker that differs says where"),
    )
