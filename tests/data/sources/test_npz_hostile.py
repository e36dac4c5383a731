"""Arrays' files that claim what is not there, or are not what they seem."""

from __future__ import annotations

import io
import os
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest

from advnets.data import DataUnavailable
from advnets.data.sources.npz import Npz
from advnets.errors import DataError

RNG = np.random.default_rng(0)


IMAGES = RNG.integers(0, 256, (6, 4, 5, 3), dtype=np.uint8)


def save(folder: Path, **arrays: np.ndarray) -> Path:
    path = folder / "data.npz"
    np.savez_compressed(path, **arrays)
    return path


def test_a_bomb_is_refused_by_its_header(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = save(tmp_path, train=np.zeros((1000, 100), np.uint8))
    monkeypatch.setattr("advnets.data.stored.MEMORY_BUDGET", 50_000)
    monkeypatch.setattr(np.lib.format, "read_array", None)
    with pytest.raises(DataError, match="of memory"):
        Npz(path).load("train")


def header(text: str, version: tuple[int, int] = (1, 0), length: int | None = None) -> bytes:
    """The beginning of a .npy file that says ``text`` of itself."""
    width = {1: 2, 2: 4}.get(version[0], 2)
    size = len(text) if length is None else length
    return b"\x93NUMPY" + bytes(version) + size.to_bytes(width, "little") + text.encode()


def described(shape: str = "(5, 3)", descr: str = "'<f4'") -> str:
    return f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}"


HEADERS = {
    "more than is there": header(described("(1000000000000, 1000)")),
    "beyond any integer": header(described(f"({10**4000}, 3)")),
    "negative": header(described("(-5, 3)")),
    "two negatives": header(described("(-5, -3)")),
    "a longer header than is there": header(described(), (2, 0), 2**32 - 1),
    "an endless header": header(described() + " " * 200_000, (2, 0)),
    "nested": header("[" * 5_000),
    "nested dtype": header(described(descr="(" * 400 + "'<f4'" + ",)" * 400)),
    "an expression": header("__import__('os').system('true')"),
    "a generator": header("{'descr': '<f4', 'shape': (x for x in ()), 'fortran_order': False}"),
    "unfinished": header("{'descr': '<f4"),
    "no version": header(described(), (9, 9)),
    "many dimensions": header(described(f"({'1, ' * 500})")),
    "text": header(described(descr="'<U1000000000'")),
    "a record": header(described(descr="[('a', '|O')]")),
    "objects": header(described(descr="'|O'")) + b"cos\nsystem\n(S'true'\ntR.",
    "no numbers": header(described("(5, 0)")),
    "a billion of nothing": header(described("(1000000000000000, 0)")),
    "a sub-array": header(described(descr="('<f4', (100000, 100000))")),
}


@pytest.mark.parametrize("what", HEADERS)
@pytest.mark.parametrize("form", ["npy", "stored", "compressed"])
def test_headers_that_claim_too_much(tmp_path: Path, form: str, what: str) -> None:
    content = HEADERS[what] + bytes(60)
    path = tmp_path / ("train.npy" if form == "npy" else "data.npz")
    if form == "npy":
        path.write_bytes(content)
    else:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED * (form == "compressed")) as archive:
            archive.writestr("train.npy", content)
    with pytest.raises(DataError):
        Npz(path).load("train")


def zipped(path: Path, members: list[tuple[str, bytes]], how: int = zipfile.ZIP_DEFLATED) -> Path:
    with zipfile.ZipFile(path, "w", how) as archive:
        for name, content in members:
            archive.writestr(name, content)
    return path


def as_npy(array: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_the_member_read_is_the_one_that_was_checked(tmp_path: Path) -> None:
    """NumPy prefers a member called ``train`` to ``train.npy``."""
    bomb = as_npy(np.ones((50_000, 100), np.uint8))
    small = as_npy(np.zeros((5, 3), np.uint8))
    path = zipped(tmp_path / "x.npz", [("train", bomb), ("train.npy", bomb), ("train.npy", small)])
    assert Npz(path).load("train").shape == (5, 3)


def test_labels_are_not_read_before_their_number_is_known(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The budget bounds examples; a bomb may be hidden in their labels."""
    path = save(tmp_path, train=IMAGES, train_labels=np.zeros(10**6, np.int64))
    monkeypatch.setattr(np.lib.format, "read_array", None)
    with pytest.raises(DataError, match="1,000,000 'train_labels' for 6 examples"):
        Npz(path).spec


def test_sizes_that_no_compression_reaches(tmp_path: Path) -> None:
    """A directory may claim any size for a member, and the header agree with it."""
    claimed = 8 * 10**9
    content = header(described(f"({claimed},)", "'|u1'")) + bytes(100)
    path = zipped(tmp_path / "x.npz", [("train.npy", content)])
    raw = bytearray(path.read_bytes())
    place = raw.index(b"PK\x01\x02") + 24
    raw[place : place + 4] = (2**32 - 2).to_bytes(4, "little")
    path.write_bytes(raw)
    with pytest.raises(DataError, match="claims 4,294,967,294 bytes, in"):
        Npz(path).load("train")


def test_archives_of_more_members_than_are_opened(tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.npz", [(f"{i}.npy", b"") for i in range(4097)], zipfile.ZIP_STORED)
    with pytest.raises(DataError, match="4,097 arrays"):
        Npz(path).load("train")


def test_a_directory_larger_than_is_read(tmp_path: Path) -> None:
    end = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 1, 1, 2**31, 0, 0)
    path = tmp_path / "x.npz"
    with path.open("wb") as file:
        file.truncate(2**31)  # a hole, that takes no room on the disk
        file.seek(0, 2)
        file.write(end)
    with pytest.raises(DataError, match="bytes at once"):
        Npz(path).load("train")


def test_other_compressions_are_not_unpacked(tmp_path: Path) -> None:
    path = zipped(tmp_path / "x.npz", [("train.npy", as_npy(IMAGES))], zipfile.ZIP_LZMA)
    with pytest.raises(DataError, match="in a way that NumPy does not use"):
        Npz(path).load("train")


@pytest.mark.parametrize("name", ["data.npz", "train.npy"])
def test_a_pipe_is_not_waited_for(tmp_path: Path, name: str) -> None:
    os.mkfifo(tmp_path / name)
    for path in (tmp_path / name, tmp_path):
        with pytest.raises(DataError):
            Npz(path).load("train")


@pytest.mark.parametrize("path", ["x" * 5_000, "~nobody-here/data.npz"])
def test_paths_that_no_system_has(path: str) -> None:
    with pytest.raises(DataUnavailable, match="there is no file"):
        Npz(path).available()
