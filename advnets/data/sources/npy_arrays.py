"""Read arrays in .npy format, in a .npz archive, in a folder, or alone: whole or by rows."""

from __future__ import annotations

import io
import math
import os
import struct
import zipfile
import zlib
from abc import ABC, abstractmethod
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Lock

import numpy as np

from ...errors import DataError
from ...safe_io import open_file
from .npy_header import Header, read_header

LOCAL_HEADER = struct.Struct("<4s22xHH")
"""Of a member of a zip archive: signature, then the lengths of its name and extra field."""
MOST_MEMBERS = 4096
DIRECTORY = 4 * 2**20
"""Bytes of a zip archive's directory, which is read at once."""
COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""Those that NumPy writes."""
DEFLATED = 1100
"""Deflate makes at most so many bytes of one."""


class NpyArrays(ABC):
    """Read named arrays on disk.

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
        """Return an array, whole; raises whatever goes wrong."""

    def has_rows(self, name: str) -> bool:
        """Tell whether single rows can be read: not of what is compressed, nor column by column."""
        return not self.headers[name].fortran

    def read_rows(self, name: str, indices: np.ndarray) -> np.ndarray:
        """Read some rows of an array, without the others; may be called from several threads.

        Rows are read rather than mapped: where a file is cut off under its readers, a read
        comes back short and can be reported, while a map ends the process.

        Args:
            name: The array's, of which :meth:`has_rows` is true.
            indices: [n] integers.

        Returns:
            Array [n, *shape of a row] in the stored type.
        """
        file, start = self._find_rows(name)
        header = self.headers[name]
        rows = np.empty((len(indices), *header.shape[1:]), header.dtype)
        flat = rows.reshape(len(rows), math.prod(rows.shape[1:]))
        size = rows.dtype.itemsize * flat.shape[1]
        with file.open("rb", buffering=0) as opened:
            for row, index in zip(flat, indices, strict=True):
                opened.seek(start + int(index) * size)
                if opened.readinto(row.view(np.uint8).data) != size:
                    raise EOFError(f"{file} ends before row {index}")
        return rows

    @abstractmethod
    def _find_rows(self, name: str) -> tuple[Path, int]:
        """Return the file, and where in it the first row begins."""


class Archive(NpyArrays):
    """Read a .npz file; of members that are compressed, no single rows can be read."""

    def __init__(self, path: Path):
        super().__init__(path)
        self._found: dict[str, tuple[Path, int]] = {}
        self._finding = Lock()
        try:
            with _archive(path) as archive:
                members = [m for m in archive.infolist() if m.filename.endswith(".npy")]
                if (count := len(members)) > MOST_MEMBERS:
                    raise ValueError(f"it has {count:,} arrays; {MOST_MEMBERS:,} are the most")
                self._members = {m.filename.removesuffix(".npy"): m for m in members}
                self.headers = {n: _read_header_in(archive, m) for n, m in self._members.items()}
        except (
            zipfile.BadZipFile,
            zlib.error,
            OSError,
            EOFError,
            ValueError,
            RuntimeError,
        ) as error:
            raise DataError(
                f"{path} is no .npz archive that can be read: {error}",
                hint="write it with numpy.savez or numpy.savez_compressed",
            ) from error

    def read(self, name: str) -> np.ndarray:
        # By the member whose header was read: another one may go by nearly the same name.
        with _archive(self.path) as archive, archive.open(self._members[name]) as file:
            return np.lib.format.read_array(file, allow_pickle=False)

    def has_rows(self, name: str) -> bool:
        stored = self._members[name].compress_type == zipfile.ZIP_STORED
        return stored and super().has_rows(name)

    def _find_rows(self, name: str) -> tuple[Path, int]:
        with self._finding:
            if name not in self._found:
                self._found[name] = self.path, self._find_start(self._members[name])
            return self._found[name]

    def _find_start(self, member: zipfile.ZipInfo) -> int:
        with self.path.open("rb") as file:
            file.seek(member.header_offset)
            signature, *lengths = LOCAL_HEADER.unpack(file.read(LOCAL_HEADER.size))
        if signature != b"PK\x03\x04":
            raise zipfile.BadZipFile(f"{member.filename} is not where the directory has it")
        with _archive(self.path) as archive, archive.open(member) as file:
            while file.read(2**20):  # compares the checksum; reading rows never would
                pass
        header = self.headers[member.filename.removesuffix(".npy")]
        return member.header_offset + LOCAL_HEADER.size + sum(lengths) + header.size


class Folder(NpyArrays):
    """Read a folder of .npy files, each the array of its name."""

    def __init__(self, path: Path):
        super().__init__(path)
        self._files = {file.stem: file for file in sorted(path.glob("*.npy"))}
        self.headers = {name: _read_header_of(file) for name, file in self._files.items()}

    def read(self, name: str) -> np.ndarray:
        with open_file(self._files[name]) as file:
            return np.lib.format.read_array(file, allow_pickle=False)

    def _find_rows(self, name: str) -> tuple[Path, int]:
        return self._files[name], self.headers[name].size


class Single(Folder):
    """Read one .npy file, whose array is called ``train``."""

    def __init__(self, path: Path):
        NpyArrays.__init__(self, path)
        self._files = {"train": path}
        self.headers = {"train": _read_header_of(path)}


def open_arrays(path: Path) -> NpyArrays:
    """Open the arrays at a path.

    Raises:
        DataError: If it is neither an archive that can be read, nor a .npy file or a folder
            of them.
    """
    if path.is_dir():
        return Folder(path)
    return Single(path) if path.suffix == ".npy" else Archive(path)


def _read_header_of(path: Path) -> Header:
    try:
        with open_file(path) as file:
            return read_header(file, os.fstat(file.fileno()).st_size)
    except (OSError, ValueError) as error:
        raise DataError(
            f"{path} is no .npy file that can be read: {error}", hint="write it with numpy.save"
        ) from error


class _Wary(io.BufferedReader):
    """Refuse to read an absurd amount at once, as zipfile does with directories."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > DIRECTORY:
            raise ValueError(f"{size:,} bytes at once; {DIRECTORY:,} are the most")
        return super().read(size)


@contextmanager
def _archive(path: Path) -> Iterator[zipfile.ZipFile]:
    with (
        open_file(path) as file,
        _Wary(io.FileIO(file.fileno(), closefd=False)) as wary,
        zipfile.ZipFile(wary) as archive,
    ):
        yield archive


def _read_header_in(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> Header:
    """Read the header of a member, whose claimed size is one that it can have."""
    if member.compress_type not in COMPRESSIONS:
        raise ValueError(f"{member.filename} is compressed in a way that NumPy does not use")
    if member.file_size > DEFLATED * member.compress_size:
        raise ValueError(
            f"{member.filename} claims {member.file_size:,} bytes, in {member.compress_size:,}"
        )
    try:
        with archive.open(member) as file:
            return read_header(file, member.file_size)
    except ValueError as error:
        raise ValueError(f"{member.filename}: {error}") from error
