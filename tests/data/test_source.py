from __future__ import annotations

import numpy as np
import pytest

from advnets.data import DataSpec, Examples, Field, Source
from advnets.errors import DataError


class Given(Source):
    """A source of arrays given to it, that counts how often it is read."""

    name = "given"

    def __init__(self, spec: DataSpec, preprocess: object = "auto", **splits: Examples):
        super().__init__(preprocess)  # type: ignore[arg-type]
        self._spec, self._given, self.reads = spec, splits, 0

    @property
    def spec(self) -> DataSpec:
        return self._spec

    @property
    def splits(self) -> tuple[str, ...]:
        return tuple(self._given)

    def read(self, split: str) -> Examples:
        self.reads += 1
        return self._given[split]


VECTORS = DataSpec((2,), "float32", 0, 10)
LABELLED = DataSpec((2,), "float32", 0, 10, fields={"label": Field((), "int64", classes=3)})
TWO = np.array([[0, 10], [5, 10]], np.float32)


def labelled(examples: np.ndarray, labels: object) -> Examples:
    return Examples(examples, {"label": np.asarray(labels)})


def test_a_split_is_read_once_and_again_after_release() -> None:
    source = Given(LABELLED, train=labelled(TWO, [1, 0]))
    source.load("train"), source.labels("train"), source.fingerprint()
    assert source.reads == 1
    source.release()
    source.load("train")
    assert source.reads == 2
    source.available()


class InParts(Given):
    """Reads parts, and refuses to read the whole."""

    def read(self, split: str) -> Examples:
        raise AssertionError("a whole split was read")

    def count(self, split: str) -> int:
        return len(self._given[split].examples)

    def read_some(self, split: str, indices: np.ndarray) -> Examples:
        return Examples(self._given[split].examples[indices])


def test_taking_some_is_taking_them_from_the_whole() -> None:
    source = Given(LABELLED, train=labelled(TWO, [1, 0]))
    some = source.take("train", [1, 1, 0])
    np.testing.assert_array_equal(some.examples, TWO[[1, 1, 0]])
    assert some.labels is not None
    assert some.labels.tolist() == [0, 0, 1]
    assert not source.reads_parts("train")
    with pytest.raises(DataError, match="no 'test' split"):
        source.take("test", [0])


@pytest.mark.parametrize("preprocess", ["symmetric", {"gcn": 3}])
def test_a_large_split_is_described_without_reading_it_whole(preprocess: object) -> None:
    train = np.random.default_rng(0).uniform(0, 10, (2500, 2)).astype("float32")
    whole = Given(VECTORS, preprocess, train=Examples(train))
    parts = InParts(VECTORS, preprocess, train=Examples(train))
    parts.memory_budget = 100
    assert (whole.fits("train"), parts.fits("train")) == (True, False)
    assert [len(chunk) for chunk in parts.chunks("train")] == [1000, 1000, 500]
    assert parts.fingerprint() == whole.fingerprint()
    np.testing.assert_array_equal(parts.marginals(), whole.marginals())
    x = np.ones((1, 2))
    np.testing.assert_array_equal(parts.preprocess.invert(x), whole.preprocess.invert(x))


def test_labels_of_a_large_split_are_found_without_reading_it_whole() -> None:
    class Labelled(InParts):
        def read_some(self, split: str, indices: np.ndarray) -> Examples:
            given = self._given[split]
            return labelled(given.examples[indices], given.labels[indices])

    x, labels = np.zeros((2500, 2), np.float32), np.arange(2500) % 3
    source, unlabelled = (
        made(LABELLED if made is Labelled else VECTORS, train=labelled(x, labels))
        for made in (Labelled, InParts)
    )
    source.memory_budget = unlabelled.memory_budget = 0
    np.testing.assert_array_equal(source.labels("train"), labels)
    assert source.labels("train") is source.labels("train")
    assert unlabelled.labels("train") is None


def test_parts_are_held_against_the_spec_too() -> None:
    source = InParts(VECTORS, train=Examples(TWO + 5))
    source.memory_budget = 0
    with pytest.raises(DataError, match=r"reach from 5.0 to 15.0"):
        source.fingerprint()


def test_a_larger_budget_allows_a_larger_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("advnets.data.stored.MEMORY_BUDGET", 10)
    source = Given(VECTORS, train=Examples(TWO))
    with pytest.raises(DataError, match="of memory") as caught:
        source.load("train")
    assert "distribution.memory_budget" in str(caught.value.hint)
    source.memory_budget = 16
    assert len(source.load("train")) == 2


def test_labels_are_int64_or_none() -> None:
    labels = Given(LABELLED, train=labelled(TWO, np.array([1, 0], np.uint8))).labels("train")
    assert labels is not None
    assert labels.dtype == np.int64
    assert Given(VECTORS, train=Examples(TWO)).labels("train") is None


def test_marginals_are_those_after_preprocessing() -> None:
    source = Given(VECTORS, "symmetric", train=Examples(TWO))
    np.testing.assert_allclose(source.marginals(), [-0.5, 1.0])
    assert source.marginals().dtype == np.float32


def test_marginals_of_more_than_one_chunk() -> None:
    many = np.arange(5000, dtype=np.float32).reshape(2500, 2)
    source = Given(DataSpec((2,), "float32"), train=Examples(many))
    np.testing.assert_allclose(source.marginals(), [2499, 2500])


def test_the_fingerprint_follows_the_examples_and_their_order() -> None:
    def fingerprint(examples: np.ndarray, spec: DataSpec = VECTORS) -> str:
        return Given(spec, train=Examples(examples)).fingerprint()

    assert len(fingerprint(TWO)) == 64
    assert fingerprint(TWO) == fingerprint(TWO.copy())
    flat = DataSpec((4,), "float32", 0, 10)
    others = [fingerprint(TWO[::-1]), fingerprint(TWO[:1]), fingerprint(TWO.reshape(1, 4), flat)]
    assert len({fingerprint(TWO), *others}) == 4


def test_gcn_is_undone_with_the_average_training_example() -> None:
    train = np.array([[0, 2], [4, 8]], np.float32)  # means 1 and 6, norms √2 and √8
    source = Given(DataSpec((2,), "float32"), {"gcn": 3}, train=Examples(train))
    y = np.asarray(source.preprocess.apply(train))
    np.testing.assert_allclose(np.linalg.norm(y, axis=1), [3, 3], rtol=1e-6)
    norm = (np.sqrt(2) + np.sqrt(8)) / 2
    expected = 3.5 + norm * np.array([[-1, 1], [-1, 1]]) / np.sqrt(2)
    np.testing.assert_allclose(source.preprocess.invert(y), expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("examples", "labels", "says"),
    [
        (TWO.astype(np.float64), None, "float64"),
        (np.zeros((2, 3), np.float32), None, r"shape \(3,\)"),
        (np.zeros((0, 2), np.float32), None, "no examples"),
        (np.array([[1, np.nan], [0, 0]], np.float32), None, "1 of 2 examples hold NaN"),
        (np.array([[1, np.inf]], np.float32), None, "NaN or infinity"),
        (np.array([[1, 11]], np.float32), None, "reach from 1.0 to 11.0"),
        (TWO, [1], r"2 examples, but 'label' of shape \(1,\)"),
        (TWO, [[1], [0]], r"of 'label' are int64 of shape \(1,\); integers of shape \(\)"),
        (TWO, [1.0, 0.0], "of 'label' are float64 .* from 0 to 2, are declared"),
        (TWO, [-1, 2], "of 'label' reach from -1 to 2; the classes are 0 to 2"),
        (TWO, [0, 3], "of 'label' reach from 0 to 3; the classes are 0 to 2"),
    ],
)
def test_what_is_not_as_declared_is_refused(
    examples: np.ndarray, labels: list[object] | None, says: str
) -> None:
    fields = {} if labels is None else {"label": np.array(labels)}
    with pytest.raises(DataError, match=says) as caught:
        Given(LABELLED, train=Examples(examples, fields)).load("train")
    assert caught.value.where == "given, split 'train'"


@pytest.mark.parametrize(
    ("split", "says"),
    [("test", "given has no 'test' split"), ("trian", "'trian' is not a split")],
)
def test_splits_that_are_not_there(split: str, says: str) -> None:
    with pytest.raises(DataError, match=says) as caught:
        Given(VECTORS, train=Examples(TWO)).load(split)
    assert "given has: train" in str(caught.value.hint)


FIELDS = DataSpec(
    (1, 1, 1),
    "uint8",
    0,
    255,
    "image",
    {
        "label": Field((), "int64", classes=3),
        "edges": Field((1, 2, 1), "uint8", low=0, high=255, kind="image"),
        "mask": Field((1, 2, 1), "uint8", low=0, high=1, kind="image"),
        "weight": Field((), "float64", low=0, high=1),
    },
)
PIXELS = np.array([10, 20], np.uint8).reshape(2, 1, 1, 1)
VALUES = {
    "label": np.array([2, 0]),
    "edges": np.array([[0, 51], [102, 255]], np.uint8).reshape(2, 1, 2, 1),
    "mask": np.array([[0, 1], [1, 0]], np.uint8).reshape(2, 1, 2, 1),
    "weight": np.array([0.5, 1.0]),
}


class FieldsInParts(InParts):
    memory_budget = 0

    def read_some(self, split: str, indices: np.ndarray) -> Examples:
        examples, fields = self._given[split]
        return Examples(examples[indices], {name: v[indices] for name, v in fields.items()})


@pytest.mark.parametrize("made", [Given, FieldsInParts])
def test_fields_are_had_by_name(made: type[Given]) -> None:
    source = made(FIELDS, train=Examples(PIXELS, VALUES), test=Examples(PIXELS))
    assert set(source.fields("train")) == set(VALUES)
    assert source.fields("test") == ()
    for name, values in VALUES.items():
        np.testing.assert_array_equal(source.field("train", name), values)
        np.testing.assert_array_equal(source.take("train", [1]).fields[name], values[1:])
    assert source.field("train", "index").tolist() == [0, 1]
    assert source.field("test", "index").dtype == np.int64
    assert source.labels("test") is None
    with pytest.raises(DataError, match="has no field 'edgse'") as caught:
        source.field("train", "edgse")
    assert caught.value.hint == "it has: label, edges, mask, weight, index"
    with pytest.raises(DataError, match="it has no field 'edges', though") as caught:
        source.fingerprint("test", ["edges"])
    assert caught.value.where == "given, split 'test'"


def test_a_fingerprint_covers_the_fields_that_it_is_asked_for() -> None:
    def fingerprints(*names: str, made: type[Given] = Given, **changed: np.ndarray) -> str:
        source = made(FIELDS, train=Examples(PIXELS, VALUES | changed))
        return source.fingerprint("train", names)

    alone = Given(FIELDS, train=Examples(PIXELS)).fingerprint()
    other = np.array([2, 1])
    assert fingerprints() == fingerprints("index") == fingerprints(label=other) == alone
    told = fingerprints("label", "weight")
    assert told == fingerprints("weight", "label", "index")
    assert told == fingerprints("label", "weight", made=FieldsInParts)
    assert told == fingerprints("label", "weight", edges=VALUES["edges"][::-1])
    others = [
        fingerprints("label", "weight", label=other),
        fingerprints("label", "weight", weight=np.array([0.5, 0.5])),
        fingerprints("label"),
        fingerprints("mask"),
        fingerprints("edges"),
    ]
    assert len({alone, told, *others}) == 7


def test_fields_are_preprocessed_by_what_they_are() -> None:
    source = Given(FIELDS, "symmetric", train=Examples(PIXELS, VALUES))
    seen = {n: np.asarray(source.preprocess_field(n, v)) for n, v in VALUES.items()}
    assert (seen["label"].dtype, seen["label"].tolist()) == (np.int64, [2, 0])
    assert (seen["weight"].dtype, seen["weight"].tolist()) == (np.float32, [0.5, 1.0])
    # 2 x / 255 - 1, as for the examples; a mask of 0 and 1 has a range of its own.
    np.testing.assert_allclose(seen["edges"].ravel(), [-1, -0.6, -0.2, 1], atol=1e-6)
    assert seen["mask"].ravel().tolist() == [-1, 1, 1, -1]
    assert np.asarray(source.preprocess_field("index", np.array([1]))).dtype == np.int64


def test_an_image_without_a_range_has_that_of_the_examples() -> None:
    edges = Field((1, 2, 1), "float32", kind="image")
    source = Given(DataSpec((1, 1, 1), "float32", 0, 4, "image", {"edges": edges}), "unit")
    seen = source.preprocess_field("edges", np.array([[[[1.0], [4.0]]]], np.float32))
    assert np.asarray(seen).ravel().tolist() == [0.25, 1.0]


@pytest.mark.parametrize(
    ("values", "says"),
    [
        ({"colour": np.zeros(2)}, "it has a field 'colour', which the data set does not declare"),
        ({"weight": np.zeros((2, 1))}, r"of 'weight' are float64 of shape \(1,\)"),
        ({"weight": np.zeros(2, "float32")}, "of 'weight' are float32 .* declares float64"),
        ({"weight": np.array([0, np.nan])}, "1 of 2 values of 'weight' hold NaN"),
        ({"weight": np.array([0.5, 2.0])}, "of 'weight' reach from 0.5 to 2.0"),
        ({"edges": VALUES["edges"][:, :, :1]}, r"of 'edges' are uint8 of shape \(1, 1, 1\)"),
        ({"mask": VALUES["edges"]}, "of 'mask' reach from 0 to 255; the data set declares 0 to 1"),
    ],
)
def test_fields_that_are_not_as_declared_are_refused(values: dict, says: str) -> None:
    for made in (Given, FieldsInParts):
        source = made(FIELDS, train=Examples(PIXELS, values))
        with pytest.raises(DataError, match=says) as caught:
            source.take("train", [0, 1])
        assert caught.value.where == "given, split 'train'"


def test_fields_take_room_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    source = Given(FIELDS, train=Examples(PIXELS, VALUES))
    source.memory_budget = 2 * (1 + 8 + 2 + 2 + 8)
    assert source.fits("train")
    source.memory_budget -= 1
    assert not source.fits("train")
