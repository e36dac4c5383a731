"""Check what samples are to be made of, where it is given rather than drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..data import Field
from ..errors import UsageError
from .prior import Prior


def check_given(
    given: Mapping[str, Any],
    told: Sequence[str],
    fields: Mapping[str, Field],
    prior: Prior | None,
    examples: int,
) -> dict[str, np.ndarray]:
    """Return what is given as arrays of one value per sample.

    Args:
        given: By name, one value for all samples, or one for each.
        told: What samples are made of.
        fields: What values of fields look like.
        prior: The distribution of the latent.
        examples: n.

    Raises:
        UsageError: It says what came and what was expected.

    >>> field = Field((), "int64", classes=10)
    >>> check_given({"label": 3}, ["latent", "label"], {"label": field}, None, 2)["label"].tolist()
    [3, 3]
    >>> check_given({"label": 12}, ["label"], {"label": field}, None, 2)
    Traceback (most recent call last):
    ...
    advnets.errors.UsageError: label is 12 for a sample; its classes are 0 to 9
    """
    if not isinstance(given, Mapping):
        raise UsageError(
            f"`given` is {given!r:.60}; values by name were expected", hint='given={"label": 3}'
        )
    if examples < 1:
        raise UsageError(f"{examples} samples are asked for; 1 at least")
    found = {}
    for name, value in given.items():
        if name not in told:
            known = ", ".join(told) or "nothing"
            raise UsageError(
                f"{name!r} is given, but samples of this game are made of {known}",
                hint="a generator is told more by the recipe's `given`",
            )
        field = fields.get(name)
        shape = field.shape if field is not None else None
        if name == "latent" and prior is not None:
            shape = (prior.size,)
        found[name] = _as_array(name, value, field, shape, examples)
    return found


def _as_array(
    name: str, value: Any, field: Field | None, shape: tuple[int, ...] | None, examples: int
) -> np.ndarray:
    dtype = np.dtype("float32" if field is None else field.dtype)
    try:
        array = np.asarray(value, np.float64)
    except (TypeError, ValueError) as error:
        raise UsageError(f"{name} is given as {value!r:.60}; numbers were expected") from error
    if value is None:
        raise UsageError(f"{name} is given as None; numbers were expected")
    if array.shape == (() if shape is None else shape):
        shape = array.shape
        array = np.broadcast_to(array, (examples, *shape))
    if (
        len(array.shape) == 0
        or len(array) != examples
        or (shape is not None and array.shape[1:] != shape)
    ):
        one = "()" if shape is None else str(shape)
        expected = f"{one} for all samples, or one for each of {examples}"
        raise UsageError(
            f"{name} is given in the shape {array.shape}; expected {expected}",
            hint="classes are numbers, not one-hot vectors; `-n` says how many samples",
        )
    if field is not None and field.classes is not None:
        wrong = array[(array < 0) | (array >= field.classes) | (array != np.floor(array))]
        if wrong.size:
            raise UsageError(
                f"{name} is {wrong.flat[0]:g} for a sample; its classes are 0 to "
                f"{field.classes - 1}"
            )
    elif not np.isfinite(array).all():
        raise UsageError(f"{name} is given with NaN or infinity")
    return array.astype(dtype)
