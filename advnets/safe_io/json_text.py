"""JSON of unknown origin: bounded in bytes, values and depth, and plain once it is read."""

from __future__ import annotations

import json
import math
import os
from typing import Any

from .reading import read_bytes

MOST_BYTES = 64 * 2**20
MOST_VALUES = 4_000_000
"""Some 64 bytes of memory each, however few of the file."""
MOST_DEPTH = 64
LARGEST = 2**63 - 1


def read_json(path: str | os.PathLike[str], most: int = MOST_BYTES, *, finite: bool = True) -> Any:
    """The content of a JSON file.

    Args:
        path: A regular file.
        most: The bytes it may have.
        finite: Whether NaN and infinities become ``None``.

    Raises:
        OSError: If it cannot be read, or is no file.
        ValueError: If it is too large, or no JSON; the message is fit for a user.
    """
    return parse_json(read_bytes(path, most), finite=finite)


def parse_json(content: bytes, *, finite: bool = True) -> Any:
    """What JSON says, made plain: NaN and infinities ``None``, half characters replaced.

    Raises:
        ValueError: If it is no JSON in UTF-8, has too many values, is nested too deeply, or
            has integers beyond 64 bits.

    >>> parse_json(b'{"loss": NaN, "name": "\\\\ud800"}')
    {'loss': None, 'name': '\ufffd'}
    >>> parse_json(b"[" * 100_000)
    Traceback (most recent call last):
    ...
    ValueError: it is nested more than 64 levels deep
    """
    if sum(map(content.count, (b",", b"[", b"{"))) > MOST_VALUES:
        raise ValueError(f"it has more than {MOST_VALUES:,} values")
    try:
        return _plain(json.loads(content.decode("utf-8")), 0, finite)
    except RecursionError:
        raise ValueError(f"it is nested more than {MOST_DEPTH} levels deep") from None


def _plain(value: Any, depth: int, finite: bool) -> Any:
    if depth > MOST_DEPTH:
        raise ValueError(f"it is nested more than {MOST_DEPTH} levels deep")
    if isinstance(value, str):
        return (
            value
            if value.isascii()
            else value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
        )
    if isinstance(value, dict):
        return {
            _plain(key, depth, finite): _plain(item, depth + 1, finite)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [_plain(item, depth + 1, finite) for item in value]
    if isinstance(value, float):
        return value if math.isfinite(value) or not finite else None
    if isinstance(value, int) and abs(value) > LARGEST:
        raise ValueError("it has an integer beyond 64 bits")
    return value
