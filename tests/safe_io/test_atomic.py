"""A file is replaced whole, or stays as it was."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from advnets import RunError
from advnets.safe_io.atomic import replace_whole, write_atomically


def test_it_replaces(tmp_path: Path) -> None:
    path = tmp_path / "file"
    write_atomically(path, "old")
    write_atomically(path, "née")
    assert path.read_text(encoding="utf-8") == "née"
    assert list(tmp_path.iterdir()) == [path]


def test_permissions(tmp_path: Path) -> None:
    path = tmp_path / "file"
    mask = os.umask(0o022)
    try:
        write_atomically(path, "x")
    finally:
        os.umask(mask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    path.chmod(0o640)
    write_atomically(path, "y")
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_a_failure_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    write_atomically(path, "old")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(RunError, match="cannot write file: No space left on device"):
        write_atomically(path, "new")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("number", "remedy"),
    [
        (errno.ENOSPC, "free some space, "),
        (errno.EACCES, "make it writable for you, "),
        (errno.EROFS, "make its disk writable, which is read-only, "),
        (errno.EIO, "see to what lies there, "),
    ],
)
def test_what_to_do_follows_from_the_reason(
    number: int, remedy: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", refuse)
    with pytest.raises(RunError) as told:
        write_atomically(tmp_path / "file", "new")
    assert (told.value.hint or "").startswith(remedy)


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="No such file or directory"):
        write_atomically(tmp_path / "gone" / "file", "x")


def test_files_and_folders_of_libraries_are_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    file, folder = tmp_path / "x.keras", tmp_path / "served"

    def write(path: Path, text: str, error: Exception | None = None) -> None:
        with replace_whole(path) as draft:
            assert draft.suffix == path.suffix
            if path == folder and text != "file":
                draft.mkdir()
                (draft / text).write_text(text)
            else:
                draft.write_text(text)
            if error is not None:
                raise error

    for place in (file, folder):
        write(place, "old")
        write(place, "new")
        with pytest.raises(KeyError):
            write(place, "half", KeyError())
        with pytest.raises(RunError, match="cannot write") as caught:
            write(place, "half", ValueError("while saving: No space left on device"))
        assert "free some space" in (caught.value.hint or "")
    with pytest.raises(RunError, match="cannot write served"):
        write(folder, "file")
    assert file.read_text() == "new"
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["new", "served", "x.keras"]
