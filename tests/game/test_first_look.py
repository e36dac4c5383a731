"""Networks that don't fit each other, the loss or the data are found before the first round."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from advnets.errors import PluginError, UsageError
from advnets.game import AdversarialGame, Loss, Minimax, NonSaturating, Uniform
from advnets.game.conditions import Categorical
from advnets.game.first_look import warn_of_range

layers = keras.layers


def network(size: int, *more: keras.layers.Layer | int) -> keras.Model:
    made = [layers.Dense(one) if isinstance(one, int) else one for one in more]
    return keras.Sequential([keras.Input((size,)), *made])


class Written(keras.Model):
    """A network whose author says by code what it does."""

    def __init__(self, size: int, *more: keras.layers.Layer | int):
        super().__init__()
        self.inner = network(size, *more)
        self.built = True

    def call(self, x):
        return self.inner(x)


class Scores(Loss):
    """Takes logits for scores."""

    def discriminator(self, real, fake):
        return tf.square(real.logits - 1) + tf.square(fake.logits)

    def generator(self, real, fake):
        return tf.square(fake.logits - 1)


def game(generator=None, discriminator=None, **more) -> AdversarialGame:
    return AdversarialGame(
        generator or network(3, 2), discriminator or network(2, 1), prior=Uniform(3), **more
    )


@pytest.mark.parametrize(
    "end",
    [
        (layers.Dense(1, "sigmoid"),),
        (1, layers.Activation("sigmoid"), layers.Reshape(())),
        (layers.Dense(1, "hard_sigmoid"), layers.Flatten()),
        (2, layers.Softmax()),
        (network(2, layers.Dense(1, keras.activations.sigmoid)),),
    ],
    ids=["dense", "activation", "flattened", "softmax", "nested"],
)
@pytest.mark.parametrize("loss", [Minimax(), NonSaturating()], ids=repr)
def test_probabilities_are_not_taken_for_logits(end, loss, measured) -> None:
    with (
        measured.timed("network_does_not_fit"),
        pytest.raises(UsageError, match=r"ends in \w+, and .* for a logit.* 0.5 to 0.73") as found,
    ):
        game(discriminator=network(2, *end), loss=loss)
    assert "Dense(1)" in found.value.hint


def test_probabilities_by_an_operation_or_by_name_are_seen_too() -> None:
    x = keras.Input((2,))
    logits = keras.ops.squeeze(keras.ops.sigmoid(layers.Dense(1)(x)), axis=-1)
    for said in (logits, {"logits": logits, "features": x}):
        with pytest.raises(UsageError, match="ends in sigmoid"):
            game(discriminator=keras.Model(x, said))


def test_what_only_hardly_fits_is_said(caplog) -> None:
    game(discriminator=network(2, layers.Dense(1, "sigmoid")), loss=Scores())
    assert "ends in sigmoid, in [0, 1], and Scores takes what it returns for logits" in caplog.text
    game(discriminator=network(2, layers.Dense(1, "tanh")))
    assert "ends in tanh, in [-1, 1], and Minimax" in caplog.text
    caplog.clear()
    game(discriminator=Written(2, layers.Dense(1, "sigmoid")))
    assert "lies in [0, 1], as far as 8 examples tell: are these probabilities?" in caplog.text
    caplog.clear()
    game(discriminator=Written(2, 1))
    game(discriminator=network(2, layers.Dense(1, "leaky_relu")))
    assert caplog.text == ""


@pytest.mark.parametrize(
    ("end", "examples", "said"),
    [
        ("tanh", (0.0, 1.0), "tanh, in [-1, 1], and the examples lie in [0, 1]: half .*sigmoid"),
        ("sigmoid", (-1.0, 1.0), "sigmoid, in [0, 1], .* in [-1, 1]: some cannot be made; tanh"),
        ("relu", (-1.0, 1.0), "relu, in [0, ∞), .* in [-1, 1]: some cannot be made; tanh"),
        ("sigmoid", (0.0, 255.0), "in [0, 255]: some cannot be made; linear fits"),
        ("tanh", (-1.0, 1.0), None),
        ("sigmoid", (0.0, 1.0), None),
        ("sigmoid", (0.0, 0.3), None),
        ("relu", (0.0, 1.0), None),
        ("linear", (0.0, 1.0), None),
        ("tanh", None, None),
    ],
)
@pytest.mark.parametrize("kind", [network, Written])
def test_a_generator_that_does_not_reach_the_examples(
    kind, end, examples, said, caplog, measured
) -> None:
    if kind is Written and end == "relu":
        return  # no few examples tell
    with measured.timed("network_does_not_fit"):
        warn_of_range(game(kind(3, layers.Dense(2, end))), examples)
    if said is None:
        assert caplog.text == ""
    else:
        pattern = said.replace("[", r"\[").replace("]", r"\]").replace(")", r"\)")
        assert __import__("re").search(pattern, caplog.text), caplog.text


@pytest.mark.parametrize("kind", [network, Written])
def test_shapes_that_do_not_fit(kind, measured) -> None:
    with (
        measured.timed("network_does_not_fit"),
        pytest.raises(UsageError, match=r"example.*\(5,\)|called with \(5,\)"),
    ):
        game(kind(3, 5), network(2, 1))
    with pytest.raises(UsageError, match=r"example.*\(5,\)|called with \(5,\)"):
        game(network(3, 5), kind(2, 1))
    with pytest.raises(UsageError, match=r"\(3,\)"):
        AdversarialGame(kind(4, 2), network(2, 1), prior=Uniform(3))


def test_data_of_another_shape() -> None:
    flat = Written(4, layers.Flatten(), 1)
    for discriminator in (network(4, 1), flat):
        made = game(network(3, 4), discriminator)
        made.compile("sgd", "sgd")
        with pytest.raises(PluginError, match=r"\(2, 2\)"):
            made.fit(np.zeros((8, 2, 2), "float32"), batch_size=4, verbose=0)


def test_whole_numbers_have_no_gradient() -> None:
    x = keras.Input((3,))
    rounded = keras.ops.cast(layers.Dense(2)(x), "int32")
    with pytest.raises(UsageError, match="the generator returns int32, which has no gradient"):
        game(keras.Model(x, rounded))
    said = keras.ops.argmax(layers.Dense(2)(y := keras.Input((2,))), axis=-1)
    with pytest.raises(UsageError, match="the discriminator returns int"):
        game(discriminator=keras.Model(y, said))


def test_networks_of_double_precision_play() -> None:
    generator = network(3, layers.Dense(2, dtype="float64"))
    discriminator = network(2, layers.Dense(1, dtype="float64"))
    made = game(generator, discriminator)
    made.compile("adam", "adam")
    history = made.fit(np.ones((8, 2), "float32"), batch_size=4, verbose=0).history
    assert np.isfinite([values[-1] for values in history.values()]).all()


def test_judges_that_treat_examples_alone_judge_both_sides_in_one_call() -> None:
    class Deviation(layers.Layer):
        def call(self, x):
            return x + tf.math.reduce_std(x)

    for kind in (network, Written):
        assert game(discriminator=kind(2, 4, layers.Dropout(0.5), 1)).joint == {"discriminator"}
        assert not game(discriminator=kind(2, 4, Deviation(), 1)).joint


def test_many_games_are_sampled_without_a_warning(caplog) -> None:
    """TensorFlow counts traces by the line of code, whichever game they are of."""
    tf.get_logger().addHandler(caplog.handler)
    for _ in range(6):
        assert len(game().generate(3)[0]) == 3
    assert "retracing" not in caplog.text


def test_a_player_that_is_frozen_is_refused(measured) -> None:
    discriminator = network(2, 4, 1)
    discriminator.trainable = False
    with (
        measured.timed("network_does_not_fit"),
        pytest.raises(
            UsageError, match=r"discriminator has no weights to train: all its \d+ weights"
        ) as one,
    ):
        game(discriminator=discriminator).compile("sgd", "sgd")
    assert "trainable = True" in one.value.hint
    generator = network(3, 2)
    for layer in generator.layers:
        layer.trainable = False
    with pytest.raises(UsageError, match=r"generator has no .* all its \d+ weights"):
        game(generator).compile("sgd", "sgd")
    with pytest.raises(UsageError, match="generator has no .*: its layers have none"):
        game(network(3, layers.Activation("tanh")), network(3, 1)).compile("sgd", "sgd")


def test_what_is_frozen_after_compile_is_refused_at_the_first_round() -> None:
    made = game(discriminator=network(2, 4, 1))
    made.compile("sgd", "sgd")
    made.discriminator.layers[0].trainable = False
    x = np.ones((8, 2), "float32")
    with pytest.raises(UsageError, match="was changed in the discriminator after the game"):
        made.fit(x, batch_size=4, verbose=0)
    before = made.discriminator.layers[0].kernel.numpy()
    made.compile("sgd", "sgd")
    made.fit(x, batch_size=4, verbose=0)
    np.testing.assert_array_equal(made.discriminator.layers[0].kernel.numpy(), before)


@pytest.mark.parametrize(
    "part", ["generator", "discriminator", "loss", "penalties", "updates", "prior", "networks"]
)
def test_a_game_keeps_what_it_is_made_of(part) -> None:
    made = game()
    for _ in ("before", "after"):
        with pytest.raises(UsageError, match=f"a game keeps its {part}") as found:
            setattr(made, part, getattr(made, part))
        assert "AdversarialGame(…)" in found.value.hint
        made.compile("sgd", "sgd")


class OfClasses(Scores):
    """Reads two logits as those of real and generated."""

    def discriminator(self, real, fake):
        return tf.nn.softmax(real.logits)[:, 1] + tf.nn.softmax(fake.logits)[:, 0]

    def generator(self, real, fake):
        return tf.nn.softmax(fake.logits)[:, 1]


@pytest.mark.parametrize("kind", [network, Written])
@pytest.mark.parametrize("loss", [Minimax(), NonSaturating(), Scores()], ids=repr)
def test_two_logits_are_no_classes(kind, loss) -> None:
    with pytest.raises(UsageError, match="gives 2 logits for each example, and") as found:
        game(discriminator=kind(2, 2), loss=loss)
    assert "Dense(1)" in found.value.hint
    x = keras.Input((2,))
    named = keras.Model(x, {"logits": layers.Dense(2)(x), "features": x})
    with pytest.raises(UsageError, match="gives 2 logits"):
        game(discriminator=named, loss=loss)


@pytest.mark.parametrize("kind", [network, Written])
def test_logits_of_parts_and_of_classes(kind) -> None:
    """By hand: the mean of the parts' losses is that of D that judges each part apart."""
    ones = {"kernel_initializer": "ones", "use_bias": False}
    patches = kind(4, layers.Reshape((2, 2)), layers.Dense(1, **ones))
    made = game(network(3, layers.Dense(4)), patches)
    x = np.arange(8, dtype="float32").reshape(2, 4)
    made.compile("sgd", "sgd")
    found = made.evaluate(x, verbose=0, return_dict=True)
    logits = x.reshape(2, 2, 2).sum(axis=2)
    assert found["d_real"] == pytest.approx((1 / (1 + np.exp(-logits))).mean(), rel=1e-5)
    game(discriminator=kind(2, 2), loss=OfClasses())


@pytest.mark.parametrize("kind", [network, Written])
def test_shapes_of_every_joint(kind) -> None:
    """The prior's, what is given, what is taken; the generator is looked at first."""
    with pytest.raises(UsageError, match=r"the prior draws .* \(3,\), the network .* \(4,\)"):
        AdversarialGame(network(4, 2), kind(2, 1), prior=Uniform(3))
    with pytest.raises(
        UsageError, match=r"'discriminator' takes 'example' of the shape \(2,\); the generator has"
    ):
        game(kind(3, 5), network(2, 1))


def test_a_condition_that_nobody_is_told_is_warned_of(caplog) -> None:
    """One that a network takes is not."""
    x = np.random.default_rng(0).normal(size=(8, 2)).astype("float32")
    z, colour = keras.Input((3,), name="latent"), keras.Input((), name="colour", dtype="int64")
    both = layers.Concatenate()([z, layers.Embedding(3, 2)(colour)])
    told = keras.Model({"latent": z, "colour": colour}, layers.Dense(2)(both))
    for generator, said in ((None, 1), (told, 0)):
        caplog.clear()
        made = game(generator, conditions={"colour": Categorical(3)})
        made.compile("sgd", "sgd")
        made.fit(x, batch_size=4, verbose=0)
        warned = [each for each in caplog.messages if "'colour' draws what nobody is told" in each]
        assert len(warned) == said
