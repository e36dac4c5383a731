"""``KEY=VALUE``: change a document from the command line, or from a Python mapping."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from .document import COMMAND_LINE, Document, Keys, Place, dotted
from .mapping_reader import read_value
from .schema import is_entry
from .yaml_reader import read_yaml


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
        place = new.values[()]
        if document.is_spoiled(()) and isinstance(document.value, dict | type(None)):
            continue  # the file could not be read, so there is nothing to change
        problem = _set(document, keys, new, place)
        if problem:
            document.problems.append(place.problem(*problem))


def _read(
    document: Document, overrides: Sequence[str] | Mapping[str, Any]
) -> Iterator[tuple[Keys, Document]]:
    """The path and the value of every override that can be read."""
    if isinstance(overrides, str):
        overrides = [overrides]
    if isinstance(overrides, Mapping):
        for key, value in overrides.items():
            place = Place(COMMAND_LINE, override=f"{key}={value!r:.60}")
            keys = _keys(key) if isinstance(key, str) else None
            if keys is None:
                document.problems.append(place.problem("a key is a dotted path, as text"))
            else:
                yield keys, _checked(read_value(value, COMMAND_LINE, place), place)
        return
    for word in overrides:
        key, equals, text = word.partition("=")
        keys = _keys(key)
        place = Place(COMMAND_LINE, override=word if len(word) <= 100 else f"{word[:100]}…")
        if not equals or keys is None:
            document.problems.append(
                place.problem("an override is KEY=VALUE", "such as training.steps=2000")
            )
            continue
        read = read_yaml(text, COMMAND_LINE)
        read.problems = [place.problem(problem.message, problem.hint) for problem in read.problems]
        read.values = dict.fromkeys(read.values, place) | {(): place}
        read.keys = dict.fromkeys(read.keys, place)
        yield keys, _checked(read, place)


def _checked(read: Document, place: Place) -> Document:
    read.values.setdefault((), place)
    return read


def _keys(text: str) -> Keys | None:
    """Split a dotted path; ``None`` if a part of it is empty.

    >>> _keys("penalties.0.weight")
    ('penalties', 0, 'weight')
    """
    parts = text.split(".")
    if not all(part and part == part.strip() for part in parts):
        return None
    return tuple(int(p) if p.isascii() and p.isdigit() and len(p) < 10 else p for p in parts)


def _set(
    document: Document, keys: Keys, new: Document, place: Place
) -> tuple[str, str | None] | None:
    """Put a value into the tree; what prevents it, and how to mend that."""
    holder: Any = document.value
    for depth, key in enumerate(keys):
        here, last = keys[:depth], depth == len(keys) - 1
        if isinstance(holder, list):
            if not isinstance(key, int) or key >= len(holder):
                count = len(holder)
                span = f"indices 0 to {count - 1}" if count else "no entries"
                return f"{dotted(here)} is a list with {span}; {key!r} is none of them", None
        elif isinstance(holder, dict):
            key = str(key)
            if not last and (child := holder.get(key)) is not None and _is_leaf(child):
                if not (isinstance(child, str) and is_entry((*here, key))):
                    return f"{dotted((*here, key))} is {child!r:.40}, not a section", _near(
                        holder, key
                    )
                holder[key] = {"name": child}  # `loss: hinge` is short for `loss: {name: hinge}`
                document.values[(*here, key, "name")] = document.place((*here, key))
            elif not last and child is None:
                holder[key] = {}
                document.forget((*here, key))
                document.keys[(*here, key)] = document.values[(*here, key)] = place
        else:
            return f"the recipe is no mapping, so it has no {dotted(keys)}", None
        if not last:
            holder = holder[key]
            continue
        path = (*here, key)
        document.forget(path)
        holder[key] = new.value
        document.keys[path] = place
        document.values |= {(*path, *sub): where for sub, where in new.values.items()}
        document.keys |= {(*path, *sub): where for sub, where in new.keys.items()}
        document.spoiled |= {(*path, *sub) for sub in new.spoiled}
    return None


def _is_leaf(value: Any) -> bool:
    return not isinstance(value, dict | list)


def _near(holder: dict[str, Any], key: str) -> str | None:
    sections = [name for name, value in holder.items() if not _is_leaf(value)]
    near = difflib.get_close_matches(key, sections, n=1)
    return f"did you mean {near[0]!r}?" if near else None
