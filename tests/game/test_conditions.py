"""Games that are told more than z: who is told what, and how it is drawn."""

import re

import keras
import numpy as np
import pytest
import tensorflow as tf

from advnets.data import DataSpec, Field
from advnets.data.given import check_given, count_rows
from advnets.errors import DataError, PluginError, UsageError
from advnets.game import (
    AdversarialGame,
    Batch,
    Categorical,
    Condition,
    Frequencies,
    FromBatch,
    GameContext,
    Loss,
    NoLatent,
    Simultaneous,
    Uniform,
    UniformClasses,
)
from advnets.random import Draw

RATE = 0.1
LABEL = Field((), "int64", classes=10)
TOLD = {
    "latent": Field((2,), "float32"),
    "label": LABEL,
    "animal": Field((), "int64", classes=2, names=("cat", "bee")),
    "shade": Field((2,), "float32", low=0, high=255),
    "step": Field((), "int64"),
}


class Critic(Loss):
    """D minimises C(G(z)) − C(x), G minimises −C(G(z))."""

    def discriminator(self, real, fake):
        return fake.logits - real.logits

    def generator(self, real, fake):
        return -fake.logits


def weighted(**weights):
    """A network Σ w_name · input_name of scalars, told each by its name."""
    inputs = {name: keras.Input((1,), name=name) for name in weights}
    terms = []
    for name, weight in weights.items():
        layer = keras.layers.Dense(1, use_bias=False, name=f"of_{name}")
        terms.append(layer(inputs[name]))
        layer.set_weights([np.full((1, 1), weight, "float32")])
    return keras.Model(inputs, keras.layers.Add()(terms))


def weights(network):
    return [float(w.ravel()[0]) for w in network.get_weights()]


def conditional(**options):
    """G(z, y) = z + 2 y and C(x, y) = 3 x + 5 y."""
    options = {"prior": Uniform(1), "loss": Critic(), "updates": Simultaneous(), **options}
    game = AdversarialGame(
        weighted(latent=1.0, label=2.0), weighted(example=3.0, label=5.0), **options
    )
    game.compile(keras.optimizers.SGD(RATE), keras.optimizers.SGD(RATE))
    return game


def latents(game, stage, n):
    return game.prior.sample(game.draw(), f"latent/{stage}", n).numpy().ravel().astype("float64")


def test_by_hand_with_the_labels_of_the_batch():
    """Generated examples have the real ones' labels, and D is told the label of each side."""
    x, y = np.array([1.0, -2.0, 4.0, 0.5]), np.array([0.0, 1.0, 2.0, 5.0])
    game = conditional()
    assert game.fields == ("label",)
    made = latents(game, "both", 4) + 2 * y
    logged = game.fit(
        x[:, None].astype("float32"),
        y[:, None].astype("float32"),
        batch_size=4,
        shuffle=False,
        verbose=0,
    ).history
    assert logged["d_loss"][0] == pytest.approx(np.mean(3 * made - 3 * x), rel=1e-5)
    assert logged["g_loss"][0] == pytest.approx(-np.mean(3 * made + 5 * y), rel=1e-5)
    # ∂(C(G(z)) − C(x)): the labels are the same on both sides, and their weight stays
    expected = [3 - RATE * np.mean(made - x), 5.0]
    np.testing.assert_allclose(weights(game.discriminator), expected, rtol=1e-5)
    z = made - 2 * y
    expected = [1 + RATE * 3 * np.mean(z), 2 + RATE * 3 * np.mean(y)]
    np.testing.assert_allclose(weights(game.generator), expected, rtol=1e-5)


class Sevens(Condition):
    """7 for every generated example."""

    field = Field((1,), "float32")

    def sample(self, draw, stream, examples, batch=None):
        return tf.fill([examples, 1], 7.0)


def test_by_hand_with_a_condition_each_side_has_a_label_of_its_own():
    x, y = np.array([1.0, -2.0, 4.0, 0.5]), np.array([0.0, 1.0, 2.0, 5.0])
    game = conditional(conditions={"label": Sevens()})
    made = latents(game, "both", 4) + 2 * 7
    data = {"example": x[:, None].astype("float32"), "label": y[:, None].astype("float32")}
    play = game.play(Batch(data["example"], {"label": data["label"]}), "both")
    np.testing.assert_allclose(play.real.logits, 3 * x + 5 * y, rtol=1e-5)
    np.testing.assert_allclose(play.fake.logits, 3 * made + 5 * 7, rtol=1e-5)
    assert (play.fake.fields["label"].numpy() == 7).all()


def test_a_discriminator_that_is_told_what_generated_examples_lack():
    generator = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    game = AdversarialGame(generator, weighted(example=1.0, label=1.0))
    game.compile("sgd", "sgd")
    with pytest.raises(
        PluginError, match="'discriminator' takes 'label', which the fake side lacks"
    ):
        game.train_step((tf.zeros([4, 1]), tf.zeros([4, 1])))


def test_a_generator_that_is_told_what_nobody_draws():
    game = AdversarialGame(
        weighted(latent=1.0, code=1.0),
        keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)]),
    )
    game.compile("sgd", "sgd")
    for look in (game.train_step, game.evaluate):
        with pytest.raises(PluginError, match="nobody draws 'code', and it comes") as caught:
            look(tf.zeros([4, 1]))
        assert "hand it over with the examples, (x, labels) or" in caught.value.hint


@pytest.mark.parametrize("made", [UniformClasses(4), Categorical(4)])
def test_every_class_alike(made):
    drawn = made.sample(Draw(1, 0), "label", 8000).numpy()
    assert drawn.dtype == np.int64
    counts = np.bincount(drawn, minlength=4)
    assert len(counts) == 4
    np.testing.assert_allclose(counts, 2000, atol=4 * np.sqrt(8000 * 3 / 16))
    np.testing.assert_array_equal(drawn[:10], made.sample(Draw(1, 0), "label", 10))
    assert (drawn != made.sample(Draw(1, 0), "other", 8000).numpy()).any()


def test_classes_by_their_frequencies():
    drawn = Frequencies([1.0, 0.0, 3.0, 0.0]).sample(Draw(1, 0), "label", 8000).numpy()
    counts = np.bincount(drawn, minlength=4)
    assert len(counts) == 4
    assert counts[1] == counts[3] == 0
    assert counts[0] == pytest.approx(2000, abs=4 * np.sqrt(8000 * 3 / 16))


@pytest.mark.parametrize("odds", [[], [0.0, 0.0], [1.0, -1.0], [1.0, np.nan], [[1.0]]])
def test_frequencies_that_are_none(odds):
    with pytest.raises(UsageError, match="numbers ≥ 0"):
        Frequencies(odds)


def test_in_a_recipe_they_know_the_data():
    spec = DataSpec(
        (2,), "float32", 0, 1, "vector", {"label": LABEL, "weight": Field((), "float32")}
    )
    context = GameContext(spec, name="label", frequencies=lambda name: np.arange(10.0))
    assert UniformClasses(context=context).field.classes == 10
    assert not (Frequencies(context=context).sample(Draw(1, 0), "s", 500).numpy() == 0).any()
    assert FromBatch(context=context).fields == ("label",)
    with pytest.raises(DataError, match="'weight' has no classes"):
        UniformClasses(context=GameContext(spec, name="weight"))


def test_what_comes_with_the_batch():
    label = tf.constant([3, 1])
    condition = FromBatch("label", LABEL)
    batch = Batch(tf.zeros([2, 1]), {"label": label})
    assert condition.sample(Draw(1, 0), "s", 2, batch) is label
    with pytest.raises(UsageError, match="there are none here"):
        condition.sample(Draw(1, 0), "s", 2)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"colour": 1}, "'colour' is given, but samples of this game are made of latent, label"),
        ({"label": 10}, "label is 10 for a sample; its classes are 0 to 9"),
        ({"label": 1.5}, "label is 1.5 for a sample"),
        ({"labels": 1}, "did you mean 'label'"),
        ({"label": [1, 2]}, "label is given for 2 samples, but 3 are asked for"),
        ({"label": [[0, 1], [1, 0]]}, r"label is given in the shape \(2, 2\); expected \(\)"),
        ({"label": "three"}, "label is given as 'three'; a class, 0 to 9, was expected"),
        ({"label": True}, "label is given as True; a class"),
        ({"step": 1.5}, "step is given as 1.5; whole numbers were expected"),
        ({"label": None}, "label is given as None; a class"),
        ({"label": {"a": 1}}, "a class, 0 to 9, was expected"),
        ({"animal": "dog"}, "which none of its 2 classes is called; hint: they are cat, bee"),
        ({"animal": "cats"}, "did you mean 'cat'"),
        ({"animal": 2}, "its classes are 0 to 1; hint: by name: cat, bee"),
        ({"shade": [0.0, 300.0]}, "shade is given from 0 to 300; its range is 0 to 255"),
        ({"shade": "light"}, "shade is given as 'light'; numbers were expected"),
        ({"latent": [0.0, 1.0, 2.0]}, r"latent is given in the shape \(3,\)"),
        ({"latent": [np.nan, 0.0]}, "NaN or infinity"),
    ],
)
def test_what_cannot_be_given(given, message):
    with pytest.raises(UsageError) as refused:
        check_given(given, TOLD, 3)
    assert re.search(message, f"{refused.value.message}; hint: {refused.value.hint}")


def test_one_value_for_all_or_one_for_each():
    told = {"latent": [1.0, 2.0], "label": [1, 2, 3]}
    found = check_given(told, TOLD, 3)
    assert found["latent"].tolist() == [[1, 2]] * 3
    assert found["label"].tolist() == [1, 2, 3]
    assert found["label"].dtype == np.int64
    assert check_given({"animal": ["bee", "cat"]}, TOLD, 2)["animal"].tolist() == [1, 0]
    assert check_given({"animal": "bee"}, TOLD, 2)["animal"].tolist() == [1, 1]
    assert count_rows(told, TOLD) == 3
    assert count_rows({"label": 3}, TOLD) is None
    with pytest.raises(UsageError, match="unequal numbers of samples: label for 2, animal for 1"):
        count_rows({"label": [1, 2], "animal": ["cat"]}, TOLD)


def by_class(drawn=True):
    """G(z, y) = z + 2 y of a class y, and a discriminator that is not told."""
    latent, label = keras.Input((1,), name="latent"), keras.Input((), name="label", dtype="int64")
    embedding = keras.layers.Embedding(10, 1)
    made = keras.layers.Add()([latent, embedding(label)])
    embedding.set_weights([2 * np.arange(10, dtype="float32")[:, None]])
    generator = keras.Model({"latent": latent, "label": label}, made)
    discriminator = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    conditions = {"label": UniformClasses(10)} if drawn else {}
    return AdversarialGame(generator, discriminator, conditions=conditions)


def test_samples_of_given_classes():
    game = by_class()
    samples, told = game.generate(5, given={"label": 3})
    assert told["label"].tolist() == [3] * 5
    np.testing.assert_allclose(samples, told["latent"] + 6, rtol=1e-6)
    samples, each = game.generate(5, given={"label": [0, 1, 2, 3, 4]})
    np.testing.assert_array_equal(each["latent"], told["latent"])
    np.testing.assert_allclose(samples, told["latent"] + 2 * np.arange(5)[:, None], rtol=1e-6)
    samples, drawn = game.generate(200)
    assert set(drawn["label"]) == set(range(10))
    np.testing.assert_allclose(
        samples, drawn["latent"] + 2 * drawn["label"][:, None], rtol=1e-6, atol=1e-6
    )
    with pytest.raises(UsageError, match="classes are 0 to 9"):
        game.generate(5, given={"label": 12})


def test_what_comes_with_real_examples_has_to_be_given():
    with pytest.raises(UsageError, match="'label' comes with real examples"):
        conditional().generate(3)
    samples, told = conditional().generate(3, given={"label": [4.0]})
    np.testing.assert_allclose(samples, told["latent"] + 8, rtol=1e-6)


def test_a_generator_of_what_it_is_told_alone():
    """G(e) = 2 e: nothing is drawn, and its only input is what `given` says."""
    generator = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    generator.set_weights([np.full((1, 1), 2.0, "float32")])
    game = AdversarialGame(
        generator,
        weighted(example=3.0, edges=5.0),
        prior=NoLatent(),
        given={"generator": ["edges"]},
        loss=Critic(),
        updates=Simultaneous(),
    )
    game.compile(keras.optimizers.SGD(RATE), keras.optimizers.SGD(RATE))
    assert list(game.told) == ["edges"]
    x, e = np.array([[1.0], [-2.0]], "float32"), np.array([[4.0], [0.5]], "float32")
    logged = game.fit({"example": x, "edges": e}, batch_size=2, shuffle=False, verbose=0).history
    assert logged["d_loss"][0] == pytest.approx(np.mean(3 * 2 * e - 3 * x), rel=1e-5)
    weight = 2 + RATE * 3 * np.mean(e)
    samples, told = game.generate(2, given={"edges": [1.0]})
    np.testing.assert_allclose(samples, [[weight], [weight]], rtol=1e-5)
    assert told.keys() == {"edges"}
    with pytest.raises(UsageError, match="'edges' comes with real examples"):
        game.generate(2)
    with pytest.raises(UsageError, match="'latent' is given, but samples .* made of edges"):
        game.generate(2, given={"latent": [1.0]})
    with pytest.raises(UsageError, match="its inputs are called latent, label"):
        AdversarialGame(
            weighted(latent=1.0, label=1.0), weighted(example=1.0), given={"generator": ["edges"]}
        )


def test_latents_of_the_shape_of_the_input():
    layers = [keras.Input((2, 3)), keras.layers.Flatten(), keras.layers.Dense(1)]
    discriminator = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    game = AdversarialGame(keras.Sequential(layers), discriminator)
    assert game.prior.shape == (2, 3)
    assert game.generate(5)[1]["latent"].shape == (5, 2, 3)
    z = np.zeros((2, 3))
    assert np.ptp(game.generate(5, given={"latent": z})[0]) == 0
    with pytest.raises(UsageError, match=r"shape \(6,\), the network that takes them wants \(2, 3"):
        AdversarialGame(keras.Sequential(layers), discriminator, prior=Uniform(6))


def test_classes_that_are_no_whole_numbers_are_refused():
    game = by_class(drawn=False)
    game.compile("sgd", "sgd")
    with pytest.raises(DataError, match=r"of 'label' in batch 0 .* are no classes, \d\.7 for one"):
        game.fit(np.ones([8, 1], "float32"), np.arange(8) + 0.7, batch_size=4, verbose=0)
    with pytest.raises(PluginError, match="takes 'label' in whole numbers, int64, and is given fl"):
        game.fit(np.ones([8, 1], "float32"), np.arange(8.0), batch_size=4, verbose=0)


def test_what_nothing_holds_the_generator_to_is_said_once(caplog):
    game = by_class()
    game.compile("sgd", "sgd")
    game.fit(np.ones([8, 1], "float32"), batch_size=4, epochs=2, verbose=0)
    assert caplog.text.count("is told label, and neither the discriminator nor the loss") == 1
