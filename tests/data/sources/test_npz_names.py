"""Which array of an archive is what: by usual names, by given ones, or asked about."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from advnets.data.sources.npz import Npz
from advnets.errors import DataError

RNG = np.random.default_rng(0)


IMAGES = RNG.integers(0, 256, (6, 4, 5, 3), dtype=np.uint8)


def save(folder: Path, **arrays: np.ndarray) -> Path:
    path = folder / "data.npz"
    np.savez_compressed(path, **arrays)
    return path


@pytest.mark.parametrize(
    "names",
    [
        ("x_train", "y_train", "x_test", "y_test"),
        ("X_train", "y_train", "X_test", "y_test"),
        ("train_images", "train_labels", "val_images", "val_labels"),
        ("train_x", "train_y", "valid_x", "valid_y"),
        ("images_train", "labels_train", "images_dev", "labels_dev"),
        ("train", "train_label", "testing", "testing_targets"),
        ("training_data", "training_labels", "testing_data", "testing_labels"),
    ],
    ids=lambda names: names[0],
)
def test_arrays_by_their_usual_names(tmp_path: Path, names: tuple[str, ...]) -> None:
    """Labels of one column, as Keras's CIFAR-10 has them, are labels too."""
    labels = np.array([[0], [2], [1], [0], [1]], np.uint8)
    values = (IMAGES[:5], labels, IMAGES[5:], labels[2:3])
    source = Npz(save(tmp_path, **dict(zip(names, values, strict=True))))
    (held,) = source.splits[1:]
    assert held == ("test" if "test" in names[2].lower() else "validation")
    np.testing.assert_array_equal(source.load("train"), IMAGES[:5])
    np.testing.assert_array_equal(source.load(held), IMAGES[5:])
    assert source.labels("train").tolist() == [0, 2, 1, 0, 1]  # type: ignore[union-attr]
    assert source.labels(held).tolist() == [1]  # type: ignore[union-attr]
    assert source.take("train", [1]).labels.tolist() == [2]  # type: ignore[union-attr]
    assert source.left_out() == {}


@pytest.mark.parametrize("name", ["arr_0", "images", "X"])
def test_one_array_of_examples_is_the_training_split(tmp_path: Path, name: str) -> None:
    assert Npz(save(tmp_path, **{name: IMAGES})).count("train") == 6


def test_several_arrays_that_may_be_a_split(tmp_path: Path) -> None:
    path = save(tmp_path, train=IMAGES, val=IMAGES[:1], dev=IMAGES[:2])
    with pytest.raises(DataError, match="val, dev may each be the validation split") as caught:
        Npz(path).splits
    assert caught.value.hint == "name it: dataset.validation=val"
    source = Npz(path, validation="dev")
    assert source.count("validation") == 2
    assert source.left_out() == {"arrays that nothing reads": ["val"]}


def test_labels_can_be_named(tmp_path: Path) -> None:
    one, two = np.array([0, 2, 1, 0, 1]), np.array([3])
    arrays = {"faces": IMAGES[:5], "held": IMAGES[5:], "ids": one, "held_ids": two}
    path = save(tmp_path, **arrays)
    plain = Npz(path, "faces", test="held")
    assert plain.spec.num_classes is None
    assert plain.left_out() == {"arrays that nothing reads": ["ids", "held_ids"]}
    source = Npz(path, "faces", test="held", labels="ids")
    assert source.labels("train").tolist() == one.tolist()  # type: ignore[union-attr]
    assert source.labels("test") is None
    source = Npz(path, "faces", test="held", labels={"train": "ids", "test": "held_ids"})
    assert (source.spec.num_classes, source.labels("test").tolist()) == (4, [3])  # type: ignore[union-attr]
    with pytest.raises(DataError, match="no array 'idz'"):
        Npz(path, "faces", labels="idz").load("train")


def test_labels_of_other_splits_are_called_alike(tmp_path: Path) -> None:
    fine, coarse = np.arange(5), np.arange(5) % 2
    held = {"x_test": IMAGES[5:], "fine_test": np.array([4]), "y_test": np.array([0])}
    path = save(tmp_path, x_train=IMAGES[:5], y_train=coarse, fine_train=fine, **held)
    source = Npz(path, labels="fine_train")
    assert source.labels("train").tolist() == fine.tolist()  # type: ignore[union-attr]
    assert source.labels("test").tolist() == [4]  # type: ignore[union-attr]
    del held["fine_test"]
    path = save(tmp_path, x_train=IMAGES[:5], y_train=coarse, fine_train=fine, **held)
    assert Npz(path, labels="fine_train").labels("test") is None


def test_fields_next_to_arrays_of_usual_names(tmp_path: Path) -> None:
    """What is called exactly so comes before what is called alike."""
    path = save(tmp_path, x_train=IMAGES, pose_train=np.zeros(6), x_train_pose=np.ones(6))
    source = Npz(path, fields={"pose": {}})
    assert source.field("train", "pose").tolist() == [1] * 6
    assert source.left_out() == {"arrays that nothing reads": ["pose_train"]}
    path = save(tmp_path, x_train=IMAGES, pose_train=np.zeros(6))
    assert Npz(path, fields={"pose": {}}).field("train", "pose").tolist() == [0] * 6


def test_what_only_may_be_labels_has_to_look_like_them(tmp_path: Path) -> None:
    """The y of a regression is no class, and no error; what is called labels must be some."""
    one_hot = np.eye(3, dtype=int)[[0, 1, 2, 0, 1, 2]]
    for none in (np.linspace(0, 1, 6), np.arange(6) - 1, one_hot, np.array(["a", "b"] * 3)):
        source = Npz(save(tmp_path, x_train=IMAGES, y_train=none, extra=none))
        assert source.spec.num_classes is None
        nothing, (why, names) = source.left_out().items()
        assert nothing == ("arrays that nothing reads", ["extra"])
        assert names == ["y_train"]
        assert "one integer from 0" in why
        assert "numpy.argmax" in why
    with pytest.raises(DataError, match="one integer from 0") as caught:
        Npz(save(tmp_path, x_train=IMAGES, y_train=one_hot), labels="y_train").spec
    assert "numpy.argmax(labels, axis=1)" in str(caught.value.hint)


@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_channels_first_are_asked_about(tmp_path: Path, channels: int) -> None:
    first = RNG.integers(0, 256, (5, channels, 6, 7), dtype=np.uint8)
    np.savez(tmp_path / "data.npz", train=first, train_edges=first)
    for name, options in {
        "train": {},
        "train_edges": {"fields": {"edges": {"kind": "image"}}},
    }.items():
        with pytest.raises(
            DataError, match=rf"'train' has the shape \(5, {channels}, 6, 7\)"
        ) as caught:
            Npz(tmp_path / "data.npz", **options).spec  # type: ignore[arg-type]
        assert "dataset.channels=first" in str(caught.value.hint), name
    source = Npz(tmp_path / "data.npz", channels="first", fields={"edges": {"kind": "image"}})
    assert source.spec.shape == source.spec.field("edges").shape == (6, 7, channels)
    last = np.transpose(first, (0, 2, 3, 1))
    np.testing.assert_array_equal(source.load("train"), last)
    some = source.take("train", [3, 1])
    np.testing.assert_array_equal(some.examples, last[[3, 1]])
    np.testing.assert_array_equal(some.fields["edges"], last[[3, 1]])
    np.savez(tmp_path / "last.npz", train=last)
    assert source.fingerprint() == Npz(tmp_path / "last.npz").fingerprint()
    assert Npz(tmp_path / "data.npz", channels="last").spec.shape == (channels, 6, 7)
    np.savez(tmp_path / "grey.npz", train=first[:, 0], train_edges=first[:, 0])
    grey = Npz(tmp_path / "grey.npz", channels="first", fields={"edges": {"kind": "image"}})
    np.testing.assert_array_equal(grey.load("train"), last[..., :1])
    np.testing.assert_array_equal(grey.field("train", "edges"), last[..., :1])


def test_any_number_of_channels_before_a_square_is_asked_about(tmp_path: Path) -> None:
    bands = np.zeros((5, 9, 12, 12), np.uint8)
    with pytest.raises(DataError, match="as if channels came first"):
        Npz(save(tmp_path, train=bands)).spec
    assert Npz(save(tmp_path, train=bands), channels="first").spec.shape == (12, 12, 9)
    wide = Npz(save(tmp_path, train=np.zeros((5, 12, 12, 9), np.uint8)))
    assert wide.spec.shape == (12, 12, 9)


def test_pictures_without_channels_that_are_taken_for_vectors_are_said(tmp_path: Path) -> None:
    source = Npz(save(tmp_path, train=np.zeros((2, 28, 28), "float32")))
    assert "[N, 28, 28, 1]" in source.remarks()[0]
    assert Npz(save(tmp_path, train=np.zeros((2, 28, 28), "uint8"))).remarks() == []
    assert Npz(save(tmp_path, train=np.zeros((2, 28, 3), "float32"))).remarks() == []


def test_a_field_that_the_labels_were_meant_by_says_how_they_are_read(tmp_path: Path) -> None:
    path = save(tmp_path, x_train=IMAGES, y_train=np.arange(6) - 1, angle=np.zeros(6))
    for name in ("label", "y_train"):
        with pytest.raises(DataError, match=f"which the field '{name}' would be") as caught:
            Npz(path, fields={name: {"classes": 10}}).spec
        assert "dataset.labels=y_train" in str(caught.value.hint)
    with pytest.raises(DataError, match="no array 'x_train_angle'") as caught:
        Npz(path, fields={"angle": {}}).spec
    assert "store 'angle' under that name" in str(caught.value.hint)
