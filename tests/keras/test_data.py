"""What `fit` of a game made by hand takes: every form gives the rounds that arrays give."""

import subprocess
import sys
import types
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras_lines import refused, works

from advnets.game import AdversarialGame, Alternating, NonSaturating

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
    assert done.stdout.split() == ["5", "1", "same"]
