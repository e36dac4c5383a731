"""What `fit` and feeds hand over, as a batch of examples with the fields that a game uses."""

import pytest
import tensorflow as tf

from advnets.errors import UsageError
from advnets.game import Batch
from advnets.game.batches import as_batch

X = tf.constant([[1.0], [2.0], [3.0], [4.0]])
Y = tf.constant([7, 8, 9, 10])


def test_examples_alone():
    batch = as_batch(X, ())
    assert batch.examples is X
    assert batch.fields == {}
    assert batch.size == 4


@pytest.mark.parametrize(
    "data",
    [
        (X, Y),
        [X, Y],
        (X, {"label": Y, "other": Y}),
        {"example": X, "label": Y},
        {"image": X, "label": Y},
        {"pixels": X, "label": Y},  # what no field is
        ({"image": X, "label": Y},),
        ({"image": X}, Y),
    ],
)
def test_a_label_by_whatever_door_it_comes(data):
    batch = as_batch(data, ("label",))
    assert batch.examples is X
    assert batch.fields == {"label": Y}


@pytest.mark.parametrize("data", [(X, Y), {"image": X, "label": Y}, (X, None), (X,)])
def test_labels_that_nobody_uses_are_left_out(data):
    assert as_batch(data, ()).fields == {}


def test_an_image_may_be_a_field():
    batch = as_batch({"example": X, "image": Y}, ("image",))
    assert batch.examples is X
    assert batch.fields["image"] is Y


def test_examples_that_cannot_be_told_are_asked_for():
    with pytest.raises(UsageError, match="cannot be told among a, b"):
        as_batch({"a": X, "b": Y}, ())


def test_fields_are_split_with_their_examples():
    first, second = Batch(X, {"label": Y}).split(2)
    assert first.examples.numpy().ravel().tolist() == [1, 2]
    assert first.fields["label"].numpy().tolist() == [7, 8]
    assert second.examples.numpy().ravel().tolist() == [3, 4]
    assert second.fields["label"].numpy().tolist() == [9, 10]


def test_the_real_side_has_the_fields():
    side = Batch(X, {"label": Y}).side()
    assert side.example is X
    assert side.fields == {"label": Y}
    assert not side.judged
