"""Encode what workers send each other: values with arrays among them, and errors, as bytes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from .. import errors
from ..errors import AdvnetsError


def pack(value: Any) -> tuple[bytes, list[np.ndarray]]:
    """Encode a value as JSON, its arrays set aside.

    >>> pack({"a": np.zeros([2, 1], "float32")})[0]
    b'{"a": {"array": "<f4", "shape": [2, 1]}}'
    """
    arrays: list[np.ndarray] = []

    def describe(item: Any) -> Any:
        if not isinstance(item, np.ndarray):
            return int(item)  # NumPy's whole numbers are numbers, too
        if item.dtype.kind not in "biuf":
            raise TypeError(f"workers send each other numbers, not arrays of {item.dtype}")
        arrays.append(item)
        return {"array": item.dtype.str, "shape": item.shape}

    return json.dumps(value, default=describe).encode(), arrays


def unpack(message: bytes) -> tuple[Any, list[np.ndarray]]:
    """Decode what :func:`pack` made, with its arrays in their order: empty, to be filled.

    >>> unpack(pack({"a": np.zeros(2), "b": [np.int64(1)]})[0])[1][0].shape
    (2,)
    """
    arrays: list[np.ndarray] = []

    def make(item: dict[str, Any]) -> Any:
        if item.keys() != {"array", "shape"}:
            return item
        arrays.append(np.empty(item["shape"], np.dtype(item["array"])))
        return arrays[-1]

    return json.loads(message, object_hook=make), arrays


def pack_error(error: Exception) -> dict[str, Any]:
    """Encode an error as JSON values."""
    if isinstance(error, AdvnetsError):
        kind = type(error).__name__
        if not isinstance(getattr(errors, kind, None), type) or kind == "RecipeError":
            kind = "UsageError" if error.exit_code == 2 else "RunError"
        return {"kind": kind, "message": error.message, "hint": error.hint, "where": error.where}
    message = f"the chief failed: {type(error).__name__}: {error}"
    return {"kind": "RunError", "message": message, "hint": None, "where": None}


def unpack_error(packed: Mapping[str, Any]) -> AdvnetsError:
    """Decode the error that :func:`pack_error` encoded.

    >>> unpack_error(pack_error(errors.RunError("no room", hint="make some")))
    RunError('no room')
    """
    kind: type[AdvnetsError] = getattr(errors, packed["kind"])
    return kind(packed["message"], hint=packed["hint"], where=packed["where"])
