"""Fields are fed with the examples that they belong to, resident or streamed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from advnets.data import DataSpec, Examples, Field, Source
from advnets.data.feed.choose import describe_placement, format_placement
from advnets.data.feed.resident import ResidentData
from advnets.data.feed.streamed import StreamedData
from advnets.errors import DataError

COUNT = 7
SPEC = DataSpec(
    (1, 1, 1),
    "uint8",
    0,
    255,
    "image",
    {
        "label": Field((), "uint8", classes=COUNT),
        "edges": Field((1, 2, 1), "uint8", low=0, high=255, kind="image"),
        "weight": Field((), "float16"),
        "odd": Field((), "int64", classes=2),
    },
)
FIELDS = ("weight", "index", "label", "edges")


class Seven(Source):
    """Example i is a pixel of i; its label is 6 - i, its edges are 10 i and 255, its weight i/2."""

    name = "seven"
    spec = SPEC
    splits = ("train", "test")

    def read(self, split: str) -> Examples:
        return self.read_some(split, np.arange(COUNT))

    def count(self, split: str) -> int:
        return COUNT

    def read_some(self, split: str, indices: np.ndarray) -> Examples:
        i = np.asarray(indices)
        edges = np.stack([10 * i, np.full(len(i), 255)], axis=1).astype("uint8")
        fields = {
            "label": (COUNT - 1 - i).astype("uint8"),
            "edges": edges.reshape(-1, 1, 2, 1),
            "weight": (i / 2).astype("float16"),
        }
        return Examples(i.astype("uint8").reshape(-1, 1, 1, 1), fields)


def feeds(fields: tuple[str, ...], batches: int = 1) -> list[ResidentData | StreamedData]:
    """One of each kind, with batches of two examples."""
    large = Seven("symmetric")
    large.memory_budget = 0
    return [
        ResidentData(Seven("symmetric"), 1, 2, batches, fields),
        StreamedData(large, 1, 2, batches, fields=fields),
    ]


def draw(feed: Any, step: int) -> Any:
    number = tf.constant(step, tf.int64)
    return feed.examples(feed.draw(None, number, number))


@pytest.mark.parametrize("batches", [1, 2])
def test_the_fields_are_those_of_the_round_s_examples(batches: int) -> None:
    resident, streamed = feeds(FIELDS, batches)
    streamed.seek(0)
    for step in range(9):  # three batches are an epoch
        kept, read = draw(resident, step), draw(streamed, step)
        assert list(kept) == list(read) == ["example", *FIELDS]
        for name, values in kept.items():
            assert values.dtype == read[name].dtype
            np.testing.assert_array_equal(values, read[name])
        index = kept["index"].numpy()
        assert index.dtype == np.int64
        np.testing.assert_array_equal(index, resident.indices(tf.constant(step)).numpy().ravel())
        np.testing.assert_allclose(kept["example"][:, 0, 0, 0], 2 * index / 255 - 1, atol=1e-7)
        assert kept["label"].numpy().tolist() == (6 - index).tolist()
        assert (kept["label"].dtype, kept["weight"].dtype) == (tf.int64, tf.float32)
        assert kept["weight"].numpy().tolist() == (index / 2).tolist()


def test_an_image_goes_the_way_of_the_examples() -> None:
    for feed in feeds(("edges",)):
        feed.seek(0)
        given = draw(feed, 0)
        low, high = given["edges"].numpy()[:, 0, :, 0].T
        # From 10 i and 255 of 0 … 255 to [-1, 1], as the examples i are.
        np.testing.assert_allclose(low + 1, 10 * (given["example"].numpy().ravel() + 1), atol=1e-5)
        assert high.tolist() == [1, 1]


def test_without_fields_a_feed_gives_a_tensor() -> None:
    for feed in feeds(()):
        feed.seek(0)
        assert tuple(draw(feed, 0).shape) == (2, 1, 1, 1)


def test_the_fields_that_are_used_are_counted() -> None:
    resident, streamed = feeds(FIELDS)
    assert describe_placement(Seven(), FIELDS) == {"kept": "resident", "bytes": 7 * (1 + 2 + 1 + 2)}
    assert describe_placement(Seven())["bytes"] == 7
    assert format_placement(Seven(), resident) == "data: resident, 42 bytes"
    assert isinstance(streamed, StreamedData)
    assert streamed.bytes_ahead == 9 * 2 * 6


@pytest.mark.parametrize(
    ("name", "says", "hint"),
    [
        ("lable", "the data set has no field 'lable'", "it has: label, edges, weight, odd, index"),
        ("odd", "it has no field 'odd', though", "it has: label, edges, weight, index"),
    ],
)
def test_a_field_that_is_not_there(name: str, says: str, hint: str) -> None:
    for made in (ResidentData, StreamedData):
        with pytest.raises(DataError, match=says) as caught:
            made(Seven(), 1, 2, 1, fields=(name,))
        assert caught.value.hint == hint
