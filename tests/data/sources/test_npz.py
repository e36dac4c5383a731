from __future__ import annotations

import io
import os
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest

from advnets.data import DataUnavailable, Field
from advnets.data.sources.npz import Npz
from advnets.errors import DataError

RNG = np.random.default_rng(0)
IMAGES = RNG.integers(0, 256, (6, 4, 5, 3), dtype=np.uint8)


def save(folder: Path, **arrays: np.ndarray) -> Path:
    path = folder / "data.npz"
    np.savez_compressed(path, **arrays)
    return path


def test_images_with_labels(tmp_path: Path) -> None:
    labels = np.array([0, 2, 1, 0, 1])
    source = Npz(save(tmp_path, train=IMAGES[:5], train_labels=labels, test=IMAGES[5:]))
    assert source.spec.shape == (4, 5, 3)
    assert (source.spec.kind, source.spec.low, source.spec.high) == ("image", 0, 255)
    assert source.spec.num_classes == 3
    assert source.splits == ("train", "test")
    np.testing.assert_array_equal(source.load("train"), IMAGES[:5])
    np.testing.assert_array_equal(source.labels("train"), labels)
    assert source.labels("test") is None
    assert source.preprocess.name == "unit"


@pytest.mark.parametrize(
    ("array", "shape", "dtype", "kind"),
    [
        (IMAGES[..., 0], (4, 5, 1), "uint8", "image"),
        (IMAGES[..., :1].astype("float32"), (4, 5, 1), "float32", "image"),
        (IMAGES[:, 0, :, 0].astype("float64"), (5,), "float32", "vector"),
        (IMAGES[:, 0, :, 0].astype(">i4"), (5,), "int32", "vector"),
        (IMAGES[..., 0].astype("float32"), (4, 5), "float32", "vector"),
        (IMAGES[:, 0, 0, 0] > 100, (1,), "uint8", "vector"),
        (IMAGES[:, 0, 0, 0].astype("float16"), (1,), "float16", "vector"),
    ],
)
def test_kinds_of_arrays(
    tmp_path: Path, array: np.ndarray, shape: tuple[int, ...], dtype: str, kind: str
) -> None:
    source = Npz(save(tmp_path, train=array))
    assert (source.spec.shape, source.spec.dtype, source.spec.kind) == (shape, dtype, kind)
    np.testing.assert_array_equal(source.load("train"), array.reshape(-1, *shape))
    assert np.asarray(source.preprocess.apply(source.load("train"))).dtype == np.float32


FIELDS: dict[str, dict[str, object]] = {
    "edges": {"kind": "image"},
    "kind": {"classes": 4},
    "weights": {},
    "place": {"kind": "vector", "classes": None},
}


def with_fields(folder: Path, **others: np.ndarray) -> dict[str, np.ndarray]:
    arrays = {
        "train": IMAGES[:5],
        "train_labels": np.array([0, 2, 1, 0, 1]),
        "train_edges": IMAGES[:5, ..., 0],
        "train_kind": np.array([3, 0, 1, 0, 2], ">u2"),
        "train_weights": np.linspace(0, 1, 10).reshape(5, 2),
        "train_place": np.arange(5) > 2,
        "test": IMAGES[5:],
        "test_kind": np.array([1]),
    }
    np.savez(folder / "data.npz", **(arrays | others))
    return arrays


@pytest.mark.parametrize("budget", [None, 0])
def test_fields_are_arrays_named_after_the_split_s(tmp_path: Path, budget: int | None) -> None:
    arrays = with_fields(tmp_path)
    source = Npz(tmp_path / "data.npz", fields=FIELDS)
    source.memory_budget = budget
    assert source.spec.fields == {
        "label": Field((), "int64", classes=3),
        "edges": Field((4, 5, 1), "uint8", low=0, high=255, kind="image"),
        "kind": Field((), "uint16", classes=4),
        "weights": Field((2,), "float32"),
        "place": Field((), "uint8", low=0, high=1),
    }
    some = source.take("train", [4, 0])
    assert set(some.fields) == set(source.spec.fields)
    for name, values in some.fields.items():
        of = arrays["train_labels" if name == "label" else f"train_{name}"]
        expected = of.astype(source.spec.field(name).dtype).reshape(5, *values.shape[1:])
        np.testing.assert_array_equal(source.field("train", name), expected)
        np.testing.assert_array_equal(values, expected[[4, 0]])
    assert source.fields("test") == ("kind",)
    whole = Npz(tmp_path / "data.npz", fields=FIELDS)
    assert source.fingerprint("train", FIELDS) == whole.fingerprint("train", FIELDS)


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"train_kind": np.arange(5)}, "of 'kind' reach from 0 to 4; the classes are 0 to 3"),
        ({"train_kind": np.zeros(5)}, "'kind' is float64; classes are integers"),
        ({"train_edges": IMAGES[..., 0]}, "6 'train_edges' for 5 examples"),
        ({"train_weights": np.array(["a"] * 5)}, "no array of real numbers"),
    ],
)
def test_fields_that_are_not_as_they_should_be(
    tmp_path: Path, changed: dict[str, np.ndarray], says: str
) -> None:
    with_fields(tmp_path, **changed)
    with pytest.raises(DataError, match=says):
        Npz(tmp_path / "data.npz", fields=FIELDS).load("train")


def test_a_field_without_its_array(tmp_path: Path) -> None:
    with_fields(tmp_path)
    with pytest.raises(DataError, match="has no array 'train_edgse'") as caught:
        Npz(tmp_path / "data.npz", fields={"edgse": {}}).spec
    assert "did you mean 'train_edges'" in str(caught.value.hint)


def test_names_and_range_can_be_given(tmp_path: Path) -> None:
    faces = IMAGES[:, 0, :, 0].astype("float32")
    path = save(tmp_path, faces=faces, held=faces[:2], test=faces[:1])
    source = Npz(path, "faces", validation="held", low=0, high=255, preprocess="symmetric")
    assert source.splits == ("train", "validation", "test")
    assert len(source.load("validation")) == 2
    assert source.preprocess.range == (-1, 1)


def test_values_beyond_the_range_are_refused(tmp_path: Path) -> None:
    path = save(tmp_path, train=IMAGES)
    with pytest.raises(DataError, match="the data set declares 0 to 16"):
        Npz(path, low=0, high=16).load("train")


def test_no_file(tmp_path: Path) -> None:
    source = Npz(tmp_path / "tfd.npz")
    for use in (source.available, lambda: source.load("train"), lambda: source.spec):
        with pytest.raises(DataUnavailable, match=r"there is no file .*tfd\.npz"):
            use()


@pytest.mark.parametrize("content", [b"", b"PK but not really", b"\x93NUMPY"])
def test_no_archive(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "data.npz"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"no \.npz archive"):
        Npz(path).load("train")


def test_a_torn_archive(tmp_path: Path) -> None:
    path = save(tmp_path, train=IMAGES)
    torn = bytearray(path.read_bytes())
    torn[150:160] = bytes(10)
    path.write_bytes(torn)
    with pytest.raises(DataError):
        Npz(path).load("train")


def test_a_missing_array(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="has no array 'train'") as caught:
        Npz(save(tmp_path, trian=IMAGES)).load("train")
    assert caught.value.hint == "did you mean 'trian'? it has: trian"


def test_pickles_are_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="pickled"):
        Npz(save(tmp_path, train=np.array([{"a": 1}], dtype=object))).load("train")


@pytest.mark.parametrize("array", [np.array(3.0), np.array(["a"]), np.zeros(3, np.complex64)])
def test_what_is_no_list_of_numbers_is_refused(tmp_path: Path, array: np.ndarray) -> None:
    with pytest.raises(DataError, match="no array of real numbers"):
        Npz(save(tmp_path, train=array)).load("train")


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
    heights = np.linspace(0, 1, 6)
    source = Npz(save(tmp_path, x_train=IMAGES, y_train=heights))
    assert source.spec.num_classes is None
    assert source.left_out() == {"arrays that nothing reads": ["y_train"]}
    one_hot = np.eye(3, dtype=int)[[0, 1, 2, 0, 1, 2]]
    with pytest.raises(DataError, match="one integer from 0") as caught:
        Npz(save(tmp_path, x_train=IMAGES, y_train=one_hot), labels="y_train").spec
    assert "numpy.argmax(labels, axis=1)" in str(caught.value.hint)


@pytest.mark.parametrize("channels", [1, 3, 4])
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


def test_pictures_without_channels_that_are_taken_for_vectors_are_said(tmp_path: Path) -> None:
    source = Npz(save(tmp_path, train=np.zeros((2, 28, 28), "float32")))
    assert "[N, 28, 28, 1]" in source.remarks()[0]
    assert Npz(save(tmp_path, train=np.zeros((2, 28, 28), "uint8"))).remarks() == []
    assert Npz(save(tmp_path, train=np.zeros((2, 28, 3), "float32"))).remarks() == []


@pytest.mark.parametrize(
    ("name", "says", "hint"),
    [
        ("points.csv", "is a table", 'pandas.read_csv("{path}").to_numpy("float32")'),
        ("points.csv.gz", "is a table", "points.npy"),
        ("points.parquet", "is a table", "pandas.read_parquet"),
        ("points.XLSX", "is a table", "pandas.read_excel"),
        ("digits.mat", "no archive of NumPy", "scipy.io.loadmat"),
        ("digits.h5", "no archive of NumPy", "h5py"),
        ("pictures.zip", "no archive of NumPy", "dataset.name=folder"),
    ],
)
def test_tables_are_refused_with_what_to_convert_them_to(
    tmp_path: Path, name: str, says: str, hint: str
) -> None:
    path = tmp_path / name
    path.write_text("a,b\n1,2\n")
    for use in (Npz(path).available, lambda: Npz(path).load("train")):
        with pytest.raises(DataError, match=says) as caught:
            use()
        assert hint.format(path=path) in str(caught.value.hint)


def test_a_folder_of_pictures_is_no_folder_of_arrays(tmp_path: Path) -> None:
    (tmp_path / "a.png").touch()
    with pytest.raises(DataError, match="holds no arrays") as caught:
        Npz(tmp_path).load("train")
    assert caught.value.hint == "dataset.name=folder reads pictures"


@pytest.mark.parametrize("labels", [np.array([-1] * 6), np.zeros(6), np.zeros((6, 2), int)])
def test_labels_that_are_none(tmp_path: Path, labels: np.ndarray) -> None:
    with pytest.raises(DataError, match="one integer from 0"):
        Npz(save(tmp_path, train=IMAGES, train_labels=labels)).load("train")


def test_a_bomb_is_refused_by_its_header(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = save(tmp_path, train=np.zeros((1000, 100), np.uint8))
    monkeypatch.setattr("advnets.data.stored.MEMORY_BUDGET", 50_000)
    monkeypatch.setattr(np.lib.format, "read_array", None)
    with pytest.raises(DataError, match="of memory"):
        Npz(path).load("train")


def written(folder: Path, form: str) -> Path:
    """The images as train and test, with labels, in one of the forms that are read."""
    arrays = {"train": IMAGES[:5], "train_labels": np.array([0, 2, 1, 0, 1]), "test": IMAGES[5:]}
    if form == "folder":
        for name, array in arrays.items():
            np.save(folder / f"{name}.npy", array)
        return folder
    if form == "npy":
        np.save(folder / "mine.npy", IMAGES[:5])
        return folder / "mine.npy"
    {"stored": np.savez, "compressed": np.savez_compressed}[form](folder / "data.npz", **arrays)
    return folder / "data.npz"


@pytest.mark.parametrize("form", ["stored", "compressed", "folder", "npy"])
def test_parts_are_parts_of_the_whole(tmp_path: Path, form: str) -> None:
    path = written(tmp_path, form)
    source = Npz(path)
    assert source.reads_parts("train") == (form != "compressed")
    assert source.count("train") == 5
    some = source.take("train", [4, 0, 4])
    np.testing.assert_array_equal(some.examples, IMAGES[[4, 0, 4]])
    if form == "npy":
        assert source.splits == ("train",)
    else:
        np.testing.assert_array_equal(some.labels, [1, 0, 1])
    large = Npz(path)
    large.memory_budget = 100
    assert not large.fits("train")
    assert large.fingerprint() == source.fingerprint()
    np.testing.assert_array_equal(large.marginals(), source.marginals())


@pytest.mark.parametrize("dtype", ["float64", ">i4", "bool", "float16"])
def test_parts_are_converted_as_the_whole_is(tmp_path: Path, dtype: str) -> None:
    np.save(tmp_path / "a.npy", IMAGES[:, 0, :, 0].astype(dtype))
    source = Npz(tmp_path / "a.npy")
    part = source.take("train", [3, 1]).examples
    whole = source.load("train")
    assert part.dtype == whole.dtype
    np.testing.assert_array_equal(part, whole[[3, 1]])


def test_what_is_larger_than_the_budget_is_never_read_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("advnets.data.stored.MEMORY_BUDGET", 100)
    monkeypatch.setattr(np, "load", None)
    source = Npz(written(tmp_path, "stored"))
    labels = {"train": np.array([0, 2, 1, 0, 1]), "test": None}
    monkeypatch.setattr(Npz, "_labels", lambda self, split: labels[split])
    assert len(source.fingerprint()) == 64
    np.testing.assert_allclose(source.marginals(), IMAGES[:5].mean(axis=0) / 255, rtol=1e-6)
    with pytest.raises(DataError, match="of memory"):
        source.load("train")


def test_a_compressed_archive_beyond_the_budget_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("advnets.data.stored.MEMORY_BUDGET", 100)
    with pytest.raises(DataError, match="of memory") as caught:
        Npz(written(tmp_path, "compressed")).fingerprint()
    assert "numpy.savez" in str(caught.value.hint)


def test_columns_first_is_read_whole(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", np.asfortranarray(IMAGES))
    source = Npz(tmp_path / "a.npy")
    assert not source.reads_parts("train")
    np.testing.assert_array_equal(source.take("train", [2]).examples, IMAGES[2:3])


def test_a_torn_member_is_refused_before_parts_of_it_are_read(tmp_path: Path) -> None:
    path = written(tmp_path, "stored")
    torn = bytearray(path.read_bytes())
    place = torn.index(IMAGES[3].tobytes())
    torn[place : place + 9] = bytes(9)
    path.write_bytes(torn)
    with pytest.raises(DataError, match="Bad CRC-32"):
        Npz(path).take("train", [0])


def test_a_file_cut_off_meanwhile(tmp_path: Path) -> None:
    np.save(tmp_path / "a.npy", IMAGES)
    source = Npz(tmp_path / "a.npy")
    source.take("train", [5])
    whole = (tmp_path / "a.npy").read_bytes()
    (tmp_path / "a.npy").write_bytes(whole[:-10])
    with pytest.raises(DataError, match=r"a\.npy ends before row 5"):
        source.take("train", [0, 5])


def test_labels_for_some_only_are_refused(tmp_path: Path) -> None:
    path = save(tmp_path, train=IMAGES, train_labels=np.zeros(3, int))
    with pytest.raises(DataError, match="3 'train_labels' for 6 examples"):
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
