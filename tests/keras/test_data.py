"""What `fit` of a game made by hand takes: every form gives the rounds that arrays give."""

import subprocess
import sys
import types
from pathlib import Path
from typing import ClassVar

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras_lines import refused, works

from advnets.errors import UsageError
from advnets.game import AdversarialGame, Alternating, NonSaturating, Penalty

LABELS = np.arange(10) % 3


@pytest.fixture
def eager(make_game):
    """A game that is played operation by operation: most is to see what it is given."""

    def make(**options):
        game = make_game(**options)
        game.compile("sgd", "sgd", run_eagerly=True)
        return game

    return make


def fit(game, data, *labels, **options):
    history = game.fit(data, *labels, verbose=0, shuffle=False, **options).history
    return [history["d_loss"][-1], history["g_loss"][-1], int(game.rounds.numpy())]


@pytest.fixture(scope="module")
def expected(make_game, points):
    """Both losses and the rounds of an epoch of 4, 4 and 2 examples."""
    game = make_game()
    game.compile("sgd", "sgd")
    return pytest.approx(fit(game, points, batch_size=4), rel=1e-5)


def dataset(*parts):
    return tf.data.Dataset.from_tensor_slices(parts[0] if len(parts) == 1 else parts)


class Batches(keras.utils.PyDataset):
    def __init__(self, make):
        super().__init__()
        self.make = make

    def __len__(self):
        return 3

    def __getitem__(self, index):
        return self.make(slice(4 * index, 4 * index + 4))


@works("data", "NumPy arrays", "With labels or without; the last batch may be smaller.")
def test_arrays(eager, points, expected):
    assert fit(eager(), points, batch_size=4) == expected
    assert fit(eager(), points.astype("float64"), LABELS, batch_size=4) == expected


@works(
    "data",
    "`tf.data`, batched",
    "Examples, `(x, y)`, or dictionaries as TFDS gives them: the examples are called `example` or "
    "`image`, or are what is no field.",
)
@pytest.mark.parametrize(
    "made",
    [
        lambda x: dataset(x),
        lambda x: dataset(x.astype("float64")),
        lambda x: dataset(x, LABELS),
        lambda x: dataset({"image": x, "label": LABELS}),
    ],
    ids=["x", "float64", "x_y", "tfds"],
)
def test_datasets(eager, points, expected, made):
    assert fit(eager(), made(points).batch(4)) == expected


@works("data", "`tf.data`, infinite", "With `steps_per_epoch`, as Keras asks.")
def test_infinite(eager, points):
    found = fit(eager(), dataset(points).repeat().batch(4), steps_per_epoch=3, epochs=2)
    assert found[-1] == 6


@works("data", "`PyDataset`", "Of examples, tuples or dictionaries.")
@pytest.mark.parametrize("kind", ["x", "x_y", "named"])
def test_pydataset(eager, points, expected, kind):
    made = {
        "x": lambda at: points[at],
        "x_y": lambda at: (points[at], LABELS[at]),
        "named": lambda at: {"image": points[at], "label": LABELS[at]},
    }[kind]
    assert fit(eager(), Batches(made)) == expected


@works("data", "Python generators", "Of examples, tuples or dictionaries.")
def test_generators(eager, points, expected):
    def batches(kind):
        for start in (0, 4, 8):
            x, y = points[start : start + 4], LABELS[start : start + 4]
            yield {"x": x, "x_y": (x, y), "named": {"image": x, "label": y}}[kind]

    for kind in ("x", "x_y", "named"):
        assert fit(eager(), batches(kind)) == expected


class Tensor(np.ndarray):
    """What Keras asks of a tensor of torch's."""

    def cpu(self):
        return np.asarray(self)


class DataLoader:
    """What Keras asks of a loader of torch's; a batch of several tensors is a list."""

    __module__, batch_size = "torch.utils.data", 4

    def __init__(self, *tensors):
        self.dataset, self._tensors = tensors[0], [each.view(Tensor) for each in tensors]

    def __len__(self):
        return 3

    def __iter__(self):
        yield from ([each[at : at + 4] for each in self._tensors] for at in (0, 4, 8))


@works(
    "data",
    "torch `DataLoader`",
    "Of a `TensorDataset`, whose batches are lists: examples, or examples and labels. Tested with "
    "what Keras asks of a loader, without torch.",
)
def test_torch(eager, points, expected, monkeypatch):
    torch = types.ModuleType("torch")
    torch.utils = types.SimpleNamespace(data=types.SimpleNamespace(DataLoader=DataLoader))
    monkeypatch.setitem(sys.modules, "torch", torch)
    for given in ([points], [points, LABELS]):
        assert fit(eager(), DataLoader(*given), epochs=1) == expected


@works(
    "data",
    "a last batch that k D steps don't divide",
    "Its parts differ by one example; of fewer than k examples each step has one.",
)
def test_uneven_tails(make_game, points):
    """k = 3 of batches of 6, 4: parts of 2, 2, 2 and 1, 1, 2; each loss is that of its own part."""
    game, apart = (make_game(updates=Alternating(3)) for _ in range(2))
    game.compile("sgd", "sgd")
    apart.compile("sgd", "sgd")
    found = fit(game, points, batch_size=6)
    logs = [apart.train_step(points[:6]), apart.train_step(points[6:])]
    assert found[0] == pytest.approx(
        np.average([float(each["d_loss"]) for each in logs], weights=[6, 4]), rel=1e-5
    )
    assert fit(game, points[:7], batch_size=6)[-1] == 4  # a tail of one


def pictures(last):
    """A game of pictures of 2 × 2."""
    start = keras.initializers.GlorotUniform(3)
    generator = keras.Sequential(
        [
            keras.Input((3,)),
            keras.layers.Dense(4, last, kernel_initializer=start),
            keras.layers.Reshape((2, 2)),
        ]
    )
    layers = [keras.layers.Flatten(), keras.layers.Dense(1, kernel_initializer=start)]
    judge = keras.Sequential([keras.Input((2, 2)), *layers])
    game = AdversarialGame(generator, judge, loss=NonSaturating())
    game.compile("sgd", "sgd", run_eagerly=True)
    return game


@works(
    "data",
    "whole-number images",
    "uint8, uint16 and bool are brought to the range of the generator's last activation, which is "
    "said once: [0, 1] for a sigmoid, [−1, 1] for tanh. G's own are never cut to whole numbers.",
)
@pytest.mark.parametrize(
    ("last", "scaled"), [("sigmoid", lambda x: x / 255), ("tanh", lambda x: x / 127.5 - 1)]
)
def test_whole_numbers(last, scaled, measured):
    images = np.random.default_rng(0).integers(0, 256, (8, 2, 2)).astype("uint8")
    games = [pictures(last) for _ in range(2)]
    with measured.timed("whole_numbers"):
        losses = [fit(games[0], images, batch_size=4), fit(games[1], scaled(images), batch_size=4)]
    assert losses[0] == pytest.approx(losses[1], rel=1e-5)
    for one, other in zip(games[0].weights, games[1].weights, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
    held_out = games[0].evaluate(images, verbose=0, return_dict=True)
    assert held_out == pytest.approx(
        games[1].evaluate(scaled(images), verbose=0, return_dict=True), rel=1e-5
    )


def test_whole_numbers_that_fill_little_of_their_range(caplog):
    images = np.random.default_rng(0).integers(0, 17, (8, 2, 2)).astype("uint8")
    for _ in range(2):  # each game says so
        caplog.clear()
        fit(pictures("sigmoid"), images, batch_size=8)
        (said,) = (record.getMessage() for record in caplog.records)
        assert "uint8: 0 to 255 are brought to 0 to 1" in said
        assert "lie in 0 to 16 only: networks see 0 to 0.0627" in said


@refused(
    "data",
    "whole numbers before a G without a range",
    "Nobody can say what 255 is to be; int64 has no white.",
    match="of the type uint8, and the generator gives floats",
)
def test_whole_numbers_without_a_range():
    fit(pictures(None), np.full((8, 2, 2), 200, "uint8"))


@refused(
    "data",
    "an array of uint8 in which nothing is above 1",
    "A mask; as a picture it would be all but black.",
    match="uint8 and lie in 0 to 1",
)
def test_masks():
    fit(pictures("sigmoid"), np.eye(2, dtype="uint8")[None].repeat(8, axis=0))


@refused(
    "data",
    "`tf.data`, not batched",
    "A round is of a batch.",
    match=r"one example at a time: x of the shape \(2,\)",
)
def test_unbatched(eager, points):
    fit(eager(), dataset(points))


@refused(
    "data",
    "`sample_weight`, `class_weight`",
    "Losses are means over examples alike; real and generated ones are as many.",
    match="came with weights",
)
def test_weights(eager, points):
    fit(eager(), points, LABELS, sample_weight=np.ones(10))


@refused("data", "lists, text, objects", "No batch of numbers.", match="holds no batch of numbers")
def test_lists(eager, points):
    with pytest.raises(Exception, match="an array of <U1, which holds no batch of numbers"):
        fit(eager(), np.array([["a", "b"]] * 8))
    fit(eager(), points.tolist())


class Near(Penalty):
    """(C(x) − label)² on the stream `labelled`, for D."""

    once = True
    streams: ClassVar = {"labelled": ("label",)}

    def __call__(self, play):
        said = play.judge(play.batch.streams["labelled"].side())
        return (said.logits - tf.cast(said.fields["label"], tf.float32)) ** 2


@works(
    "data",
    "streams of further examples: `tf.data.Dataset.zip({'example': data, 'labelled': others})`",
    "What a component reads by `streams` stands in an element by its name, in any form that "
    "examples have, `(x, y)` say, and in batches of its own size; arrays where there are as many "
    "of each. An epoch ends with the shortest: `others.repeat()`. The same in `evaluate` and in "
    "validation data.",
)
def test_streams(eager, points):
    more = (points[:4] + 1, LABELS[:4])
    zipped = tf.data.Dataset.zip(
        {"example": dataset(points).batch(5), "labelled": dataset(*more).batch(2)}
    )
    behind = tf.data.Dataset.zip((dataset(points).batch(5), {"labelled": dataset(*more).batch(2)}))

    def batches():
        for i in range(2):
            stream = {"example": more[0][2 * i :][:2], "label": more[1][2 * i :][:2]}
            yield {"example": points[5 * i :][:5], "labelled": stream}

    game = eager(penalties=[Near()])
    first = fit(game, zipped, validation_data=zipped)
    for data in (behind, batches()):
        assert fit(eager(penalties=[Near()]), data) == pytest.approx(first, rel=1e-6)
    x, y = points[:4], LABELS[:4]
    judged = game.evaluate({"example": x, "labelled": (x, y)}, verbose=0, return_dict=True)
    plain = eager()
    plain.set_weights(game.get_weights())
    without = plain.evaluate(x, verbose=0, return_dict=True)
    expected = np.mean((game.discriminator(x).numpy().ravel() - y) ** 2)
    assert judged["d_loss"] - without["d_loss"] == pytest.approx(expected, rel=1e-4)


@refused(
    "data",
    "a stream that the game reads and that is not given, or lacks a field",
    "By name, before the first round. One that nothing reads is left out, and said.",
    match="the game reads the stream 'labelled', and it is given none",
)
def test_no_stream(eager, points):
    game = eager(penalties=[Near()])
    without = {"example": points, "labelled": points}
    with pytest.raises(UsageError, match="the game reads 'label' of the stream 'labelled'"):
        fit(game, without)
    for judged in (points, without):
        with pytest.raises(UsageError, match="the game reads"):
            game.evaluate(judged, verbose=0)
    fit(game, points)


@works(
    "data",
    "last batches that replicas share unevenly",
    "Losses are the means over all examples, and no two replicas draw the same latent points: the "
    "weights are those of one device, to rounding.",
)
def test_uneven_replicas(preloaded):
    script = Path(__file__).with_name("uneven_replicas.py")
    done = subprocess.run([*preloaded, script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.split() == ["5", "1", "5", "same"]
