"""Classes that D names, in any form that data sets and notebooks have labels in."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from advnets.errors import UsageError
from advnets.game import AdversarialGame, Penalty

X = np.random.default_rng(0).normal(size=(6, 2)).astype("float32")
CLASSES = np.array([0, 3, 1, 2, 2, 0])


class Named(Penalty):
    """The cross-entropy of D's class, of the main data or of a stream."""

    once = True
    requires = ("class_logits",)

    def __init__(self, stream: str = ""):
        self.streams = {stream: ("label",)} if stream else {}
        self.fields = () if stream else ("label",)
        self.classifies = {"class_logits": f"{stream}.label" if stream else "label"}

    def __call__(self, play):
        side = play.real
        for stream in self.streams:
            side = play.judge(play.batch.streams[stream].side())
        return tf.nn.sparse_softmax_cross_entropy_with_logits(
            labels=side.fields["label"], logits=side["class_logits"]
        )


def loss_of(labels: Any, stream: str = "") -> float:
    """Return the term in the first round of ``fit``."""
    keras.utils.set_random_seed(1)
    x = keras.Input((2,))
    words = {"logits": keras.layers.Dense(1)(x), "class_logits": keras.layers.Dense(4)(x)}
    z, label = keras.Input((3,), name="latent"), keras.Input((), name="label", dtype="int64")
    told = keras.layers.Concatenate()([z, keras.layers.Embedding(4, 2)(label)])
    generator = keras.Model({"latent": z, "label": label}, keras.layers.Dense(2)(told))
    game = AdversarialGame(generator, keras.Model(x, words), penalties=[Named(stream)])
    game.compile("sgd", "sgd")
    given = {"example": X, "label": CLASSES if stream else labels}
    if stream:
        given[stream] = {"example": X, "label": labels}
    data = tf.data.Dataset.from_tensors(given)
    return float(game.fit(data, shuffle=False, verbose=0).history["d_penalties.0"][0])


@pytest.mark.parametrize("stream", ["", "labelled"])
def test_whole_numbers_of_any_type_in_a_column_or_not(stream: str) -> None:
    known = loss_of(CLASSES, stream)
    assert 0 < known < 10
    for form in (
        CLASSES.astype("uint8"),
        CLASSES.astype("int32"),
        CLASSES.astype("uint8")[:, None],
    ):
        assert loss_of(form, stream) == known


@pytest.mark.parametrize("stream", ["", "labelled"])
@pytest.mark.parametrize(
    ("form", "wrong", "hint"),
    [
        (CLASSES.astype("float32"), "is float32 of the shape ()", "astype"),
        (np.eye(4, dtype="int64")[CLASSES], "is int64 of the shape (4,)", "argmax"),
        (np.array(list("adbcca")), "is string", "astype"),
    ],
)
def test_what_are_no_classes(form: np.ndarray, wrong: str, hint: str, stream: str) -> None:
    with pytest.raises(UsageError) as refused:
        loss_of(form, stream)
    assert wrong in refused.value.message
    assert hint in (refused.value.hint or "")
