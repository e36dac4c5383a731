from __future__ import annotations

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
        (IMAGES[..., 0] > 100, (4, 5, 1), "uint8", "image"),
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
    ("name", "says", "hint"),
    [
        ("points.csv", "is a table", 'pandas.read_csv("{path}").to_numpy("float32")'),
        ("points.csv.gz", "is a table", "points.npy"),
        ("points.parquet", "is a table", "pandas.read_parquet"),
        ("points.XLSX", "is a table", "pandas.read_excel"),
        ("points.arrow", "is a table", "pandas.read_feather"),
        ("digits.pickle", "no archive of NumPy", "pickle.load"),
        ("digits.tgz", "no archive of NumPy", "unpack it"),
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
    for name in ("a.png", "Thumbs.db", "labels.csv"):
        (tmp_path / name).touch()
    with pytest.raises(DataError, match="holds no arrays") as caught:
        Npz(tmp_path).load("train")
    assert caught.value.hint == "dataset.name=folder reads pictures"


@pytest.mark.parametrize("labels", [np.array([-1] * 6), np.zeros(6), np.zeros((6, 2), int)])
def test_labels_that_are_none(tmp_path: Path, labels: np.ndarray) -> None:
    with pytest.raises(DataError, match="one integer from 0"):
        Npz(save(tmp_path, train=IMAGES, train_labels=labels)).load("train")


def test_labels_for_some_only_are_refused(tmp_path: Path) -> None:
    path = save(tmp_path, train=IMAGES, train_labels=np.zeros(3, int))
    with pytest.raises(DataError, match="3 'train_labels' for 6 examples"):
        Npz(path).load("train")


@pytest.mark.parametrize(
    ("held_out", "says"),
    [
        (IMAGES[:, :3], r"'test' is uint8 of shape \(3, 5, 3\), but 'train' is uint8 of shape \(4"),
        (IMAGES / 255, "'test' is float32 of shape .*, but 'train' is uint8 of shape"),
    ],
)
def test_splits_that_are_not_alike_are_refused_before_any_is_read(
    tmp_path: Path, held_out: np.ndarray, says: str
) -> None:
    """A metric would meet them hours later."""
    with pytest.raises(DataError, match=says):
        Npz(save(tmp_path, train=IMAGES, test=held_out)).spec


def test_a_split_without_examples_is_said(tmp_path: Path) -> None:
    source = Npz(save(tmp_path, train=IMAGES, test=IMAGES[:0]))
    assert source.remarks() == ["the test split has no examples"]


def test_examples_with_nan_are_counted_and_the_first_named(tmp_path: Path) -> None:
    points = np.ones((6, 2), "float32")
    points[[2, 4], 1] = np.nan
    with pytest.raises(DataError, match="2 of 6 examples hold NaN or infinity, the first at 2"):
        Npz(save(tmp_path, train=points)).load("train")


def test_labels_that_are_names_are_refused_with_what_numbers_them(tmp_path: Path) -> None:
    path = save(tmp_path, train=IMAGES, train_labels=np.array(["cat", "dog"] * 3))
    with pytest.raises(DataError, match="'train_labels' is no array of real numbers") as caught:
        Npz(path).spec
    assert "numpy.unique(labels, return_inverse=True)[1]" in str(caught.value.hint)
