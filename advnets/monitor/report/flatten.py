"""Flatten nested values to one level of dotted keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def flatten(value: Any, prefix: str = "") -> dict[str, Any]:
    """Flatten nested mappings and lists to dotted keys, in the way of ``KEY=VALUE``.

    >>> flatten({"loss": {"name": "minimax"}, "penalties": [{"name": "r1", "weight": 0.5}]})
    {'loss.name': 'minimax', 'penalties.0.name': 'r1', 'penalties.0.weight': 0.5}
    """
    if isinstance(value, Mapping):
        items = [(str(key), item) for key, item in value.items()]
    elif isinstance(value, list | tuple):
        items = [(str(index), item) for index, item in enumerate(value)]
    else:
        return {prefix: value}
    result: dict[str, Any] = {}
    for key, item in items:
        result |= flatten(item, f"{prefix}.{key}" if prefix else key)
    return result
