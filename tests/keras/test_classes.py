"""Labels that are no classes are refused, by whatever door they come, and whoever knows it."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras_lines import refused

from advnets.errors import AdvnetsError, DataError
from advnets.game import AdversarialGame, UniformClasses
from advnets.game.classes import classes_of

layers = keras.layers
X = np.linspace(0.1, 0.9, 16, dtype="float32").reshape(8, 2)
GOOD = np.arange(8) % 4


def told(size, name, give, read, dtype="int64"):
    x, label = keras.Input((size,), name=name), keras.Input((), name="label", dtype=dtype)
    return keras.Model(
        {name: x, "label": label}, layers.Dense(give)(layers.Concatenate()([x, read(label)]))
    )


READERS = {
    "Embedding": lambda y: layers.Embedding(4, 2)(y),
    "CategoryEncoding": lambda y: layers.CategoryEncoding(4, "one_hot")(y),
    "OneHot": lambda y: keras.ops.one_hot(keras.ops.cast(y, "int32"), 4),
    "a condition's": lambda y: keras.ops.expand_dims(keras.ops.cast(y, "float32"), -1),
}


def make(read, condition=False, dtype="int64"):
    game = AdversarialGame(
        told(3, "latent", 2, read, dtype),
        told(2, "example", 1, read, dtype),
        conditions={"label": UniformClasses(4)} if condition else None,
    )
    game.compile("sgd", "sgd", run_eagerly=True)
    return game


@pytest.fixture(scope="module")
def game():
    return make(READERS["CategoryEncoding"])


def dataset(y):
    return tf.data.Dataset.from_tensor_slices((X, y)).batch(4)


def batches(y):
    yield from ((X[i : i + 4], y[i : i + 4]) for i in (0, 4))


DOORS = {
    "fit": lambda game, y: game.fit(X, y, batch_size=4, shuffle=False, verbose=0),
    "tf.data": lambda game, y: game.fit(dataset(y), verbose=0),
    "a generator": lambda game, y: game.fit(batches(y), verbose=0),
    "evaluate": lambda game, y: game.evaluate(X, y, batch_size=4, verbose=0),
    "validation_data": lambda game, y: game.fit(
        X, GOOD, validation_data=(X, y), validation_batch_size=4, verbose=0
    ),
    "train_on_batch": lambda game, y: game.train_on_batch(X[4:], y[4:]),
    "test_on_batch": lambda game, y: game.test_on_batch(X[4:], y[4:]),
}


@refused(
    "data",
    "labels of classes that there are not",
    "Too large, negative, not whole: a device may take them for zeros, or for another class. How "
    "many classes there are is said by conditions, and by a network's `Embedding`, "
    "`CategoryEncoding` or `one_hot`.",
    match=r"1 of the [48] values of 'label' in (batch \d|the held-out ex).*, 4 for one",
)
@pytest.mark.parametrize("door", DOORS)
def test_every_door(game, door) -> None:
    DOORS[door](game, GOOD)
    y = GOOD.copy()
    y[5] = 4
    DOORS[door](game, y)


@pytest.mark.parametrize("reader", READERS)
def test_whoever_knows_it(reader) -> None:
    made = make(READERS[reader], condition=reader == "a condition's")
    (name,) = classes_of(made)
    assert (name, classes_of(made)[name][0]) == ("label", 4)
    for wrong in (-1, 10):
        y = np.where(GOOD == 1, wrong, GOOD)
        with pytest.raises(DataError, match=rf"2 of the 8 .* no classes, {wrong} for one.* 0 to 3"):
            made.fit(X, y, verbose=0)


@pytest.mark.parametrize("dtype", ["float32", "int64"])
def test_one_hot_vectors(game, dtype) -> None:
    with pytest.raises(AdvnetsError) as caught:
        game.fit(X, np.eye(4, dtype=dtype)[GOOD], verbose=0)
    assert "y.argmax(axis=1)" in caught.value.hint
    game.fit(X, np.eye(4)[GOOD].argmax(axis=1), verbose=0)


def test_numbers_that_are_not_whole() -> None:
    """An input without a type is float32, and an embedding would cut 3.7 to 3."""
    made = make(READERS["Embedding"], dtype="float32")
    with pytest.raises(DataError, match=r"8 of the 8 .* no classes, 2\.7 for one"):
        made.fit(X, np.full(8, 2.7), verbose=0)
    made.fit(X, GOOD.astype("float32"), verbose=0)


def test_labels_that_nobody_reads_are_not_looked_at() -> None:
    """G's code is called like the data's label, and D reads neither."""
    judge = keras.Sequential([keras.Input((2,)), layers.Dense(1)])
    made = AdversarialGame(
        told(3, "latent", 2, READERS["Embedding"]), judge, conditions={"label": UniformClasses(4)}
    )
    made.compile("sgd", "sgd", run_eagerly=True)
    made.fit(X, np.arange(8), verbose=0)


@pytest.mark.parametrize(
    "ask",
    [
        lambda game, y: game.generate(8, given={"label": y}),
        lambda game, y: game.predict({"latent": np.ones([8, 3], "float32"), "label": y}, verbose=0),
        lambda game, y: game({"latent": np.ones([8, 3], "float32"), "label": y}),
    ],
    ids=["generate", "predict", "call"],
)
def test_samples_of_a_class_that_there_is_not(game, ask) -> None:
    with pytest.raises(AdvnetsError, match=r"0 to 3"):
        ask(game, GOOD + 1)
    ask(game, GOOD)
