from __future__ import annotations

import logging
import tarfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from advnets.data import DataUnavailable
from advnets.data.sources.folder import Folder
from advnets.errors import DataError

from ..conftest import SHARED


def paint(path: Path, grey: int, size: tuple[int, int] = (4, 4)) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", size, grey).save(path)


def greys(source: Folder, split: str) -> list[int]:
    return [int(image[0, 0, 0]) for image in source.load(split)]


def test_ordered_and_split_by_hash(tmp_path: Path) -> None:
    for i in reversed(range(200)):
        paint(tmp_path / f"{i:03}.png", i)
    source = Folder(tmp_path)
    assert source.spec.shape == (4, 4, 3)
    assert source.splits == ("train", "validation", "test")
    parts = {split: greys(source, split) for split in source.splits}
    assert 60 < float(np.mean(parts["train"][:50])) < 140  # in order of names it were 30
    assert sorted(grey for part in parts.values() for grey in part) == list(range(200))
    assert 8 <= len(parts["validation"]) <= 35
    assert 8 <= len(parts["test"]) <= 35
    assert source.labels("train") is None

    for i in range(200, 220):
        paint(tmp_path / f"{i:03}.png", i)
    later = Folder(tmp_path)
    for split, part in parts.items():
        assert [grey for grey in greys(later, split) if grey < 200] == part


def test_everything_to_train_on(tmp_path: Path) -> None:
    for i in range(30):
        paint(tmp_path / f"{i}.png", i)
    source = Folder(tmp_path, validation=0, test=0)
    assert source.splits == ("train",)
    assert len(source.load("train")) == 30


def test_sub_folders_as_splits_and_classes(tmp_path: Path) -> None:
    for split, count in (("train", 6), ("test", 2)):
        for i in range(count):
            paint(tmp_path / split / "cat" / f"{i}.png", 10 + i)
            paint(tmp_path / split / "dog" / "old" / f"{i}.png", 20 + i)
    source = Folder(tmp_path, validation=0)
    assert source.splits == ("train", "test")
    assert source.spec.num_classes == 2
    assert source.spec.field("label").names == ("cat", "dog")
    assert sorted(greys(source, "test")) == [10, 11, 20, 21]
    labels = source.labels("test")
    assert labels is not None
    assert [grey // 10 - 1 for grey in greys(source, "test")] == labels.tolist()
    assert len(source.load("train")) == 12


def test_a_validation_split_is_taken_from_train_not_from_test(tmp_path: Path) -> None:
    for i in range(100):
        paint(tmp_path / "train" / f"{i}.png", 1)
        paint(tmp_path / "test" / f"{i}.png", 2)
    source = Folder(tmp_path, validation=0.5, test=0.4)
    assert set(greys(source, "validation")) == {1}
    assert len(source.load("test")) == 100
    assert len(source.load("train")) + len(source.load("validation")) == 100


def test_classes_without_splits(tmp_path: Path) -> None:
    for i in range(4):
        paint(tmp_path / "b" / f"{i}.png", i)
        paint(tmp_path / "a" / f"{i}.png", 10 + i)
    source = Folder(tmp_path, validation=0, test=0, channels=1)
    assert source.load("train").shape == (8, 4, 4, 1)
    labels = source.labels("train")
    assert labels is not None
    assert labels.tolist() == [int(grey < 10) for grey in greys(source, "train")]


def test_the_first_examples_are_of_all_classes(tmp_path: Path) -> None:
    for name in "abcd":
        for i in range(50):
            paint(tmp_path / name / f"{i}.png", i)
    labels = Folder(tmp_path, validation=0, test=0).labels("train")
    assert labels is not None
    assert np.bincount(labels[:40], minlength=4).min() >= 5


def test_what_is_no_image_is_passed_over(tmp_path: Path) -> None:
    paint(tmp_path / "a.PNG", 1)
    paint(tmp_path / ".hidden.png", 2)
    paint(tmp_path / ".cache" / "c.png", 3)
    (tmp_path / "notes.txt").write_text("nothing")
    assert greys(Folder(tmp_path, validation=0, test=0), "train") == [1]


def test_sizes_that_differ(tmp_path: Path) -> None:
    paint(tmp_path / "a.png", 1, (4, 4))
    paint(tmp_path / "b.png", 2, (6, 8))
    with pytest.raises(
        DataError, match=r"(6×8 pixels, others are 4×4|4×4 pixels, others are 6×8)"
    ) as caught:
        Folder(tmp_path, validation=0, test=0).load("train")
    assert "size" in str(caught.value.hint)
    assert Folder(tmp_path, 5, validation=0, test=0).load("train").shape == (2, 5, 5, 3)


def test_a_few_broken_files_are_skipped_and_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    for i in range(20):
        paint(tmp_path / ("a" if i < 10 else "b") / f"{i:02}.png", i)
    (tmp_path / "a" / "03.png").write_bytes(b"broken")
    source = Folder(tmp_path, validation=0, test=0)
    with caplog.at_level(logging.WARNING):
        train = source.load("train")
    greys = train[:, 0, 0, 0]
    assert sorted(greys.tolist()) == [i for i in range(20) if i != 3]
    np.testing.assert_array_equal(source.labels("train"), greys >= 10)
    assert list(source.skipped) == [tmp_path / "a" / "03.png"]
    assert "1 of 20 pictures cannot be used and are skipped (a/03.png" in caplog.text


def test_names_do_not_steer_the_terminal(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    for i in range(10):
        paint(tmp_path / f"{i:02}.png", i)
    (tmp_path / "\x1b[31mred\n.png").write_bytes(b"broken")
    Folder(tmp_path, validation=0, test=0).load("train")
    assert r"skipped (\x1b[31mred\n.png: not an image)" in caplog.text
    assert "\x1b" not in caplog.text


def streamed(path: Path) -> Folder:
    """A source for which any split is too large to be kept."""
    source = Folder(path, validation=0, test=0)
    source.memory_budget = 0
    return source


def test_many_broken_files_are_refused(tmp_path: Path) -> None:
    paint(tmp_path / "a.png", 1)
    (tmp_path / "b.png").write_bytes(b"broken")
    with pytest.raises(DataError, match="1 of 2 pictures cannot be used"):
        Folder(tmp_path, validation=0, test=0).load("train")
    with pytest.raises(DataError, match="1 of 2 pictures cannot be used"):
        streamed(tmp_path).count("train")


@pytest.mark.parametrize("budget", [None, 0])
def test_broken_files_are_counted_over_the_whole_folder(
    tmp_path: Path, budget: int | None, caplog: pytest.LogCaptureFixture
) -> None:
    """Two of three validation pictures are broken, which is little of all, and known at once."""
    for i in range(40):
        paint(tmp_path / "train" / f"{i:02}.png", i)
    for i in range(3):
        paint(tmp_path / "val" / f"{i}.png", i)
    for i in range(2):
        (tmp_path / "val" / f"{i}.png").write_bytes(b"broken")
    source = Folder(tmp_path, test=0)
    source.memory_budget = budget
    with caplog.at_level(logging.WARNING):
        assert source.count("train") == 40
    assert "2 of 43 pictures cannot be used" in caplog.text
    assert len(source.left_out()["pictures that cannot be used"]) == 2
    assert source.known("validation")[0] == source.count("validation") == 1
    for i in range(4):
        (tmp_path / "train" / f"{i:02}.png").write_bytes(b"broken")
    source = Folder(tmp_path, test=0)
    source.memory_budget = budget
    for _ in range(2):  # it is not forgotten
        with pytest.raises(DataError, match=r"6 of 43 pictures cannot be used.*; and 1 more\)"):
            source.count("train")


def test_pictures_of_16_bits_are_refused_with_what_makes_8_of_them(tmp_path: Path) -> None:
    deep = np.arange(0, 65536, 257, dtype=np.uint16).reshape(16, 16)
    Image.fromarray((deep // 257).astype("uint8")).save(tmp_path / "a.png")
    Image.fromarray(deep).save(tmp_path / "deep.png")
    with pytest.raises(DataError, match="more than 8 bits") as caught:
        Folder(tmp_path, test=0, validation=0).count("train")
    hint = str(caught.value.hint)
    assert "numpy.asarray(Image.open(OLD)) // 257" in hint
    made = np.asarray(Image.open(tmp_path / "deep.png")) // 257
    Image.fromarray(made.astype("uint8")).save(tmp_path / "deep.png")
    source = Folder(tmp_path, test=0, validation=0)
    for picture in source.load("train"):  # both are the same now
        assert picture.max(axis=-1).ravel().tolist() == list(range(256))


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    for name, hint in (("a.zip", "unpack"), ("b.csv", "to_numpy"), ("c.png", "dataset.name=npz")):
        (tmp_path / name).touch()
        with pytest.raises(DataError) as caught:
            Folder(tmp_path / name).available()
        assert hint in str(caught.value.hint)
    np.save(tmp_path / "train.npy", np.zeros((2, 2)))
    (tmp_path / "c.png").unlink()
    with pytest.raises(DataError, match="has no images, but files that are no") as caught:
        Folder(tmp_path).load("train")
    assert caught.value.hint == "dataset.name=npz reads arrays"


def test_no_folder_and_no_images(tmp_path: Path) -> None:
    with pytest.raises(DataUnavailable, match="there is no folder"):
        Folder(tmp_path / "none").available()
    with pytest.raises(DataUnavailable, match="there is no folder"):
        Folder(tmp_path / "none").load("train")
    with pytest.raises(DataError, match="has no images"):
        Folder(tmp_path).load("train")
    (tmp_path / "a.png").write_bytes(b"broken")
    with pytest.raises(DataError, match=r"none of 1 picture can be used \(a.png: not an image\)"):
        _ = Folder(tmp_path, validation=0, test=0).spec


def test_nothing_left_to_train_on(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="leave nothing to train on"):
        Folder(tmp_path, validation=0.5, test=0.5)


@pytest.mark.slow
def test_sixty_thousand_photographs(tmp_path: Path) -> None:
    archive = SHARED / "cifar10-jpeg.tar.gz"
    if not archive.exists():
        pytest.skip(f"{archive} is not there")
    with tarfile.open(archive) as tar:
        tar.extractall(tmp_path, filter="data")
    roots = [path for path in (tmp_path, *tmp_path.rglob("*")) if (path / "train").is_dir()]
    source = Folder(roots[0] if roots else tmp_path, validation=0)
    assert source.spec.shape == (32, 32, 3)
    assert sum(len(source.load(split)) for split in source.splits) == 60_000
    assert not source.skipped
