"""What is said of data: how many, of which classes, what is left out, between which values."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from advnets.data import DataSpec, Examples, Field, Source, summarise
from advnets.data.given import check_given
from advnets.data.sources import Digits, Folder, Npz, image_file
from advnets.errors import DataError


def saved(folder: Path, **arrays: np.ndarray) -> Path:
    np.savez(folder / "data.npz", **arrays)
    return folder / "data.npz"


def ramp(count: int, high: float, dtype: str = "uint8") -> np.ndarray:
    return np.linspace(0, high, count * 16).reshape(count, 4, 4, 1).astype(dtype)


def test_images_that_are_given_in_another_range_are_said(caplog: pytest.LogCaptureFixture) -> None:
    """Of samples that are made of them: networks would see black."""
    told = {"other.example": Field((4, 4, 1), "float32", None, 0, 255, "image")}
    given = {"other.example": ramp(2, 1.0, "float32")}
    with caplog.at_level("WARNING", "advnets"):
        assert check_given(given, told, 2)["other.example"].max() == 1.0
    assert "given from 0 to 1 only; its range is 0 to 255" in caplog.text
    caplog.clear()
    check_given({"other.example": ramp(2, 200.0)}, told, 2)
    assert not caplog.text


def test_splits_classes_and_what_is_left_out(tmp_path: Path) -> None:
    train = ramp(4, 255)
    labels = np.array([0, 2, 2, 0])
    path = saved(tmp_path, train=train, train_labels=labels, val=train[:1], extra=train)
    assert summarise(Npz(path)).lines == [
        f"npz {path}: images of 4×4×1, uint8 from 0 to 255, 0 to 255 brought to [0, 1] (unit)",
        "train: 4 examples (class 0: 2, 1: 0, 2: 2)",
        "validation: 1 example",
        "left out: arrays that nothing reads: 1 (extra)",
    ]
    assert summarise(Npz(path)).warnings == ["no training example is of the class 1"]


def test_classes_that_only_held_out_splits_have_are_said(tmp_path: Path) -> None:
    labels = {"train_labels": np.array([0, 1, 1, 0]), "test_labels": np.array([1, 4])}
    path = saved(tmp_path, train=ramp(4, 255), test=ramp(2, 255), **labels)
    said = summarise(Npz(path))
    assert said.lines[2] == "test: 2 examples (class 0: 0, 1: 1, 2: 0, 3: 0, 4: 1)"
    assert said.warnings == ["no training example is of the classes 2, 3, 4"]
    for place, grey in {"train/cat/a": 0, "train/dog/b": 255, "test/owl/c": 9}.items():
        file = tmp_path / "pets" / f"{place}.png"
        file.parent.mkdir(parents=True)
        Image.new("L", (4, 4), grey).save(file)
    said = summarise(Folder(tmp_path / "pets", validation=0))
    assert said.warnings == ["no training example is of the class owl"]


def test_many_classes_are_summed_up(tmp_path: Path) -> None:
    labels = np.array([0, 0, 19, 3])
    lines = summarise(Npz(saved(tmp_path, train=ramp(4, 255), train_labels=labels))).lines
    assert lines[1] == "train: 4 examples (20 classes of 0 to 2, 17 of them without any)"


@pytest.mark.parametrize(
    ("array", "options", "says"),
    [
        (ramp(3, 1).round(), {}, "values are 0 to 1 only, but 0 to 255 .* see 0 to 0.00392"),
        (ramp(3, 16), {}, "values are 0 to 16 only, but 0 to 255"),
        (ramp(3, 16), {"preprocess": "symmetric"}, r"\[-1, 1\]: networks see -1 to -0.875"),
        (ramp(3, 1, "float32"), {"low": 0, "high": 255, "preprocess": "unit"}, "0 to 1 only"),
        (ramp(3, 1, "float32"), {"low": -1, "high": 1}, "0 to 1 only, but -1 to 1 is declared"),
        (
            ramp(3, 1, "float32"),
            {"low": -1, "high": 1, "preprocess": "unit"},
            "are 0 to 1 only, but -1 to 1 .* see 0.5 to 1",
        ),
        (
            ramp(3, 1, "float32").reshape(3, 16),
            {"low": -1, "high": 1, "preprocess": "symmetric"},
            "are 0 to 1 only, but -1 to 1 .* see 0 to 1",
        ),
        (ramp(3, 1, "float32") - 0.1, {"low": -1, "high": 1}, None),
        (ramp(3, 255, "float32"), {}, "go to the networks as they are, from 0 to 255"),
        (ramp(3, 65535, "uint16"), {}, "images of uint16 go .* from 0 to 65535"),
        (ramp(3, 0), {}, "all values are 0"),
        (ramp(3, 1), {"low": 0, "high": 1}, None),
        (ramp(3, 1) > 0, {}, None),
        (ramp(3, 255), {}, None),
        (ramp(3, 200), {}, None),
        (ramp(3, 1, "float32") * 2 - 1, {}, None),
        (ramp(3, 255, "float32"), {"low": 0, "high": 255, "preprocess": "unit"}, None),
        (ramp(3, 255).reshape(3, 16).astype("float32"), {}, "vectors of float32 .* declare their"),
        (ramp(3, 255).reshape(3, 16), {}, r"vectors of uint8 go .* \[-1, 1\], set dataset.prep"),
        (ramp(3, 255).reshape(3, 16), {"preprocess": "unit"}, None),
        (ramp(3, 4).reshape(3, 16).astype("float32") - 2, {}, None),
    ],
)
@pytest.mark.parametrize("budget", [None, 0])
def test_values_that_are_far_from_their_range_are_said(
    tmp_path: Path,
    array: np.ndarray,
    options: dict,
    says: str | None,
    budget: int | None,
    measured: Any,
) -> None:
    source = Npz(saved(tmp_path, train=array), **options)
    source.memory_budget = budget
    with measured.timed("far_from_the_range", None, None):
        warnings = summarise(source).warnings
    if says is None:
        assert warnings == []
    else:
        (warning,) = warnings
        assert re.search(says, warning)


def test_masks_that_come_with_images_are_looked_at_too(tmp_path: Path) -> None:
    masks = (ramp(3, 1) > 0).astype("uint8")
    path = saved(tmp_path, train=ramp(3, 255), train_mask=masks)
    (warning,) = summarise(Npz(path, fields={"mask": {"kind": "image"}})).warnings
    assert warning.startswith("the field mask: the values are 0 to 1 only")
    path = saved(tmp_path, train=ramp(3, 255), train_mask=masks > 0)
    assert summarise(Npz(path, fields={"mask": {"kind": "image"}})).warnings == []


class Strange(Source):
    """Somebody's source, which tells as little as it may."""

    name = "strange\x1b[31m"
    spec = DataSpec((2,), "float32", fields={"label": Field((), "int64", classes=2)})
    splits = ("train", "test")

    def read(self, split: str) -> Examples:
        if split == "test":
            raise DataError("somebody took it away")
        return Examples(np.eye(2, dtype="float32"), {"label": np.array([1, 1])})


class Counting(Strange):
    def count(self, split: str) -> int:
        return len(self.load(split))


def test_what_a_source_does_not_tell_is_no_error() -> None:
    assert summarise(Strange()) == (
        [
            r"strange\x1b[31m: vectors of 2, float32 from 0 to 1, as they are",
            "train: 2 examples (class 0: 0, 1: 2)",
            "test: counted when it is read",
        ],
        ["no training example is of the class 0"],
    )
    assert summarise(Counting()).lines[2] == "test: cannot be read: somebody took it away"


def test_what_can_be_said_without_reading(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Digits, "read", None)
    assert summarise(Digits(), reading=False).lines == [
        "digits: images of 8×8×1, uint8, 0 to 255 brought to [0, 1] (unit)",
        "train: 1,437 examples",
        "validation: 180 examples",
        "test: 180 examples",
    ]


def test_large_data_are_counted_by_names_and_headers(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in "ab":
        (tmp_path / "p" / name).mkdir(parents=True)
        for i in range(3):
            Image.new("L", (2, 2), i).save(tmp_path / "p" / name / f"{i}.png")
    (tmp_path / "p" / "b" / "2.png").write_bytes(b"broken")
    pictures = Folder(tmp_path / "p", size=2, validation=0, test=0)
    arrays = Npz(saved(tmp_path, train=ramp(4, 1)))
    assert pictures.quick()
    assert arrays.quick()
    for module, name, most in (("folder", "QUICK_FILES", 5), ("folder", "CHUNK_BYTES", 9)):
        with monkeypatch.context() as patched:
            patched.setattr(f"advnets.data.sources.{module}.{name}", most)
            assert not pictures.quick()
    monkeypatch.setattr("advnets.data.sources.npz.QUICK_BYTES", 63)
    assert not arrays.quick()
    monkeypatch.setattr(image_file, "open_file", None)
    assert summarise(pictures, reading=False).lines[1:] == ["train: 6 examples (a: 3, b: 3)"]
    assert summarise(arrays, reading=False).warnings == []
    assert summarise(arrays).warnings != []


def test_other_ways_of_preprocessing(tmp_path: Path) -> None:
    path = saved(tmp_path, train=ramp(3, 255))
    (first, *_) = summarise(Npz(path, preprocess={"gcn": 55})).lines
    assert first.endswith("uint8 from 0 to 255, preprocessed by gcn 55")
    (first, *_) = summarise(Npz(path, preprocess="none")).lines
    assert first.endswith("as they are")


def test_names_of_classes_do_not_steer_the_terminal(tmp_path: Path) -> None:
    for name in ("a\x1b[31m", "b"):
        (tmp_path / name).mkdir()
        Image.new("L", (2, 2), 9).save(tmp_path / name / "x.png")
    said = summarise(Folder(tmp_path, validation=0, test=0))
    assert r"train: 2 examples (a\x1b[31m: 1, b: 1)" in said.lines
    assert said.warnings == ["all values are 9"]


@pytest.mark.parametrize(
    ("train", "test", "says"),
    [
        (ramp(20, 1, "float32"), ramp(20, 255, "float32"), "test split lies in 0 to 255, and the"),
        (ramp(20, 255, "float32"), ramp(20, 1, "float32"), "lies in 0 to 1, and the training"),
        (ramp(20, 255), ramp(20, 1).round(), "lies in 0 to 1, and the training split in 0 to 255"),
        (ramp(20, 2, "float32") - 1, ramp(20, 1, "float32"), "training split in -1 to 1"),
        (ramp(20, 1, "float32"), ramp(20, 0.8, "float32"), None),
        (ramp(20, 255), ramp(3, 10), None),  # three examples tell little
    ],
)
def test_a_held_out_split_in_another_range_is_said(
    tmp_path: Path, train: np.ndarray, test: np.ndarray, says: str | None
) -> None:
    found = summarise(Npz(saved(tmp_path, x_train=train, x_test=test))).warnings
    found = [line for line in found if "split lies in" in line]
    assert [str(says) in line for line in found] == [True] * (says is not None)
