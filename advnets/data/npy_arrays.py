"""Arrays in .npy format, in a .npz archive, in a folder, or alone: read whole or by rows."""

from __future__ import annotations

import math
import struct
import zipfile
from abc import ABC, abstractmethod
from pathlib import Path
from threading import Lock
from typing import IO, Any, NamedTuple

import numpy as np

from ..errors import DataError

LOCAL_HEADER = struct.Struct("<4s22xHH")
"""Of a member of a zip archive: signature, then the lengths of its name and extra field."""


class Header(NamedTuple):
    """What stands before an array's numbers."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    fortran: bool
    size: int  # of the header itself, in bytes


class NpyArrays(ABC):
    """Named arrays on disk.

    Args:
        path: The file or folder.

    Attributes:
        headers: Of each array, by name, read without the arrays themselves.
    """

    headers: dict[str, Header]

    def __init__(self, path: Path):
        self.path = path

    @abstractmethod
    def read(self, name: str) -> np.ndarray:
        """An array, whole; raises whatever goes wrong."""

    def in_rows(self, name: str) -> bool:
        """Whether single rows can be read: not of what is compressed, nor column by column."""
        return not self.headers[name].fortran

    def rows(self, name: str, indices: np.ndarray) -> np.ndarray:
        """Some rows of an array, without the others; may be called from several threads.

        Rows are read rather than mapped: where a file is cut off under its readers, a read
        comes back short and can be told, while a map ends the process.

        Args:
            name: The array's, of which :meth:`in_rows` is true.
            indices: [n] integers.

        Returns:
            Array [n, *shape of a row] in the stored type.
        """
        file, start = self._place(name)
        header = self.headers[name]
        rows = np.empty((len(indices), *header.shape[1:]), header.dtype)
        size = rows.dtype.itemsize * math.prod(header.shape[1:])
        with file.open("rb", buffering=0) as opened:
            for row, index in zip(
                rows.reshape(len(rows), math.prod(rows.shape[1:])), indices, strict=True
            ):
                opened.seek(start + int(index) * size)
                if opened.readinto(row.view(np.uint8).data) != size:
                    raise EOFError(f"{file} ends before row {index}")
        return rows

    @abstractmethod
    def _place(self, name: str) -> tuple[Path, int]:
        """In which file, and where in it, the first row begins."""


class Archive(NpyArrays):
    """A .npz file; of members that are compressed, no single rows can be read."""

    def __init__(self, path: Path):
        super().__init__(path)
        self._places: dict[str, tuple[Path, int]] = {}
        self._placing = Lock()
        try:
            with zipfile.ZipFile(path) as archive:
                self._members = {
                    member.filename.removesuffix(".npy"): member
                    for member in archive.infolist()
                    if member.filename.endswith(".npy")
                }
                self.headers = {}
                for name, member in self._members.items():
                    with archive.open(member) as file:
                        self.headers[name] = _read_header(file)
        except (
            zipfile.BadZipFile,
            OSError,
            ValueError,
            NotImplementedError,
            RuntimeError,
        ) as error:
            raise DataError(
                f"{path} is no .npz archive that can be read: {error}",
                hint="write it with numpy.savez or numpy.savez_compressed",
            ) from error

    def read(self, name: str) -> np.ndarray:
        with np.load(self.path, allow_pickle=False) as archive:
            return np.asarray(archive[name])

    def in_rows(self, name: str) -> bool:
        stored = self._members[name].compress_type == zipfile.ZIP_STORED
        return stored and super().in_rows(name)

    def _place(self, name: str) -> tuple[Path, int]:
        with self._placing:
            if name not in self._places:
                self._places[name] = self.path, self._start(self._members[name])
            return self._places[name]

    def _start(self, member: zipfile.ZipInfo) -> int:
        with self.path.open("rb") as file:
            file.seek(member.header_offset)
            signature, *lengths = LOCAL_HEADER.unpack(file.read(LOCAL_HEADER.size))
        if signature != b"PK\x03\x04":
            raise zipfile.BadZipFile(f"{member.filename} is not where the directory says")
        self._check_sum(member)
        header = self.headers[member.filename.removesuffix(".npy")]
        return member.header_offset + LOCAL_HEADER.size + sum(lengths) + header.size

    def _check_sum(self, member: zipfile.ZipInfo) -> None:
        """Read a member once, which compares its checksum; reading rows never would."""
        with zipfile.ZipFile(self.path) as archive, archive.open(member) as file:
            while file.read(2**20):
                pass


class Folder(NpyArrays):
    """A folder of .npy files, each the array of its name."""

    def __init__(self, path: Path):
        super().__init__(path)
        self._files = {file.stem: file for file in sorted(path.glob("*.npy"))}
        self.headers = {name: _header_of(file) for name, file in self._files.items()}

    def read(self, name: str) -> np.ndarray:
        return np.asarray(np.load(self._files[name], allow_pickle=False))

    def _place(self, name: str) -> tuple[Path, int]:
        return self._files[name], self.headers[name].size


class Single(Folder):
    """One .npy file, whose array is called ``train``."""

    def __init__(self, path: Path):
        NpyArrays.__init__(self, path)
        self._files = {"train": path}
        self.headers = {"train": _header_of(path)}


def open_arrays(path: Path) -> NpyArrays:
    """The arrays at a path.

    Raises:
        DataError: If it is neither an archive that can be read, nor a .npy file or a folder
            of them.
    """
    if path.is_dir():
        return Folder(path)
    return Single(path) if path.suffix == ".npy" else Archive(path)


def _header_of(path: Path) -> Header:
    try:
        with path.open("rb") as file:
            return _read_header(file)
    except (OSError, ValueError) as error:
        raise DataError(
            f"{path} is no .npy file that can be read: {error}", hint="write it with numpy.save"
        ) from error


def _read_header(file: IO[bytes]) -> Header:
    version = np.lib.format.read_magic(file)
    read = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }.get(version)
    if read is None:
        raise ValueError(f"version {version} of the .npy format is not known")
    shape, fortran, dtype = read(file)
    return Header(shape, dtype, fortran, file.tell())
