"""Read the header of an array in .npy format, with suspicion.

A header of a few bytes may claim an array of any size, be gigabytes long itself, or describe
Python objects. What it claims is believed if so many bytes are there, and not otherwise.
"""

from __future__ import annotations

import io
import math
from typing import IO, Any, NamedTuple

import numpy as np

LONGEST = 10_000
"""Characters of a header; those of arrays of numbers have about a hundred."""


class Header(NamedTuple):
    """Hold what stands before an array's numbers."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    fortran: bool
    size: int  # of the header itself, in bytes

    @property
    def bytes(self) -> int:
        """How many the array's numbers take."""
        return math.prod(self.shape) * self.dtype.itemsize


def read_header(file: IO[bytes], size: int) -> Header:
    """Read a header, and leave the file where the numbers begin.

    Args:
        file: An array in .npy format, from its beginning.
        size: How many bytes it has in all.

    Raises:
        ValueError: If it is no header that can be read, or claims more or less than is there.
    """
    header = _read(file)
    shape, dtype, _, start = header
    if any(extent < 0 for extent in shape) or len(shape) > 32:
        short = f"{shape}" if len(shape) < 9 else f"of {len(shape)} dimensions"
        raise ValueError(f"no array has the shape {short}")
    if not dtype.hasobject and header.bytes > size - start:
        raise ValueError(
            f"its header claims {header.bytes:,} bytes of numbers; {size - start:,} are there"
        )
    return header


def _read(file: IO[bytes]) -> Header:
    version = np.lib.format.read_magic(file)
    width = {(1, 0): 2, (2, 0): 4}.get(version)
    if width is None:
        raise ValueError(f"version {version} of the .npy format is not known")
    written = file.read(width)
    length = int.from_bytes(written, "little")
    if len(written) < width or length > LONGEST:
        raise ValueError(f"its header has {length:,} bytes; {LONGEST:,} are the most that are read")
    text = file.read(length)
    reader = {2: np.lib.format.read_array_header_1_0, 4: np.lib.format.read_array_header_2_0}
    try:
        shape, fortran, dtype = reader[width](io.BytesIO(written + text), max_header_size=LONGEST)
    except ValueError:
        raise
    except Exception as error:  # a literal in Python's syntax: what its parser raises has no end
        raise ValueError(f"its header cannot be read ({type(error).__name__})") from error
    return Header(shape, dtype, fortran, 8 + width + length)
