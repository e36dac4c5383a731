"""Networks are asked whether they let the examples of a batch influence each other."""

from __future__ import annotations

import keras
import pytest
import tensorflow as tf

from advnets.networks import mixes_examples


class OfTheBatch(keras.layers.Layer):
    """Adds a gain, 0 at first, times something of the whole batch."""

    def build(self, shape):
        self.gain = self.add_weight(name="gain", shape=(), initializer="zeros")

    def call(self, x):
        return x + self.gain * self.seen(x)


class MinibatchDeviation(OfTheBatch):
    """Karras et al. 2018: the deviation in groups of 4 examples, taken from afar."""

    def seen(self, x):
        groups = tf.reshape(x, [4, -1, 3])
        return tf.tile(tf.math.reduce_std(groups, axis=[0, 2])[:, None], [4, 3])


class MinibatchDiscrimination(OfTheBatch):
    """Salimans et al. 2016: distances to all others."""

    def seen(self, x):
        return tf.reduce_sum(tf.exp(-tf.abs(x[:, None] - x[None])), axis=1)


class CentredGroups(keras.layers.Layer):
    """A group normalisation one of whose axes is the batch."""

    def call(self, x):
        return x - tf.reduce_mean(x, axis=0, keepdims=True)


class Counting(keras.layers.Layer):
    """Has a state that Keras knows nothing of."""

    def __init__(self):
        super().__init__()
        self.calls = tf.Variable(0.0, trainable=False)

    def call(self, x):
        self.calls.assign_add(1.0)
        return x


class CentredNeighbours(keras.layers.Layer):
    """Groups of so many neighbours, or of as many examples at equal distances, are centred."""

    def __init__(self, size: int, apart: bool):
        super().__init__()
        self.size, self.apart = size, apart

    def call(self, x):
        shape = [self.size, -1, 3] if self.apart else [-1, self.size, 3]
        groups = tf.reshape(x, shape)
        centred = groups - tf.reduce_mean(groups, axis=0 if self.apart else 1, keepdims=True)
        return tf.reshape(centred, tf.shape(x))


class Packed(keras.layers.Layer):
    """One answer for two examples."""

    def call(self, x):
        return tf.reshape(x, [-1, 6])


def network(*layers: keras.layers.Layer) -> keras.Model:
    return keras.Sequential([keras.Input((3,)), *layers, keras.layers.Dense(1)])


@pytest.mark.parametrize(
    "layer",
    [
        keras.layers.BatchNormalization(),
        keras.layers.BatchNormalization(trainable=False),
        keras.Sequential([keras.Input((3,)), keras.layers.BatchNormalization()]),
        MinibatchDeviation(),
        MinibatchDiscrimination(),
        CentredGroups(),
        Packed(),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_they_mix(layer: keras.layers.Layer, mixes) -> None:
    assert mixes(network(layer))


@pytest.mark.parametrize("apart", [False, True])
@pytest.mark.parametrize("size", [2, 4, 8, 16])
def test_groups_of_any_size_mix(size: int, apart: bool, mixes) -> None:
    assert mixes(network(CentredNeighbours(size, apart)))


def test_batch_normalisation_mixes_in_training_alone() -> None:
    model = network(keras.layers.BatchNormalization())
    asked = (model, tf.random.stateless_uniform([8, 3], [1, 2]), 5.0 + tf.ones([8, 3]))
    assert mixes_examples(*asked)
    assert not mixes_examples(*asked, training=False)


@pytest.mark.parametrize(
    "layer",
    [
        keras.layers.LayerNormalization(),
        keras.layers.Dropout(0.5),
        keras.layers.GaussianNoise(1.0),
        keras.layers.UnitNormalization(),
        keras.layers.SpectralNormalization(keras.layers.Dense(3)),
        Counting(),
    ],
    ids=lambda layer: type(layer).__name__,
)
def test_they_treat_examples_alone_and_stay_as_they_are(layer: keras.layers.Layer, mixes) -> None:
    """Also where a state moves in training, and where noise is drawn."""
    model = network(layer)
    held = [*model.variables, *([layer.calls] if isinstance(layer, Counting) else [])]
    before = [variable.numpy() for variable in held]
    assert not mixes(model)
    for variable, was in zip(held, before, strict=True):
        assert (variable.numpy() == was).all()


@pytest.mark.parametrize("name", ["mlp", "maxout"])
@pytest.mark.parametrize("batch_norm", ["none", "before"])
def test_built_in_ones(name, batch_norm, build, discriminator_context, mixes) -> None:
    more = {} if name == "maxout" else {"batch_norm": batch_norm}
    model = build(discriminator_context((3,)), name, layers=[4], dropout=[0.1, 0.1], **more)
    assert mixes(model) == ("batch_norm" in more and batch_norm != "none")
