"""Say how arrays on disk are taken: in which type and shape, with which range."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...errors import DataError
from .npy_header import Header

CHANNELS = (1, 2, 3, 4)
"""How many images have, as a rule."""

NUMBERED = "classes' numbers: numpy.unique(labels, return_inverse=True)[1]"
"""What to do about labels that are names, or integers of other ranges."""

LABELLED = (
    "labels are one integer from 0 for each example; numpy.argmax(y, axis=1) makes them of one-hot "
    "vectors, numpy.unique(y, return_inverse=True)[1] of names and other integers"
)


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


def add_channels(
    shape: tuple[int, ...], stored: np.dtype[Any], kind: str | None = None
) -> tuple[int, ...]:
    """Return the shape with channels: of bytes and booleans of rank 3, which are images, of
    single numbers, and of sequences of them.

    >>> add_channels((9, 4, 5), np.dtype("uint8")), add_channels((9, 4), np.dtype("f4"), "sequence")
    ((9, 4, 5, 1), (9, 4, 1))
    """
    if kind == "sequence":
        return (*shape, 1) if len(shape) == 2 else shape
    if len(shape) == 1 or (len(shape) == 3 and memory_dtype(stored) == np.uint8):
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


def check_numbers(what: str, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
    """Refuse an array on disk that is no list of numbers, by its header.

    Raises:
        DataError: It says what came, of the array that ``what`` names.
    """
    if dtype.hasobject:
        raise DataError(
            f"{what} holds pickled Python objects, which are not read",
            hint="store an array of numbers",
        )
    if dtype.kind not in "uifb" or not shape:
        raise DataError(
            f"{what} is no array of real numbers, one per example",
            hint=NUMBERED if dtype.kind in "US" else None,
        )
    if 0 in shape[1:]:
        raise DataError(f"{what} has examples of no numbers: shape {shape}")


def describe_array(shape: tuple[int, ...], stored: np.dtype[Any]) -> str:
    """Return in which type and shape the examples of an array are taken.

    >>> describe_array((9, 4, 5, 3), np.dtype("float64"))
    'float32 of shape (4, 5, 3)'
    """
    return f"{memory_dtype(stored).name} of shape {shape[1:]}"


def remark_on_shape(shape: tuple[int, ...]) -> list[str]:
    """Say that what is taken for vectors looks like images without channels, if it does."""
    if len(shape) != 2 or min(shape) < 8:
        return []
    rows, columns = shape
    return [
        f"arrays of shape {rows}×{columns} are taken for vectors; images have channels, as "
        f"in [N, {rows}, {columns}, 1]"
    ]
