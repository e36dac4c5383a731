"""Keep the list of what a run was given from some round on, on purpose."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

Change = Mapping[str, Any]


def add_changes(
    known: Sequence[Change], step: int, new: Sequence[Change], rollbacks: int = 0
) -> list[dict[str, Any]]:
    """Return the changes of a run that is taken up at a round, with those made in it.

    What was changed in later rounds, which are about to be played again, is changed in this
    one; what is changed back at once is none.

    Args:
        known: Those that the manifest has: ``from``, ``key``, ``old``, ``new``.
        step: The round.
        new: ``key``, ``old``, ``new``.
        rollbacks: How often the run has gone back to this round so far; rollbacks after it
            lower the rates that are given now.

    >>> rate = {"key": "optimizers.generator.learning_rate", "old": 0.1, "new": 0.05}
    >>> first = add_changes([], 100, [rate])
    >>> first == [{"from": 100, **rate, "rollbacks": 0}], add_changes(first, 100, []) == first
    (True, True)
    >>> add_changes(first, 100, [rate | {"old": 0.05, "new": 0.1}])
    []
    >>> [(each["from"], each["new"]) for each in add_changes(first, 80, [])]
    [(80, 0.05)]
    """
    kept = [dict(each) for each in known if each["from"] < step]
    here: dict[str, dict[str, Any]] = {}
    for each in [*known[len(kept) :], *new]:
        before = here.get(each["key"])
        if each.get("from") != step or before is not None:
            each = {**each, "from": step, "rollbacks": rollbacks}
        here[each["key"]] = {**each, "old": before["old"] if before else each["old"]}
    return [*kept, *(each for each in here.values() if each["old"] != each["new"])]


def describe_change(change: Change) -> str:
    """Return a change in words, without the round.

    >>> describe_change({"key": "loss.margin", "old": 10.0, "new": 8.0})
    'loss.margin 10.0 → 8.0'
    """
    return f"{change['key']} {change.get('old')} → {change.get('new')}"


def tell_changes(recipe: Mapping[str, Any], changes: Sequence[Change]) -> dict[str, Any]:
    """Return a recipe in which what was changed on the way is told in words.

    >>> told = tell_changes({"loss": {"margin": 9}}, [{"from": 50, "key": "loss.margin", "new": 8}])
    >>> told["loss"]["margin"]
    '9; from round 50 on 8'
    """
    told = copy.deepcopy(dict(recipe))
    for each in changes:
        holder: Any = told
        *path, last = (
            int(word) if word.isdigit() else word for word in str(each["key"]).split(".")
        )
        try:
            for key in path:
                holder = holder[key]
            holder[last] = f"{holder[last]}; from round {each['from']} on {each.get('new')}"
        except (KeyError, IndexError, TypeError):  # a manifest is whatever it is
            told[str(each["key"])] = describe_change(each)
    return told
