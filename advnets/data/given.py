"""Check what samples are to be made of, where it is given rather than drawn."""

from __future__ import annotations

import logging
import numbers
from collections.abc import Mapping
from typing import Any

import numpy as np

from ..errors import UsageError
from ..recipe.wording import did_you_mean
from ..safe_io.wording import shorten
from .spec import Field

log = logging.getLogger(__name__)
NARROW = 0.25
"""Of a range: values that fill no more of it are worth a word."""
Told = Mapping[str, Field | None]
"""What samples are made of, by name; ``None`` where nobody says what it looks like."""


def check_given(given: Mapping[str, Any], told: Told, examples: int) -> dict[str, np.ndarray]:
    """Return what is given as arrays of one value per sample.

    Args:
        given: By name, one value for all samples, or one for each; classes by their numbers, or
            by their names where the data have names for them.
        told: What samples are made of: ``latent``, fields.
        examples: n.

    Returns:
        Arrays ``[n, *shape]`` by name.

    Raises:
        UsageError: It says what came, what was expected, and what there is to choose from.

    >>> told = {"label": Field((), "int64", classes=3, names=("ant", "bee", "cat"))}
    >>> check_given({"label": 2}, told, 2)["label"].tolist()
    [2, 2]
    >>> check_given({"label": ["bee", "ant"]}, told, 2)["label"].tolist()
    [1, 0]
    >>> check_given({"label": 12}, told, 2)
    Traceback (most recent call last):
    ...
    advnets.errors.UsageError: label is 12 for a sample; its classes are 0 to 2
      hint: by name: ant, bee, cat
    """
    _check_names(given, told)
    if not isinstance(examples, numbers.Integral) or isinstance(examples, bool):
        raise UsageError(f"{examples!r:.60} samples are asked for; a whole number was expected")
    if examples < 1:
        raise UsageError(f"{examples} samples are asked for; 1 at least")
    found = {name: _for_each(name, value, told[name], examples) for name, value in given.items()}
    for name, array in found.items():
        _warn_of_range(name, array, told[name])
    return found


def prefer_names(given: Mapping[str, Any], told: Told) -> dict[str, Any]:
    """Return what was given as text, where numbers that classes are called by are their names.

    >>> told = {"label": Field((), "int64", classes=2, names=("1", "2"))}
    >>> prefer_names({"label": [1, 0]}, told)  # the one that is called 1, and the first
    {'label': ['1', 0]}
    """

    def named(value: Any, names: tuple[str, ...]) -> Any:
        if isinstance(value, list):
            return [named(each, names) for each in value]
        return str(value) if type(value) is int and str(value) in names else value

    fields = {name: told.get(name) for name in given}
    return {n: named(v, field.names) if (field := fields[n]) else v for n, v in given.items()}


def count_rows(given: Mapping[str, Any], told: Told) -> int | None:
    """Return how many samples values are given for; ``None`` where each is for all samples.

    Raises:
        UsageError: As :func:`check_given` does; also if there are unequal numbers of them.

    >>> told = {"label": Field((), "int64", classes=3), "latent": Field((2,), "float32")}
    >>> count_rows({"label": [0, 1, 2], "latent": [0.5, 0.5]}, told)
    3
    """
    _check_names(given, told)
    counts = {}
    for name, value in given.items():
        array, field = _as_array(name, value, told[name]), told[name]
        if field is not None and array.ndim == len(field.shape) + 1:
            counts[name] = len(array)
    if len(set(counts.values())) > 1:
        found = ", ".join(f"{name} for {count}" for name, count in counts.items())
        raise UsageError(
            f"values are given for unequal numbers of samples: {found}",
            hint="one value for all samples, or one for each",
        )
    return next(iter(counts.values()), None)


def _check_names(given: Mapping[str, Any], told: Told) -> None:
    if not isinstance(given, Mapping):
        raise UsageError(
            f"`given` is {given!r:.60}; values by name were expected", hint='given={"label": 3}'
        )
    for name in given:
        if name not in told:
            known = ", ".join(told) or "nothing"
            raise UsageError(
                f"{shorten(repr(name), 60)} is given, but samples of this game are made of {known}",
                hint=did_you_mean(str(name), told)
                or "a generator whose inputs have names, {'latent': z, 'label': y}, is told by "
                "these; in a recipe, by `given` of its network",
            )


def _for_each(name: str, value: Any, field: Field | None, examples: int) -> np.ndarray:
    array = _as_array(name, value, field)
    shape = field.shape if field is not None else array.shape[1:]
    if array.shape == shape:
        array = np.broadcast_to(array, (examples, *shape))
    elif array.shape[1:] != shape or array.ndim == 0:
        raise UsageError(
            f"{name} is given in the shape {array.shape}; expected {shape} for all samples, or "
            f"{(examples, *shape)}, one for each",
            hint="classes are numbers, not one-hot vectors"
            if field is not None and field.classes is not None
            else f"one {name} is of the shape {shape}",
        )
    elif len(array) != examples:
        raise UsageError(
            f"{name} is given for {len(array)} samples, but {examples} are asked for",
            hint="give one value for all samples, or one for each of them",
        )
    if field is None:
        return array.astype("int64" if np.asarray(value).dtype.kind in "iu" else "float32")
    return array.astype(field.dtype)


def _warn_of_range(name: str, array: np.ndarray, field: Field | None) -> None:
    """Say of images that fill little of their range: 0 to 1, where white is 255."""
    if field is None or field.kind != "image" or field.low is None or field.high is None:
        return
    low, high = array.min(), array.max()
    if low < high and high - low < NARROW * (field.high - field.low):
        log.warning(
            "%s is given from %g to %g only; its range is %g to %g, in which networks take it",
            *(name, low, high, field.low, field.high),
        )


def _as_array(name: str, value: Any, field: Field | None) -> np.ndarray:
    """Return the numbers that are given, whatever their shape, in the field's range."""
    if field is not None and field.names:
        value = _by_names(name, value, field.names)
    try:
        found = np.asarray(value)
        if found.dtype.kind not in ("iuf" if field is not None and field.classes else "iufb"):
            raise TypeError
        array = found.astype(np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        classes = None if field is None else field.classes
        expected = f"a class, 0 to {classes - 1}," if classes is not None else "numbers"
        raise UsageError(
            f"{name} is given as {shorten(repr(value), 60)}; {expected} "
            f"{'was' if classes is not None else 'were'} expected",
            hint=f"its classes are {_some(field.names)}" if field and field.names else None,
        ) from error
    if not np.isfinite(array).all():
        raise UsageError(f"{name} is given with NaN or infinity")
    if field is not None and field.classes is not None:
        wrong = array[(array < 0) | (array >= field.classes) | (array != np.floor(array))]
        if wrong.size:
            raise UsageError(
                f"{name} is {wrong.flat[0]:g} for a sample; its classes are 0 to "
                f"{field.classes - 1}",
                hint=f"by name: {_some(field.names)}" if field.names else None,
            )
    elif field is not None and field.dtype.startswith(("int", "uint")) and (array % 1).any():
        raise UsageError(
            f"{name} is given as {array[array % 1 != 0].flat[0]:g}; whole numbers were expected"
        )
    elif field is not None and field.low is not None and field.high is not None:
        low, high = array.min(initial=field.high), array.max(initial=field.low)
        if low < field.low or high > field.high:
            raise UsageError(
                f"{name} is given from {low:g} to {high:g}; its range is {field.low:g} to "
                f"{field.high:g}"
            )
    return array


def _by_names(name: str, value: Any, names: tuple[str, ...]) -> Any:
    """Return the classes' numbers where their names are given."""
    if isinstance(value, np.ndarray) and value.dtype.kind == "U":
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [_by_names(name, each, names) for each in value]
    if not isinstance(value, str):
        return value
    if value not in names:
        raise UsageError(
            f"{name} is given as {shorten(repr(value), 60)}, which none of its {len(names)} "
            "classes is called",
            hint=did_you_mean(value, names) or f"they are {_some(names)}",
        )
    return names.index(value)


def _some(names: tuple[str, ...]) -> str:
    return ", ".join(names[:20]) + (", …" if len(names) > 20 else "")
