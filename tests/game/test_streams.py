"""Streams of further examples: who reads them, how they come, what is said of wrong ones."""

import logging
from typing import ClassVar

import keras
import numpy as np
import pytest
import tensorflow as tf

from advnets.errors import AdvnetsError, DataError, PluginError, UsageError
from advnets.game import (
    AdversarialGame,
    Augmentation,
    Batch,
    Duel,
    Encounter,
    NoLatent,
    Penalty,
    Role,
    Side,
    Simultaneous,
    UpdateRule,
)
from advnets.game.streams import gather_streams

DRAW = np.random.default_rng(0)
X, Y = DRAW.normal(size=(12, 2)).astype("float32"), DRAW.normal(size=(12, 3)).astype("float32")
LABELS = np.arange(12) % 3


class Supervised(Penalty):
    """−log p(label | x) on the stream `labelled`."""

    once, player, requires = True, "discriminator", ("class_logits",)
    streams: ClassVar = {"labelled": ("label",)}

    def __call__(self, play):
        said = play.judge(play.batch.streams["labelled"].side())
        labels, logits = said.fields["label"], said.class_logits
        return tf.nn.sparse_softmax_cross_entropy_with_logits(labels, logits)


class Translation(Encounter):
    roles: ClassVar = {
        "generator": Role("other.example", "example"),
        "generator_b": Role("example", "other.example"),
        "discriminator_b": Role("other.example", "logits"),
    }
    streams = ("other",)

    def meet(self, scene):
        a, b = scene.batch.side(), scene.batch.streams["other"].side()
        to_a = Side(example=scene.call("generator", b))
        to_b = Side(example=scene.call("generator_b", a))
        return {"a": Duel(a, to_a), "b": Duel(b, to_b, judge="discriminator_b")}

    def sample(self, scene):
        return Side(example=scene.call("generator", scene.batch.streams["other"].side()))


def network(size_in, size_out, last=None, seed=1):
    start = keras.initializers.GlorotUniform(seed)
    layer = keras.layers.Dense(size_out, last, kernel_initializer=start)
    return keras.Sequential([keras.Input((size_in,)), layer])


def words(seed=5):
    x = keras.Input((2,))
    logits, classes = (
        keras.layers.Dense(n, kernel_initializer=keras.initializers.GlorotUniform(seed + n))(x)
        for n in (1, 3)
    )
    return keras.Model(x, {"logits": logits, "class_logits": classes})


def supervised(**options):
    game = AdversarialGame(network(3, 2), words(), penalties=[Supervised()], **options)
    game.compile("sgd", "sgd")
    return game


def translating(last=None, last_b=None, **options):
    game = AdversarialGame(
        network(3, 2, last),
        network(2, 1, seed=2),
        networks={
            "generator_b": network(2, 3, last_b, 3),
            "discriminator_b": network(3, 1, seed=4),
        },
        encounter=Translation(),
        prior=NoLatent(),
        **options,
    )
    game.compile("sgd", "sgd", run_eagerly=True)
    return game


@pytest.fixture(scope="module")
def classifier():
    return supervised()


@pytest.fixture(scope="module")
def translator():
    return translating()


def labelled(n=4, k=12):
    return {"example": X[:k], "labelled": (X[:n], LABELS[:n])}


# ---------------------------------------------------------------------------- who reads them


def test_a_game_reads_what_its_parts_declare(classifier, translator):
    assert classifier.streams == {"labelled": ("label",)}
    assert classifier.fields == ()  # that of the stream is none of the main data
    assert translator.streams == {"other": ()}

    class Rule(Simultaneous):
        streams: ClassVar = {"labelled": "index", "third": ()}

    roles = {"reader": Role({"x": "example", "label": "fourth.label"}, "logits")}
    assert gather_streams([Supervised(), Rule()], roles) == {
        "labelled": ("index", "label"),
        "third": (),
        "fourth": ("label",),
    }


@pytest.mark.parametrize(
    ("declared", "message"),
    [
        (3, r"Wrong.streams is 3; names were expected"),
        ({"labelled": 7}, r"Wrong.streams is \{'labelled': 7\}"),
        (("example",), "calls a stream 'example': that is taken"),
        (("two words",), "calls a stream 'two words': that is no name of one word"),
        (("generator",), "Wrong reads a stream 'generator', and a network of the game has this"),
        (("weight",), "Wrong reads a stream 'weight', and a field of the game has this name"),
    ],
)
def test_what_is_declared_wrongly(declared, message):
    class Wrong(Penalty):
        streams, fields = declared, ("weight",)

    with pytest.raises(PluginError, match=message):
        AdversarialGame(network(3, 2), network(2, 1), penalties=[Wrong()])


def test_two_roles_of_one_name():
    class Reading(Penalty):
        roles: ClassVar = {"generator_b": Role("latent", "example")}

    message = (
        "two roles of one name: Translation says that 'generator_b' takes example, gives example: "
        "other.example and moves with the generator, Reading that it takes latent, gives example"
    )
    with pytest.raises(PluginError, match=message):
        translating(penalties=[Reading()])


def test_several_things_of_one_name():
    with pytest.raises(PluginError, match=r"several of one name: example, other\.example"):
        Role(("example", "other.example"), "logits")


def test_networks_that_exchange_a_streams_examples_agree_on_their_shape():
    with pytest.raises(UsageError, match=r"'generator_b' gives 'other.example' of .* \(5,\)"):
        AdversarialGame(
            network(3, 2),
            network(2, 1),
            networks={"generator_b": network(2, 5), "discriminator_b": network(3, 1)},
            encounter=Translation(),
            prior=NoLatent(),
        )


# ------------------------------------------------------------------------------ what is played


def test_a_batch_is_split_with_its_streams():
    stream = Batch(tf.range(4), {"label": tf.range(4) * 10})
    first, second = Batch(tf.range(6), {}, {"labelled": stream}).split(2)
    assert second.examples.numpy().tolist() == [3, 4, 5]
    assert first.streams["labelled"].examples.numpy().tolist() == [0, 1]
    assert second.streams["labelled"].fields["label"].numpy().tolist() == [20, 30]
    with pytest.raises(PluginError, match="'other' is read, .* there are labelled"):
        first.streams["other"]


def test_a_term_is_the_mean_over_the_streams_own_examples(classifier):
    """Four of them beside twelve."""
    logits = classifier.discriminator(X[:4])["class_logits"].numpy()
    chances = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    expected = -np.log(chances[np.arange(4), LABELS[:4]]).mean()
    play = classifier.play(classifier.take(labelled()), "check")
    alone = AdversarialGame(classifier.generator, classifier.discriminator)
    plain = alone.objective("discriminator", alone.play(Batch(tf.constant(X)), "check"))
    found = classifier.objective("discriminator", play) - plain
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_a_stream_is_judged_once_in_a_play_and_augmented_as_all_examples():
    class Moved(Augmentation):
        def __call__(self, x, draw, stream):
            return x + 1.0

    game = supervised(augmentations=[Moved()])
    play = game.play(game.take(labelled()), "check")
    said = play.judge(play.batch.streams["labelled"].side())
    assert play.judge(play.batch.streams["labelled"].side()) is said
    expected = game.discriminator(X[:4] + 1.0)["class_logits"]
    np.testing.assert_allclose(said.class_logits, expected, rtol=1e-6)
    np.testing.assert_array_equal(said.example, X[:4])
    calm = game.play(play.batch, "check", training=False)
    found = calm.judge(calm.batch.streams["labelled"].side()).class_logits
    np.testing.assert_allclose(found, game.discriminator(X[:4])["class_logits"], rtol=1e-6)


def test_a_rule_may_read_a_stream():
    """Its round has a part of the stream for each of its batches."""
    seen = []

    class Watching(UpdateRule):
        batches, streams = 2, ("more",)

        def round(self, game, batches):
            seen.extend(batch.streams["more"].examples.shape for batch in batches)
            return Simultaneous().round(game, batches[:1])

    game = AdversarialGame(network(3, 2), network(2, 1), updates=Watching())
    game.compile("sgd", "sgd", run_eagerly=True)
    game.train_on_batch({"example": X, "more": X[:6]})
    assert seen == [(3, 2), (3, 2)]


# ---------------------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("data", "error", "message"),
    [
        (X, UsageError, "reads the stream 'labelled', and it is given none"),
        ({"example": X, "labeled": (X, LABELS)}, UsageError, "reads the stream 'labelled', and"),
        (
            {"example": X, "labelled": X},
            UsageError,
            "'label' of the stream 'labelled', which",
        ),
        (
            {"example": X, "labelled": (X, LABELS[:4])},
            UsageError,
            "'example' 12, 'example' of 'labelled' 12, 'label' of 'labelled' 4",
        ),
        (
            {"example": X, "labelled": (X * np.nan, LABELS)},
            DataError,
            "24 of the 24 values of 'example' in the stream 'labelled' of batch 0",
        ),
        (
            {"example": X, "labelled": (X[:, :1], LABELS)},
            PluginError,
            r"takes 'example' of the shape \(2,\), and is given \(1,\)",
        ),
        (
            {"example": X, "labelled": ((X > 0).astype("uint8"), LABELS)},
            UsageError,
            "the examples of the stream 'labelled' are of the type uint8 and lie in 0 to 1",
        ),
        (
            {"example": X, "labelled": ((100 * X).astype("int32"), LABELS)},
            UsageError,
            "the examples of the stream 'labelled' are of the type int32",
        ),
        (
            tf.data.Dataset.from_tensors({"example": X, "labelled": (X[0], LABELS[0])}),
            UsageError,
            r"gives one example of the stream 'labelled' at a time: x of the shape \(2,\)",
        ),
    ],
    ids=["none", "misspelt", "no_field", "uneven", "nan", "shape", "black", "whole", "single"],
)
def test_what_is_given_wrongly(classifier, data, error, message):
    before = [w.copy() for w in classifier.get_weights()]
    with pytest.raises(error, match=message) as caught:
        classifier.fit(data, verbose=0)
    assert isinstance(caught.value, AdvnetsError)
    for one, other in zip(before, classifier.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(("others", "eagerly"), [(3, True), (1, False)])
def test_a_duel_with_fewer_of_a_stream(others, eagerly):
    """One would be compared with each of the four."""
    game = translating()
    game.compile("sgd", "sgd", run_eagerly=eagerly)
    with pytest.raises(PluginError, match="the duel 'a' is of unequal sides"):
        game.train_on_batch({"example": X[:4], "other": Y[:others]})


def test_labels_of_a_stream_that_are_no_classes():
    """A judge that is told a label says how many there are, of a stream's as of the data's."""
    x, y = keras.Input((2,), name="example"), keras.Input((), name="label", dtype="int64")
    joined = keras.layers.Concatenate()([x, keras.layers.Embedding(3, 2)(y)])
    reader = keras.Model({"example": x, "label": y}, keras.layers.Dense(1)(joined))

    class Reading(Penalty):
        once, player = True, "discriminator"
        roles: ClassVar = {
            "reader": Role({"example": "more.example", "label": "more.label"}, "logits")
        }

        def __call__(self, play):
            return play.judge(play.batch.streams["more"].side(), by="reader").logits ** 2

    game = AdversarialGame(
        network(3, 2), network(2, 1), networks={"reader": reader}, penalties=[Reading()]
    )
    game.compile("sgd", "sgd")
    with pytest.raises(DataError, match="'label' in the stream 'more' of batch 0.* no classes, 3"):
        game.fit({"example": X, "more": (X, LABELS + 1)}, verbose=0)


def test_a_stream_that_nothing_reads_is_left_out(translator, caplog):
    with caplog.at_level(logging.WARNING, "advnets"):
        for _ in range(2):
            translator.fit({"example": X, "other": Y, "spare": (X, LABELS)}, verbose=0)
    [said] = [record.message for record in caplog.records if "spare" in record.message]
    assert said.startswith("the stream 'spare' is left out: no encounter, penalty, rule or network")


# --------------------------------------------------------------------------------- its range


def test_pictures_of_a_stream_are_brought_to_the_range_of_what_makes_such():
    bytes_ = np.array([[0, 51, 255]], "uint8")
    game = translating("tanh", "sigmoid")
    found = game.take({"example": bytes_[:, :2], "other": bytes_})
    np.testing.assert_allclose(found.examples, [[-1.0, -0.6]], rtol=1e-6)
    np.testing.assert_allclose(found.streams["other"].examples, [[0.0, 0.2, 1.0]], rtol=1e-6)
    expected = game.generator(np.array([[0.0, 0.2, 1.0]], "float32"))
    np.testing.assert_allclose(game.predict(bytes_, verbose=0), expected, rtol=1e-6)
    made, told = game.generate(1, given={"other.example": bytes_})
    np.testing.assert_allclose(made, expected, rtol=1e-6)
    np.testing.assert_allclose(told["other.example"], [[0.0, 0.2, 1.0]], rtol=1e-6)


def test_a_generator_that_does_not_reach_the_streams_examples_is_said(caplog):
    game = translating(None, "sigmoid")
    with caplog.at_level(logging.WARNING, "advnets"):
        game.fit({"example": X, "other": Y - 5}, verbose=0)
    assert [r.message[:40] for r in caplog.records] == ["the generator_b does not fit the data: i"]


# ----------------------------------------------------------------------------------- samples


def test_samples_are_made_of_a_streams_examples(translator):
    assert {name: field.shape for name, field in translator.told.items()} == {"other.example": (3,)}
    expected = translator.generator(Y)
    for given in (Y, {"other.example": Y}):
        np.testing.assert_allclose(translator.predict(given, verbose=0), expected, rtol=1e-5)
    with pytest.raises(UsageError, match="examples of the stream 'other', and there are none here"):
        translator.generate(2)


def test_samples_are_made_of_what_was_kept():
    game = translating()
    game.kept = Batch(tf.constant(X[:2]), {}, {"other": Batch(tf.constant(Y[:3]))})
    made, told = game.generate(4)
    np.testing.assert_array_equal(told["other.example"], Y[[0, 1, 2, 0]])
    np.testing.assert_allclose(made, game.generator(Y[[0, 1, 2, 0]]), rtol=1e-5)


def test_an_encounter_that_reads_a_stream_which_no_network_takes_is_told():
    class Reading(Encounter):
        streams = ("other",)

        def sample(self, scene):
            return Side(example=scene.batch.streams["other"].examples)

    game = AdversarialGame(network(3, 2), network(2, 1), encounter=Reading())
    with pytest.raises(PluginError, match="'other' is read, which comes with no batch here"):
        game.generate(2)
