"""Compute the identity of a run: a hash of all that determines its trajectory."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from ..errors import PluginError
from ..plugins.parameters import Names, Place
from ..plugins.registry import Registry
from .schema import OFFLINE
from .starts import identify

DETERMINING = (
    "seed",
    "dataset",
    "streams",
    "latent",
    "generator",
    "discriminator",
    "networks",
    "start",
    "given",
    "conditions",
    "encounter",
    "loss",
    "penalties",
    "augmentations",
    "updates",
    "optimizers",
    "averaging",
    "training.batch_size",
    "distribution.precision",
)
"""The keys that a trajectory depends on. How long it is, how it is watched, and on how
many devices it is computed, do not belong to it."""
CHANGEABLE = ("optimizers.*.*", "penalties.*.*", "augmentations.*.*", "loss.*", "averaging.*")
"""The keys under which a run may be given another value on the way, on purpose and on record:
numbers that a move is computed from. ``*`` is one word, and never ``name``."""
FIXED = {
    "start": "its first round began from these weights",
    "seed": "all that is random follows from it",
    "dataset": "the rounds played so far saw other examples",
    "streams": "the rounds played so far saw other examples",
    "training.batch_size": "it decides which examples a round sees",
    "updates": "they decide which examples a round sees, and who moves when",
    "loss": "another loss is another game",
    "encounter": "what is judged would be something else",
    "distribution.precision": "the networks would compute otherwise, with other variables",
    "optimizers": "another optimizer keeps other variables than the checkpoint has",
}
"""Why a key that a trajectory depends on cannot be changed on the way; of others, variables."""
VARIABLES = "the game would have other variables than the checkpoint has"
CALLBACKS = "monitoring.callbacks"
"""Where those stand that watch a run, and some that change it."""
SCORES = ("evaluation.metrics", "evaluation.every", "evaluation.weights")
"""What such callbacks may monitor."""


def select_determining(data: Mapping[str, Any], registry: Registry | None = None) -> dict[str, Any]:
    """Return the part of a recipe that determines the trajectory.

    Left out are the stand-in, and where the data lie (:class:`advnets.Place`), and weights to
    start from: what they are is the business of a fingerprint, and of a digest.

    Args:
        data: The recipe, as plain data.
        registry: By which callbacks are told that change the game, and places of data; without,
            no callback counts, and every place does.

    >>> select_determining({"seed": 1, "name": "a", "training": {"steps": 9, "batch_size": 2}})
    {'seed': 1, 'training.batch_size': 2}
    """
    found = {path: value for path in DETERMINING if (value := _get(data, path)) is not None}
    if "dataset" in found:
        found["dataset"] = _without_places(found["dataset"], registry)
    if found.get("streams"):
        found["streams"] = {
            name: {**stream, "dataset": _without_places(stream["dataset"], registry)}
            if isinstance(stream, Mapping) and stream.get("dataset") is not None
            else stream
            for name, stream in found["streams"].items()
        }
    else:
        found.pop("streams", None)
    if "start" in found and (start := identify(found.pop("start"))) is not None:
        found["start"] = start
    callbacks = _get(data, CALLBACKS) if registry is not None else None
    if registry is not None and isinstance(callbacks, list):
        changing = [entry for entry in callbacks if _changes_game(entry, registry)]
        if changing:
            found[CALLBACKS] = changing
            # What such a callback is told of, and when, is what it may change the game by.
            for path in SCORES if _get(data, SCORES[0]) else ():
                if (value := _get(data, path)) is not None:
                    found[path] = value
    return found


def _get(data: Mapping[str, Any], path: str) -> Any:
    value: Any = data
    for key in path.split("."):
        value = value.get(key) if isinstance(value, Mapping) else None
    return value


def _without_places(dataset: Any, registry: Registry | None) -> Any:
    """Return a data set's entry without its stand-in, and without where the data lie."""
    if not isinstance(dataset, Mapping):
        return dataset
    name = dataset.get("name")
    places, inner = _marked(name, Place, registry), _marked(name, Names, registry)
    return {
        key: _without_inner_places(item, registry) if key in inner else item
        for key, item in dataset.items()
        if key != OFFLINE and key not in places
    }


def _without_inner_places(named: Any, registry: Registry | None) -> Any:
    """Return what a data set names, another or a list of some, without where these lie."""
    if isinstance(named, list):
        return [_without_places(each, registry) for each in named]
    return _without_places(named, registry)


def _marked(name: Any, mark: type, registry: Registry | None) -> set[str]:
    """Name the parameters of a data set that are marked: say where it lies, or name another."""
    if registry is None or not isinstance(name, str):
        return set()
    try:
        fields = registry.component("datasets", name).parameters.model_fields
    except PluginError:
        return set()
    return {
        field.serialization_alias or key
        for key, field in fields.items()
        if any(isinstance(one, mark) and _of_data(one) for one in field.metadata)
    }


def _of_data(mark: Any) -> bool:
    return not isinstance(mark, Names) or mark.kind == "datasets"


def _changes_game(entry: Any, registry: Registry) -> bool:
    """Tell whether a callback changes the game; one that nobody knows here may."""
    name = entry.get("name") if isinstance(entry, Mapping) else entry
    try:
        return not isinstance(name, str) or registry.component("callbacks", name).changes_game
    except PluginError:
        return True


def identity(data: Mapping[str, Any], registry: Registry | None = None) -> str:
    """Compute eight hexadecimal digits: the beginning of SHA-256 over canonical JSON.

    A run's identity is that of what its recipe chooses
    (:attr:`~advnets.recipe.Recipe.chosen`), so that a further key or parameter with a default
    changes none.

    Args:
        data: A recipe, or what it chooses, as plain data.
        registry: As for :func:`select_determining`.

    >>> identity({"seed": 1}) == identity({"seed": 1, "name": "renamed"})
    True
    """
    text = json.dumps(
        select_determining(data, registry),
        sort_keys=True,
        separators=(",", ":"),
        allow_nan=False,
    )
    return hashlib.sha256(text.encode()).hexdigest()[:8]


def differences(
    old: Mapping[str, Any],
    new: Mapping[str, Any],
    registry: Registry | None = None,
    *,
    everywhere: bool = False,
) -> list[str]:
    """List where two resolved recipes differ, one line each.

    Args:
        old, new: The recipes, resolved.
        registry: As for :func:`select_determining`.
        everywhere: Whether entries count that do not determine the game, such as cadences.

    >>> differences({"seed": 1, "loss": {"name": "a"}}, {"seed": 2, "loss": {"name": "a"}})
    ['seed: 1 → 2']
    >>> differences({"penalties": []}, {"penalties": [{"name": "r1"}]}, everywhere=True)
    ['penalties.0.name: (absent) → "r1"']
    """
    if not everywhere:
        old, new = select_determining(old, registry), select_determining(new, registry)
    before, after = dict(_leaves(old)), dict(_leaves(new))
    keys = [*before, *(key for key in after if key not in before)]
    return [
        f"{key}: {before.get(key, '(absent)')} → {after.get(key, '(absent)')}"
        for key in keys
        if before.get(key) != after.get(key) and not _is_filled(key, before, after)
    ]


def find_changes(
    old: Mapping[str, Any], new: Mapping[str, Any], registry: Registry | None = None
) -> tuple[list[dict[str, Any]], list[str]]:
    """Return where two resolved recipes differ, by whether a run may change there on the way.

    Args:
        old, new: The recipes, resolved.
        registry: As for :func:`select_determining`.

    Returns:
        The changes to :data:`CHANGEABLE` keys: ``key``, ``old``, ``new``; and the other
        differences in words, each with why it cannot be made.

    >>> adam = {"name": "adam", "learning_rate": 0.1}
    >>> slower = {"optimizers": {"generator": adam | {"learning_rate": 0.05}}}
    >>> find_changes({"optimizers": {"generator": adam}}, slower)
    ([{'key': 'optimizers.generator.learning_rate', 'old': 0.1, 'new': 0.05}], [])
    >>> find_changes({"loss": {"name": "f", "divergence": "a"}}, {"loss": {"name": "f"}})
    ([], ['loss.divergence: "a" → (absent) (another loss is another game)'])
    >>> find_changes({"seed": 1}, {"seed": 2})
    ([], ['seed: 1 → 2 (all that is random follows from it)'])
    """
    changes, fixed = [], []
    before, after = (dict(_units(select_determining(d, registry))) for d in (old, new))
    for key in dict.fromkeys([*before, *after]):
        one, other = before.get(key), after.get(key)
        if one == other:
            continue
        why = next((FIXED[each] for each in FIXED if f"{key}.".startswith(f"{each}.")), VARIABLES)
        if key in before and key in after and _is_changeable(key):
            if _are_numbers(one, other):
                changes.append({"key": key, "old": one, "new": other})
                continue
            why = "numbers alone may be changed there"
        sides = ({key: each[key]} if key in each else {} for each in (before, after))
        ours, theirs = (dict(_leaves(side)) for side in sides)
        fixed += [
            f"{leaf}: {ours.get(leaf, '(absent)')} → {theirs.get(leaf, '(absent)')} ({why})"
            for leaf in dict.fromkeys([*ours, *theirs])
            if ours.get(leaf) != theirs.get(leaf) and not _is_filled(leaf, ours, theirs)
        ]
    return changes, fixed


def _is_changeable(key: str) -> bool:
    words = key.split(".")
    return words[-1] != "name" and any(
        len(words) == len(pattern.split("."))
        and all(p in ("*", word) for p, word in zip(pattern.split("."), words, strict=True))
        for pattern in CHANGEABLE
    )


def _are_numbers(*values: Any) -> bool:
    """Tell whether all are numbers or schedules of them, or nothing."""
    return all(
        value is None
        or (isinstance(value, int | float) and not isinstance(value, bool))
        or (isinstance(value, Mapping) and "name" not in value and "to" in value)
        for value in values
    )


def _units(determining: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield what is changed as a whole, by dotted path: parameters where they may be changed."""
    depth = {pattern.partition(".")[0]: pattern.count(".") for pattern in CHANGEABLE}

    def walk(path: str, value: Any, deeper: int) -> Iterator[tuple[str, Any]]:
        listed = isinstance(value, list)
        items = dict(enumerate(value)) if listed else value if isinstance(value, Mapping) else {}
        if deeper and items:
            for key, item in items.items():
                yield from walk(f"{path}.{key}", item, deeper - 1)
        else:
            yield path, value

    for path, value in determining.items():
        yield from walk(path, value, depth.get(path, 0))


def _is_filled(path: str, before: Mapping[str, str], after: Mapping[str, str]) -> bool:
    """Tell whether what is empty in one recipe has entries in the other, which are listed."""
    ours, others = (before, after) if path in before else (after, before)
    return ours[path] in ("[]", "{}") and any(key.startswith(f"{path}.") for key in others)


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping) and value:
        for key, item in value.items():
            yield from _leaves(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list) and any(isinstance(item, dict | list) for item in value):
        for index, item in enumerate(value):
            yield from _leaves(item, f"{path}.{index}")
    elif path:
        yield path, json.dumps(value, ensure_ascii=False)
