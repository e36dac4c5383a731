"""Turn anything that a run reports into plain JSON."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any


def to_jsonable(value: Any) -> Any:
    """Turn NumPy and TensorFlow values, tuples and paths into what JSON can hold.

    JSON knows no NaN and no infinity: they become ``None``.

    >>> to_jsonable({"a": (1, float("nan")), 2: "x"})
    {'a': [1, None], '2': 'x'}
    """
    if hasattr(value, "numpy") and callable(value.numpy):
        value = value.numpy()
    if not isinstance(value, str | bytes) and hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, Mapping):
        return {str(key): to_jsonable(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [to_jsonable(item) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if value is None or isinstance(value, bool | int | str):
        return value
    return str(value)
