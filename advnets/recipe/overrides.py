"""Change a document by ``KEY=VALUE`` from the command line, or by a Python mapping."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ..safe_io.wording import shorten
from .document import COMMAND_LINE, Document, Keys, Location, join_keys
from .mapping_reader import read_value
from .slots import is_entry
from .wording import did_you_mean
from .yaml_reader import MAX_DEPTH, read_yaml


def apply_overrides(document: Document, overrides: Sequence[str] | Mapping[str, Any]) -> None:
    """Apply overrides in order; what is wrong with them joins the document's problems.

    ``KEY`` is a dotted path, with indices into lists. ``VALUE`` is read as YAML, so it
    is typed like the file. An override replaces the whole value at its path, and makes
    the sections that lead there if they are missing.

    >>> document = read_yaml("dataset: {name: tfds, id: mnist}", "r.yaml")
    >>> apply_overrides(document, ["dataset.id=fashion_mnist", "training.steps=5"])
    >>> document.value
    {'dataset': {'name': 'tfds', 'id': 'fashion_mnist'}, 'training': {'steps': 5}}
    >>> apply_overrides(document, {"dataset": "digits"})
    >>> document.value["dataset"]
    'digits'
    """
    if overrides and document.value is None and not document.is_spoiled(()):
        document.value = {}
    for keys, new in _read(document, overrides):
        document.problems.extend(new.problems)
        location = new.values[()]
        if document.is_spoiled(()) and isinstance(document.value, dict | type(None)):
            continue  # the file could not be read, so there is nothing to change
        if problem := _set(document, keys, new, location):
            document.problems.append(location.problem(*problem))


def _read(
    document: Document, overrides: Sequence[str] | Mapping[str, Any]
) -> Iterator[tuple[Keys, Document]]:
    """Yield the path and the value of every override that can be read."""
    if isinstance(overrides, str):
        overrides = [overrides]
    if isinstance(overrides, Mapping):
        for key, value in overrides.items():
            location = Location(COMMAND_LINE, override=f"{key}={shorten(repr(value), 60)}")
            keys = _keys(key) if isinstance(key, str) else None
            if keys is None:
                document.problems.append(location.problem("a key is a dotted path, as text"))
            else:
                yield keys, read_value(value, COMMAND_LINE, location)
        return
    for word in overrides:
        key, equals, text = word.partition("=")
        keys = _keys(key)
        location = Location(COMMAND_LINE, override=shorten(word, 100))
        if not equals or keys is None:
            problem = location.problem("an override is KEY=VALUE", "such as training.steps=2000")
            document.problems.append(problem)
            continue
        read = read_yaml(text, COMMAND_LINE)
        read.problems = [location.problem(p.message, p.hint) for p in read.problems]
        read.values = dict.fromkeys(read.values, location) | {(): location}
        read.keys = dict.fromkeys(read.keys, location)
        yield keys, read


def _keys(text: str) -> Keys | None:
    """Split a dotted path; ``None`` if a part of it is empty, or it is deeper than recipes are.

    >>> _keys("penalties.0.weight")
    ('penalties', 0, 'weight')
    """
    parts = text.split(".")
    if len(parts) > MAX_DEPTH or not all(part and part == part.strip() for part in parts):
        return None
    return tuple(int(p) if p.isascii() and p.isdigit() and len(p) < 10 else p for p in parts)


def _set(
    document: Document, keys: Keys, new: Document, location: Location
) -> tuple[str, str | None] | None:
    """Put a value into the tree; return what prevents it, and how to mend that."""
    holder: Any = document.value
    for depth, part in enumerate(keys[:-1]):
        if refusal := _refusal(holder, keys, depth):
            return refusal, None
        key = part if isinstance(holder, list) else str(part)
        path = (*keys[:depth], key)
        child = holder.get(key) if isinstance(holder, dict) else holder[key]
        if isinstance(child, str) and is_entry(path):
            # `loss: hinge` is short for `loss: {name: hinge}`
            document.values[(*path, "name")] = document.locate(path)
            holder[key] = {"name": child}
        elif child is None:
            holder[key] = {}
            document.forget(path)
            document.keys[path] = document.values[path] = location
        elif not isinstance(child, dict | list):
            message = f"{join_keys(path)} is {shorten(repr(child), 40)}, not a section"
            return message, _near(holder, str(key))
        holder = holder[key]
    if refusal := _refusal(holder, keys, len(keys) - 1):
        return refusal, None
    last = keys[-1] if isinstance(holder, list) else str(keys[-1])
    path = (*keys[:-1], last)
    document.forget(path)
    holder[last] = new.value
    document.keys[path] = location
    document.values |= {(*path, *sub): where for sub, where in new.values.items()}
    document.keys |= {(*path, *sub): where for sub, where in new.keys.items()}
    document.spoiled |= {(*path, *sub) for sub in new.spoiled}
    return None


def _refusal(holder: Any, keys: Keys, depth: int) -> str | None:
    """Return why ``holder`` has no ``keys[depth]``, or ``None`` if it can have one."""
    key = keys[depth]
    if isinstance(holder, dict):
        return None
    if not isinstance(holder, list):
        return f"the recipe is no mapping, so it has no {join_keys(keys)}"
    if isinstance(key, int) and key < len(holder):
        return None
    span = f"indices 0 to {len(holder) - 1}" if holder else "no entries"
    return f"{join_keys(keys[:depth])} is a list with {span}; {key!r} is none of them"


def _near(holder: Any, key: str) -> str | None:
    if not isinstance(holder, dict):
        return None
    sections = [name for name, value in holder.items() if isinstance(value, dict | list)]
    return did_you_mean(key, sections)
