"""Say how arrays on disk are taken: in which type and shape, with which range."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...errors import DataError
from .npy_header import Header

CHANNELS = (1, 3, 4)
"""How many images have, as a rule."""


def may_be_labels(header: Header) -> bool:
    return header.dtype.kind in "iu" and header.shape[1:] in ((), (1,)) and len(header.shape) > 0


def memory_dtype(stored: np.dtype[Any]) -> np.dtype[Any]:
    """Return the type in memory for a type on disk."""
    if stored.kind == "b":
        return np.dtype(np.uint8)
    if stored == np.float64:
        return np.dtype(np.float32)
    return stored.newbyteorder("=")


def own_range(stored: np.dtype[Any]) -> tuple[float | None, float | None]:
    """Return the range that numbers of a type have, if they have one."""
    if stored.kind == "b":
        return 0, 1
    return (0, 255) if stored == np.uint8 else (None, None)


def as_field(shape: tuple[int, ...], kind: str) -> tuple[int, ...]:
    """Return the shape of a field's values: images without channels get one."""
    return (*shape, 1) if kind == "image" and len(shape) == 3 else shape


def add_channels(shape: tuple[int, ...], stored: np.dtype[Any]) -> tuple[int, ...]:
    if len(shape) == 1 or (len(shape) == 3 and stored == np.uint8):
        return (*shape, 1)
    return shape


def lay_out(shape: tuple[int, ...], channels: str | None, what: str) -> tuple[int, ...]:
    """Return the shape [N, height, width, channels] of stored images; of others, their own.

    Args:
        shape: As stored.
        channels: Where they stand, ``first`` or ``last``, if anybody says.
        what: Whose shape it is, for the message.

    Raises:
        DataError: If it looks as if channels came first, and nobody says.

    >>> lay_out((60, 3, 32, 48), "first", "x"), lay_out((60, 5), None, "x")
    ((60, 32, 48, 3), (60, 5))
    """
    if len(shape) != 4:
        return shape
    square = shape[1] < shape[2] == shape[3]  # of whatever number of channels
    if channels is None and (shape[1] in CHANNELS or square) and shape[3] not in CHANNELS:
        raise DataError(
            f"{what} has the shape {shape}, as if channels came first; images are [N, height, "
            "width, channels]",
            hint="dataset.channels=first reads [N, channels, height, width]; "
            f"dataset.channels=last, if it has {shape[3]} channels",
        )
    return (shape[0], *shape[2:], shape[1]) if channels == "first" else shape
