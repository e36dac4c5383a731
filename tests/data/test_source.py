from __future__ import annotations

import numpy as np
import pytest

from advnets.data import DataSpec, Examples, Source
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
TWO = np.array([[0, 10], [5, 10]], np.float32)


def test_a_split_is_read_once_and_again_after_release() -> None:
    source = Given(VECTORS, train=Examples(TWO, np.array([1, 0])))
    source.load("train"), source.labels("train"), source.fingerprint()
    assert source.reads == 1
    source.release()
    source.load("train")
    assert source.reads == 2
    source.available()


def test_labels_are_int64_or_none() -> None:
    labels = Given(VECTORS, train=Examples(TWO, np.array([1, 0], np.uint8))).labels("train")
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
        (np.array([[1, np.nan], [0, 0]], np.float32), None, "1 examples hold NaN"),
        (np.array([[1, np.inf]], np.float32), None, "NaN or infinity"),
        (np.array([[1, 11]], np.float32), None, "reach from 1.0 to 11.0"),
        (TWO, np.array([1]), "labels of shape"),
    ],
)
def test_what_is_not_as_declared_is_refused(
    examples: np.ndarray, labels: np.ndarray | None, says: str
) -> None:
    with pytest.raises(DataError, match=says) as caught:
        Given(VECTORS, train=Examples(examples, labels)).load("train")
    assert caught.value.where == "given, split 'train'"


@pytest.mark.parametrize(
    ("split", "says"),
    [("test", "given has no 'test' split"), ("trian", "'trian' is not a split")],
)
def test_splits_that_are_not_there(split: str, says: str) -> None:
    with pytest.raises(DataError, match=says) as caught:
        Given(VECTORS, train=Examples(TWO)).load(split)
    assert "given has: train" in str(caught.value.hint)
