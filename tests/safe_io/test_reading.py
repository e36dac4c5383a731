"""Only files are read, and only so much of them."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from advnets.safe_io import NotAFile, TooLarge, is_there, open_file, read_bytes


@pytest.mark.parametrize("path", ["a\0b", "x" * 5_000, "no/such/file"])
def test_paths_where_nothing_can_be(path: str) -> None:
    assert not is_there(path)
    with pytest.raises(OSError, match="[Nn]o such file|too long"):
        open_file(path)


@pytest.mark.parametrize("kind", ["pipe", "folder", "device"])
def test_what_is_no_file_is_not_opened(kind: str, tmp_path: Path) -> None:
    """Reading a pipe that nobody writes to would wait for ever."""
    path = tmp_path / "x"
    if kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to("/dev/zero")
    with pytest.raises(NotAFile, match="not a file"):
        read_bytes(path, 10)


def test_no_more_is_read_than_was_agreed(tmp_path: Path) -> None:
    path = tmp_path / "x"
    path.write_bytes(b"12345")
    assert read_bytes(path, 5) == b"12345"
    with pytest.raises(TooLarge, match="5 bytes; 4 are the most"):
        read_bytes(path, 4)
    with path.open("wb") as file:
        file.truncate(2**40)  # a hole, that takes no room on the disk
    with pytest.raises(TooLarge, match="1,099,511,627,776 bytes"):
        read_bytes(path, 4)
