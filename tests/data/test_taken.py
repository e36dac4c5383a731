"""Some of a data set's examples, taken by chance: which, how many of each class, how read."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from advnets.data import DataSpec, Examples, Field, Source
from advnets.data.taken import Taken
from advnets.errors import DataError

COUNTS = (40, 30, 20)


class Numbered(Source):
    """Example i is i; of its three classes there are 40, 30 and 20, in a shuffled order."""

    name = "numbered"
    spec = DataSpec(
        (1,),
        "float32",
        0,
        90,
        fields={
            "label": Field((), "int64", classes=3),
            "weight": Field((), "float32"),
            "pair": Field((2,), "int64", classes=3),
        },
    )
    splits = ("train", "test")
    labels_of = np.random.RandomState(5).permutation(np.repeat(np.arange(3), COUNTS))

    def count(self, split: str) -> int:
        return 90 if split == "train" else 10

    def read(self, split: str) -> Examples:
        return self.read_some(split, np.arange(self.count(split)))

    def read_some(self, split: str, indices: np.ndarray | Sequence[int]) -> Examples:
        x = np.asarray(indices)
        labels = self.labels_of[x]
        fields = {"label": labels, "weight": x.astype("float32"), "pair": np.stack([labels] * 2, 1)}
        return Examples(x[:, None].astype("float32"), fields)


class Unread(Numbered):
    """The same, of which only parts can be read."""

    memory_budget = 0

    def read(self, split: str) -> Examples:
        raise AssertionError("the whole split was read")


def test_balanced_there_are_as_many_of_each_class() -> None:
    taken = Taken(Numbered(), 30, balanced="label", seed=4)
    assert np.bincount(taken.labels("train")).tolist() == [10, 10, 10]
    assert len(np.unique(taken.indices)) == taken.count("train") == 30


def test_each_example_keeps_its_fields() -> None:
    taken = Taken(Numbered(), 30, balanced="label")
    places = taken.load("train").ravel().astype(int)
    np.testing.assert_array_equal(places, taken.indices)
    np.testing.assert_array_equal(taken.field("train", "label"), Numbered.labels_of[places])
    np.testing.assert_array_equal(taken.field("train", "weight"), places)


@pytest.mark.parametrize("balanced", [None, "label"])
def test_they_depend_on_the_seed_alone_and_fewer_are_some_of_more(balanced: str | None) -> None:
    few, again, many, others = (
        set(Taken(Numbered(), n, balanced, seed).indices.tolist())
        for n, seed in ((15, 1), (15, 1), (45, 1), (15, 2))
    )
    assert few == again < many
    assert few != others


def test_every_example_may_be_taken() -> None:
    """With 30 of 90 by 200 seeds each comes about 67 times, and never less than half as often."""
    times = np.zeros(90)
    for seed in range(200):
        times[Taken(Numbered(), 30, seed=seed).indices] += 1
    assert times.sum() == 6000
    assert 33 < times.min() <= times.max() < 100


def test_the_numbers_are_these() -> None:
    """Or runs begun with another version would go on with other examples."""
    assert Taken(Numbered(), 5).indices.tolist() == [16, 31, 52, 72, 80]


def test_only_what_is_taken_is_read() -> None:
    whole, part = Taken(Numbered(), 12, "label"), Taken(Unread(), 12, "label")
    assert not part.fits("train")
    assert part.fingerprint("train", ["label"]) == whole.fingerprint("train", ["label"])
    np.testing.assert_array_equal(part.take("train", [3, 1]).examples, whole.load("train")[[3, 1]])


def test_held_out_splits_are_the_whole_data_s_where_they_are_given() -> None:
    assert Taken(Numbered(), 12).splits == ("train",)
    taken = Taken(Numbered(), 12, held_out=True)
    assert taken.splits == ("train", "test")
    assert taken.load("test").shape == (10, 1)


def test_it_is_preprocessed_as_all_of_them_are() -> None:
    taken = Taken(Numbered("symmetric"), 12)
    assert taken.preprocess.range == (-1, 1)
    found = np.asarray(taken.preprocess.apply(taken.load("train"))).ravel()
    np.testing.assert_allclose(found, taken.indices / 45 - 1, atol=1e-6)


@pytest.mark.parametrize(
    ("examples", "balanced", "said", "hint"),
    [
        (91, None, "91 examples are to be taken of the 90 for training of numbered", None),
        (30, "weight", "the field 'weight' of numbered is not one class for each", "are label"),
        (30, "pair", "the field 'pair' of numbered is not one class for each", "are label"),
        (30, "size", "has no field 'size'", "label"),
        (31, "label", "31 examples cannot be equally many of 3 classes", "take 30 or 33"),
        (2, "label", "2 examples cannot be equally many of 3 classes", "take 3"),
        (63, "label", "21 examples are to be taken of each label of numbered", "take fewer"),
    ],
)
def test_what_cannot_be_taken_is_refused(
    examples: int, balanced: str | None, said: str, hint: str | None
) -> None:
    with pytest.raises(DataError, match=said) as refused:
        _ = Taken(Numbered(), examples, balanced, where="streams.a.take").indices
    assert hint is None or hint in str(refused.value.hint)
