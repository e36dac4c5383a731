"""Which sub-folders are splits, which are classes, and what is left out, by name and number."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from advnets.data.sources.folder import Folder
from advnets.data.sources.layout import CLOSED, EMPTY, HIDDEN, LINKED, NO_PICTURES, OUTSIDE
from advnets.data.sources.npz import Npz
from advnets.errors import DataError


def fill(root: Path, **counts: int) -> Path:
    """Pictures in sub-folders; ``train__cat=3`` puts three into train/cat."""
    for name, count in counts.items():
        folder = root.joinpath(*name.split("__"))
        folder.mkdir(parents=True)
        for i in range(count):
            Image.new("L", (4, 4), i).save(folder / f"{i}.png")
    return root


def sizes(source: Folder) -> dict[str, int]:
    return {split: source.count(split) for split in source.splits}


def whole(root: Path, **options: object) -> Folder:
    return Folder(root, validation=0, test=0, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("train", "validation", "test"),
    [
        ("train", "val", "test"),
        ("training", "valid", "testing"),
        ("Train", "DEV", "Test"),
        ("TRAIN", "eval", "holdout"),
        ("Training", "Evaluation", "TESTING"),
    ],
)
def test_splits_by_their_usual_names(
    tmp_path: Path, train: str, validation: str, test: str
) -> None:
    counts = {train: 3, validation: 2, test: 1}
    fill(tmp_path, **{f"{s}__{c}": n for s, n in counts.items() for c in "ab"})
    source = Folder(tmp_path)
    assert sizes(source) == {"train": 6, "validation": 4, "test": 2}
    assert source.spec.field("label").names == ("a", "b")
    assert np.bincount(source.labels("test")).tolist() == [1, 1]  # type: ignore[arg-type]


def test_a_class_called_like_a_split_has_to_be_told(tmp_path: Path, measured: Any) -> None:
    fill(tmp_path, bus=3, car=3, train=4)
    with (
        measured.timed("ambiguous_splits", None, None),
        pytest.raises(DataError, match="'train' may be the training split, or a class") as caught,
    ):
        whole(tmp_path).count("train")
    assert "dataset.subfolders=classes" in str(caught.value.hint)
    classes = whole(tmp_path, subfolders="classes")
    assert sizes(classes) == {"train": 10}
    assert classes.spec.field("label").names == ("bus", "car", "train")
    splits = whole(tmp_path, subfolders="splits")
    assert sizes(splits) == {"train": 4}
    assert len(splits.left_out()[OUTSIDE]) == 6


@pytest.mark.parametrize(
    ("counts", "says"),
    [
        ({"control": 2, "test": 2}, "test called like a split, but no train or training"),
        ({"val": 2, "test": 2}, "val, test called like a split, but no train"),
        ({"train": 2, "Training": 2}, "Training, train are all called like the train split"),
        ({"train": 2, "val": 1, "dev": 1}, "dev, val are all called like the validation split"),
        ({"cat__train": 2, "cat__test": 1, "dog__train": 1}, "lie below others: cat/test, cat/tra"),
        ({"mnist__training": 2, "mnist__testing": 1}, "mnist/testing, mnist/training"),
        ({"trainA": 2, "trainB": 2, "testA": 1, "testB": 1}, "testA, testB, trainA, trainB are ca"),
        ({"train_photos": 2, "Test_Photos": 1}, "Test_Photos, train_photos are called like splits"),
        ({"train": 2, "test": 1, "train-b": 2, "test-b": 1}, "test-b, train-b are called like spl"),
        ({"zebras__trainA": 2, "zebras__trainB": 1}, "zebras: trainA, trainB are called like spl"),
    ],
)
def test_what_is_not_plain_is_refused(tmp_path: Path, counts: dict[str, int], says: str) -> None:
    fill(tmp_path, **counts)
    with pytest.raises(DataError, match=says) as caught:
        whole(tmp_path).count("train")
    assert "dataset.subfolders=classes" in str(caught.value.hint)
    assert whole(tmp_path, subfolders="classes").count("train") == sum(counts.values())


def test_one_domain_of_several_is_read_by_its_path(tmp_path: Path) -> None:
    fill(tmp_path, trainA=3, trainB=2, testA=1, testB=1)
    with pytest.raises(DataError, match="several") as caught:
        whole(tmp_path).count("train")
    assert f"dataset.path={tmp_path / 'trainA'} reads one of them" in str(caught.value.hint)
    one = whole(tmp_path / "trainA")
    assert sizes(one) == {"train": 3}
    assert not one.spec.fields


def test_classes_that_begin_like_a_split_are_classes(tmp_path: Path) -> None:
    fill(tmp_path, train_freight=2, trainers=3, test_tube=1, bus=1)
    source = whole(tmp_path)
    assert source.spec.field("label").names == ("bus", "test_tube", "train_freight", "trainers")


def test_splits_are_asked_for_where_there_are_none(tmp_path: Path) -> None:
    fill(tmp_path, cat=2, dog=2)
    with pytest.raises(DataError, match="no train or training"):
        whole(tmp_path, subfolders="splits").count("train")


def test_further_folders_next_to_two_splits_are_left_out_by_name(tmp_path: Path) -> None:
    fill(tmp_path, train=3, test=2, unlabeled=4)
    Image.new("L", (4, 4)).save(tmp_path / "cover.png")
    source = whole(tmp_path)
    assert sizes(source) == {"train": 3, "test": 2}
    left = source.left_out()[OUTSIDE]
    assert len(left) == 5
    assert {"cover.png", "unlabeled/0.png"} <= set(left)


def test_an_empty_folder_of_a_split_is_said(tmp_path: Path) -> None:
    fill(tmp_path, train=30, val=0)
    source = Folder(tmp_path)
    assert "validation" not in source.splits
    assert source.remarks() == ["the folder val of the validation split has no pictures"]
    assert source.left_out() == {}


def test_folders_without_pictures_are_named_the_topmost_alone(tmp_path: Path) -> None:
    fill(tmp_path, train__cat=2, train__dog=2, train__bird__old=0, test__cat=1, test__dog=0)
    source = Folder(tmp_path, validation=0)
    assert source.spec.field("label").names == ("cat", "dog")
    assert source.left_out() == {EMPTY: ["test/dog", "train/bird"]}
    assert whole(fill(tmp_path / "test", owl=0, emu=1)).left_out() == {EMPTY: ["dog", "owl"]}


def test_what_is_no_picture_is_counted_and_named(tmp_path: Path, measured: Any) -> None:
    fill(tmp_path, a=2, b=2)
    fill(tmp_path / "elsewhere" / "more", c=2)
    root = fill(tmp_path / "root", a=2, b=2, **{".cache": 1})
    (root / "more").symlink_to(tmp_path / "elsewhere" / "more")
    (root / "a" / "notes.txt").touch()
    (root / "photo.heic").touch()
    (root / ".DS_Store").touch()
    source = whole(root)
    assert source.count("train") == 4
    with measured.timed("left_out", None, None):
        assert source.left_out() == {
            NO_PICTURES: ["photo.heic", "a/notes.txt"],
            LINKED: ["more"],
            HIDDEN: [".cache", ".DS_Store"],
        }


def test_a_folder_that_cannot_be_opened_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path, a=2, b=2, locked=2)
    scandir = os.scandir

    def refuse(path: str) -> object:
        if Path(path) == tmp_path / "locked":
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    source = whole(tmp_path)
    assert source.count("train") == 4
    assert source.left_out() == {CLOSED: ["locked"]}


def test_a_linked_folder_of_a_split_is_read(tmp_path: Path) -> None:
    fill(tmp_path, train=3, test=2)
    root = tmp_path / "root"
    root.mkdir()
    for split in ("train", "test"):
        (root / split).symlink_to(tmp_path / split)
    assert sizes(whole(root)) == {"train": 3, "test": 2}


def test_classes_that_are_all_linked_are_no_images(tmp_path: Path) -> None:
    fill(tmp_path / "there", a=2, b=2)
    root = tmp_path / "root"
    root.mkdir()
    for name in "ab":
        (root / name).symlink_to(tmp_path / "there" / name)
    message = "no images, but linked folders, which are not followed: 2"
    with pytest.raises(DataError, match=message) as caught:
        whole(root).count("train")
    assert "links to single pictures are followed" in str(caught.value.hint)
    (root / "c").mkdir()
    (root / "c" / "0.png").symlink_to(tmp_path / "there" / "a" / "0.png")
    assert whole(root).count("train") == 1


def test_tables_in_place_of_pictures_are_refused_with_what_converts_them(tmp_path: Path) -> None:
    (tmp_path / "README.txt").touch()
    (tmp_path / "points.csv").touch()
    for use in (lambda: whole(tmp_path).count("train"), lambda: Npz(tmp_path).count("train")):
        with pytest.raises(DataError, match="points.csv is a table") as caught:
            use()
        assert "pandas.read_csv" in str(caught.value.hint)


def test_one_picture_without_a_class_takes_all_classes_away_and_is_named(tmp_path: Path) -> None:
    fill(tmp_path, a=2, b=2)
    Image.new("L", (4, 4)).save(tmp_path / "cover.png")
    source = whole(tmp_path)
    assert source.spec.num_classes is None
    (remark,) = source.remarks()
    assert remark == "1 of 5 pictures lie in no sub-folder (cover.png): there are no classes"


def test_one_sub_folder_is_no_class(tmp_path: Path) -> None:
    source = whole(fill(tmp_path, img_align_celeba=3))
    assert source.spec.num_classes is None
    assert source.labels("train") is None
    assert "all pictures lie in one sub-folder (img_align_celeba)" in source.remarks()[0]
