"""A folder that is streamed: looked through once, remembered, and read in parts."""

from __future__ import annotations

import json
import logging
import os
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from advnets.data.sources import image_file
from advnets.data.sources.folder import Folder
from advnets.data.sources.image_file import Picture
from advnets.errors import DataError


def paint(path: Path, grey: int, size: tuple[int, int] = (4, 4)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", size, grey).save(path)


def streamed(path: Path) -> Folder:
    """A source for which any split is too large to be kept."""
    source = Folder(path, validation=0, test=0)
    source.memory_budget = 0
    return source


def test_in_parts_it_is_the_same_data_set(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    for i in range(20):
        paint(tmp_path / ("a" if i < 10 else "b") / f"{i:02}.png", i)
    for broken in (False, True):
        if broken:
            (tmp_path / "a" / "03.png").write_bytes(b"broken")
        whole, parts = Folder(tmp_path, validation=0, test=0), streamed(tmp_path)
        count = len(whole.load("train"))
        labels = whole.labels("train")
        assert labels is not None
        with monkeypatch.context() as patched, caplog.at_level(logging.WARNING):
            caplog.clear()
            patched.setattr(Folder, "read", None)
            assert parts.count("train") == count == 20 - broken
            assert parts.fingerprint() == whole.fingerprint()
            np.testing.assert_array_equal(parts.marginals(), whole.marginals())
            some = parts.take("train", [9, 0, 9])
            assert parts.skipped == whole.skipped
            assert ("1 of 20 pictures" in caplog.text) == broken
        np.testing.assert_array_equal(some.examples, whole.load("train")[[9, 0, 9]])
        np.testing.assert_array_equal(some.labels, labels[[9, 0, 9]])


def test_in_parts_each_file_is_decoded_once_and_when_asked_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from advnets.data.sources import decoder

    for i in range(30):
        paint(tmp_path / f"{i:02}.png", i)
    decoded: list[str] = []

    def read_image(path: Path, *rest: object) -> Picture:
        decoded.append(path.name)
        return Picture(np.full((4, 4, 3), int(path.stem), np.uint8))

    source = streamed(tmp_path)
    assert source.spec.shape == (4, 4, 3)
    monkeypatch.setattr(decoder, "read_image", read_image)
    source.count("train"), source.fingerprint(), source.count("train")
    assert sorted(decoded) == [f"{i:02}.png" for i in range(30)]
    decoded.clear()
    taken = source.take("train", [7, 2]).examples[:, 0, 0, 0].tolist()
    assert sorted(decoded) == sorted(f"{grey:02}.png" for grey in taken)
    assert len(decoded) == 2
    whole = source.take("train", np.arange(30)).examples[:, 0, 0, 0]
    assert taken == whole[[7, 2]].tolist()


@pytest.fixture
def looking(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The files decoded, by name; what is found out is kept however fast it was."""
    from advnets.data.sources import decoder, scan_cache

    monkeypatch.setenv("ADVNETS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(scan_cache, "WORTH_KEEPING", 0.0)
    decoded: list[str] = []

    def read_image(path: Path, size: tuple[int, int] | None, channels: int) -> Picture:
        decoded.append(path.name)
        return image_file.read_image(path, size, channels)

    monkeypatch.setattr(decoder, "read_image", read_image)
    return decoded


def looked_through(source: Folder, looking: list[str]) -> tuple[int, str, int]:
    """Count, fingerprint, and how many files were decoded for both."""
    assert source.spec.shape == (4, 4, 3)
    looking.clear()
    fingerprint = source.fingerprint()
    return source.count("train"), fingerprint, len(looking)


@pytest.mark.parametrize("broken", [False, True])
def test_a_large_folder_is_looked_through_once_until_a_file_changes(
    tmp_path: Path, looking: list[str], broken: bool, caplog: pytest.LogCaptureFixture
) -> None:
    pictures = tmp_path / "pictures"
    for i in range(20):
        paint(pictures / f"{i:02}.bmp", i)
    if broken:
        (pictures / "03.bmp").write_bytes(b"broken")
    count, first, decoded = looked_through(streamed(pictures), looking)
    assert (count, decoded) == (20 - broken, 20 + broken * 19)
    assert first == Folder(pictures, validation=0, test=0).fingerprint()
    caplog.clear()
    assert looked_through(streamed(pictures), looking) == (count, first, 0)
    assert ("1 of 20 pictures" in caplog.text) == broken

    # Another picture of the same size and age, in the same file.
    changed = pictures / "07.bmp"
    before = changed.stat()
    paint(tmp_path / "other.bmp", 99)
    time.sleep(0.02)  # a tick of the system's clock
    changed.write_bytes((tmp_path / "other.bmp").read_bytes())
    os.utime(changed, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert changed.stat().st_size == before.st_size
    assert changed.stat().st_mtime_ns == before.st_mtime_ns
    _, second, decoded = looked_through(streamed(pictures), looking)
    assert second != first
    assert decoded > 0
    assert second == Folder(pictures, validation=0, test=0).fingerprint()

    for change in (
        lambda: (pictures / "08.bmp").rename(pictures / "08b.bmp"),
        lambda: paint(pictures / "30.bmp", 30),
        lambda: (pictures / "05.bmp").unlink(),
    ):
        change()
        _, found, decoded = looked_through(streamed(pictures), looking)
        assert decoded > 0
        assert found == Folder(pictures, validation=0, test=0).fingerprint()


def test_other_ways_of_reading_are_looked_through_by_themselves(
    tmp_path: Path, looking: list[str]
) -> None:
    for i in range(6):
        paint(tmp_path / f"{i}.bmp", 40 * i, (8, 8))
    found = set()
    for size, channels in ((8, 3), (4, 3), (4, 1)):
        source = Folder(tmp_path, size=size, channels=channels, validation=0, test=0)
        source.memory_budget = 0
        found.add(source.fingerprint())
    assert len(found) == 3


def test_what_is_kept_may_be_anything_or_nowhere(
    tmp_path: Path, looking: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures = tmp_path / "pictures"
    for i in range(6):
        paint(pictures / f"{i}.bmp", i)
    _, right, _ = looked_through(streamed(pictures), looking)
    (kept,) = (tmp_path / "cache" / "folders").glob("*.json")
    state = json.loads(kept.read_text())["state"]
    for text in ("", "[]", '{"state": 3}', json.dumps({"state": state, "broken": [1]})):
        kept.write_text(text)
        assert looked_through(streamed(pictures), looking) == (6, right, 6)
    (tmp_path / "file").touch()
    monkeypatch.setenv("ADVNETS_CACHE", str(tmp_path / "file"))
    assert looked_through(streamed(pictures), looking) == (6, right, 6)


def test_what_changes_while_it_is_looked_at_is_not_kept(
    tmp_path: Path, looking: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from advnets.data.sources import decoder

    pictures = tmp_path / "pictures"
    for i in range(6):
        paint(pictures / f"{i}.bmp", i)
    source = streamed(pictures)
    assert source.spec.shape == (4, 4, 3)
    read = decoder.read_image

    def meanwhile(path: Path, size: tuple[int, int] | None, channels: int) -> Picture:
        image = read(path, size, channels)
        if path.name == "2.bmp":
            time.sleep(0.02)
            paint(path, 77)
        return image

    monkeypatch.setattr(decoder, "read_image", meanwhile)
    before = source.fingerprint()
    monkeypatch.setattr(decoder, "read_image", read)
    assert not list((tmp_path / "cache").rglob("*.json"))
    assert streamed(pictures).fingerprint() != before


def test_in_parts_a_file_that_is_gone_is_named(tmp_path: Path) -> None:
    for i in range(3):
        paint(tmp_path / f"{i}.png", i)
    source = streamed(tmp_path)
    assert source.count("train") == 3
    (tmp_path / "1.png").unlink()
    with pytest.raises(DataError, match=r"1\.png can no longer be read: .*No such file"):
        source.take("train", [0, 1])


def test_classes_of_a_large_folder_are_known_without_decoding_it_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from advnets.data.sources import decoder

    for i in range(6):
        paint(tmp_path / f"{i % 2}" / f"{i}.png", 20 * i)
    source = streamed(tmp_path)
    source.fingerprint()
    source.fields("train")
    decoded: list[int] = []
    read = decoder.read_image
    monkeypatch.setattr(decoder, "read_image", lambda *of: decoded.append(1) or read(*of))
    labels, told = source.labels("train"), source.fingerprint("train", ["label"])
    assert len(decoded) < 6  # the first one, to see whether it has any
    whole = Folder(tmp_path, validation=0, test=0)
    np.testing.assert_array_equal(labels, whole.labels("train"))
    assert told == whole.fingerprint("train", ["label"]) != whole.fingerprint()


def test_pages_of_files_are_told_whether_kept_or_streamed(
    tmp_path: Path, looking: list[str]
) -> None:
    pages = [Image.new("L", (4, 4), grey) for grey in (1, 2, 3)]
    for i in range(5):
        paint(tmp_path / "p" / f"{i}.png", i)
    pages[0].save(tmp_path / "p" / "a.gif", save_all=True, append_images=pages[1:])
    found = []
    for source in (Folder(tmp_path / "p", validation=0, test=0), *[streamed(tmp_path / "p")] * 2):
        source.fingerprint()
        found.append((source.left_out(), source.extremes("train")))
        source.release()
    assert found == [({"files with further pages": ["a.gif: 2"]}, (0, 4))] * 3
