"""What plays or makes nothing is refused in a sentence, and not in Keras's words."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras_lines import refused

from advnets.errors import UsageError
from advnets.game import AdversarialGame


@pytest.fixture(scope="module")
def game(make_game):
    made = make_game()
    made.compile("sgd", "sgd", run_eagerly=True)
    return made


@pytest.fixture(scope="module")
def uncompiled(make_network):
    return AdversarialGame(make_network(3, 2), make_network(2, 1, 7))


@refused(
    "methods",
    "`fit`, `evaluate`, `train_on_batch`, `test_on_batch` before `compile`",
    "There are no optimizers. `predict` and `generate` need none.",
    match=r"\w+: the game is not compiled: it has no optimizers",
)
@pytest.mark.parametrize(
    "method", ["fit", "evaluate", "train_on_batch", "test_on_batch", "train_step"]
)
def test_before_compile(uncompiled, points, method):
    assert uncompiled.predict(np.ones([2, 3], "float32"), verbose=0).shape == (2, 2)
    getattr(uncompiled, method)(points)


@refused(
    "compile",
    '`compile("adam")`, one optimizer alone',
    "Each player has one of its own: `compile()` gives both `adam`.",
    match="has an optimizer of its own, and the (generator|discriminator) is given none",
)
@pytest.mark.parametrize("player", ["generator_optimizer", "discriminator_optimizer"])
def test_one_optimizer_alone(uncompiled, player):
    uncompiled.compile(**{player: keras.optimizers.Adam(1e-4)})


def test_a_refused_compile_changes_nothing(make_game, points):
    """What a game was compiled with before it plays on with."""
    game, apart = make_game(), make_game()
    used = keras.optimizers.Adam(0.1)
    make_game().compile(used, "sgd")
    with pytest.raises(UsageError, match="was built for other variables"):
        game.compile(used, "sgd")
    for each in (game, apart):
        each.fit(points, batch_size=5, shuffle=False, verbose=0)
    for one, other in zip(game.get_weights(), apart.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


NOTHING = {
    "no data": lambda x: None,
    "an array": lambda x: x[:0],
    "tf.data": lambda x: tf.data.Dataset.from_tensor_slices(x[:0]).batch(4),
    "a generator": lambda x: (one for one in ()),
}


@refused(
    "data",
    "nothing: an array of no rows, a `tf.data.Dataset` or a generator that gives no batch",
    "No round would be played; in `evaluate`, and as `validation_data`, nothing would be logged.",
    match="there are no examples",
)
@pytest.mark.parametrize("kind", NOTHING)
@pytest.mark.parametrize("way", ["fit", "evaluate"])
def test_nothing(game, points, way, kind):
    before = int(game.rounds.numpy())
    try:
        getattr(game, way)(NOTHING[kind](points), verbose=0)
    finally:
        assert int(game.rounds.numpy()) == before


def test_no_held_out_examples(game, points):
    before = int(game.rounds.numpy())
    with pytest.raises(UsageError, match=r"no examples in an array of the shape \(0, 2\)"):
        game.fit(points, validation_data=(points[:0],), verbose=0)
    for share in (1.5, -0.5):
        with pytest.raises(UsageError, match="validation_split=.*; a share of the examples"):
            game.fit(points, validation_split=share, verbose=0)
    assert int(game.rounds.numpy()) == before


def spoilt(points):
    held = np.tile(points, [110, 1])  # more than are looked at together
    held[1050, 1] = np.nan
    return held


class Held(keras.utils.PyDataset):
    def __init__(self, points):
        super().__init__()
        self.points = points

    def __len__(self):
        return 1

    def __getitem__(self, index):
        return (self.points,)


HELD_OUT = {
    "another width": lambda x: {"validation_data": np.ones([4, 3], "float32")},
    "of tf.data": lambda x: {
        "validation_data": tf.data.Dataset.from_tensor_slices(np.ones([4, 3], "f")).batch(2)
    },
    "of a PyDataset": lambda x: {"validation_data": Held(np.ones([4, 3], "float32"))},
    "of a generator": lambda x: {"validation_data": (x[:, :1] for _ in range(2))},
    "NaN in a later batch": lambda x: {"validation_data": (spoilt(x),)},
    "NaN at the end": lambda x: {"x": spoilt(x), "validation_split": 0.5},
    "fewer labels": lambda x: {"validation_data": (x, np.arange(9))},
    "text": lambda x: {"validation_data": (x, np.array(["a"] * 10))},
}


@refused(
    "data",
    "`validation_data`, or the share of `validation_split`, that would be refused as `x`",
    "Before the first round: arrays as a whole, of others the first batch.",
    match="of the shapes|are NaN|not as many|no batch of numbers",
)
@pytest.mark.parametrize("kind", HELD_OUT)
def test_held_out_examples_that_do_not_fit(game, points, kind):
    before = int(game.rounds.numpy())
    try:
        game.fit(**{"x": points, **HELD_OUT[kind](points)}, verbose=0)
    finally:
        assert int(game.rounds.numpy()) == before


def test_held_out_generators_keep_their_first_batch(make_game, points):
    """It is looked at before the first round."""
    found = []
    for held in (points, (points[at : at + 4] for at in (0, 4, 8))):
        made = make_game()
        made.compile("sgd", "sgd", run_eagerly=True)
        options = {"validation_data": held, "validation_batch_size": 4}
        found.append(made.fit(points, verbose=0, shuffle=False, **options).history["val_d_loss"])
    assert found[0] == pytest.approx(found[1])


def test_held_out_examples_of_another_range(make_game, points, caplog):
    game = make_game()
    game.compile("sgd", "sgd", run_eagerly=True)
    many = np.tile(points, [4, 1])
    game.fit(many, validation_data=255 * many, verbose=0, batch_size=40)
    game.evaluate(255 * many, verbose=0)  # which was said
    assert [each.getMessage()[:25] for each in caplog.records] == ["the held-out examples lie"]
    game.evaluate(many + 0.5, verbose=0)
    assert len(caplog.records) == 1
    game.evaluate(100 * many, verbose=0)
    assert len(caplog.records) == 2


OPTIONS = {
    "batch_size=0": ({"batch_size": 0}, "batch_size=0; a whole number, 1 at least"),
    "batch_size=-1": ({"batch_size": -1}, "batch_size=-1; a whole number, 1 at least"),
    "batch_size=4.0": ({"batch_size": 4.0}, r"batch_size=4\.0; a whole number, 1 at least"),
    "epochs=-1": ({"epochs": -1}, "epochs=-1; a whole number, 1 at least"),
    "initial_epoch": ({"epochs": 2, "initial_epoch": 2}, "no epoch would be played"),
    "steps_per_epoch": ({"steps_per_epoch": 0}, "steps_per_epoch=0; a whole number"),
    "validation_freq": ({"validation_freq": 0}, "validation_freq=0; a whole number"),
    "fewer labels": ({"y": np.arange(9)}, "not as many of each: the examples 10, the labels 9"),
    "text": ({"y": np.array(["cat"] * 10)}, "the labels are of the type <U3"),
    "a list": ({"y": [1] * 10}, "the labels are a list, which holds no batch of numbers"),
    "a class": ({"callbacks": [keras.callbacks.EarlyStopping]}, "EarlyStopping is no instance"),
    "a function": ({"callbacks": [print]}, "print is no instance of keras.callbacks.Callback"),
    "loss": (
        {"callbacks": keras.callbacks.ModelCheckpoint("c-{loss:.2f}.keras")},
        "names its file by 'loss', and a game has no one loss",
    ),
    "val_d_loss": (
        {"callbacks": keras.callbacks.ModelCheckpoint("c-{epoch}-{val_d_loss:.2f}.keras")},
        "names its file by 'val_d_loss', and there are no data to validate with",
    ),
}


@pytest.mark.parametrize("kind", OPTIONS)
def test_what_fit_cannot_play_with(game, points, kind):
    given, match = OPTIONS[kind]
    before = int(game.rounds.numpy())
    with pytest.raises(UsageError, match=match):
        game.fit(points, verbose=0, **given)
    assert int(game.rounds.numpy()) == before


def test_a_file_named_by_what_nobody_logs(game, points, tmp_path):
    """A callback may log more, so it is known after the first epoch."""
    keep = keras.callbacks.ModelCheckpoint(
        str(tmp_path / "{fid:.1f}.weights.h5"), save_weights_only=True
    )
    with pytest.raises(UsageError, match="names its file by 'fid', which nobody logs") as found:
        game.fit(points, callbacks=keep, verbose=0)
    assert "epoch, batch, d_accuracy_fake" in found.value.hint
    score = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, logs: logs.update(fid=2.5))
    game.fit(points, callbacks=[score, keep], verbose=0)
    assert [path.name for path in tmp_path.iterdir()] == ["2.5.weights.h5"]


def test_numbers_that_evaluate_cannot_judge_with(game, points):
    for given in ({"batch_size": 0}, {"steps": 0}, {"y": np.arange(9)}):
        with pytest.raises(UsageError, match="a whole number|not as many"):
            game.evaluate(points, verbose=0, **given)


@refused(
    "optimizers",
    "a learning rate of 0, below 0, or NaN",
    "Nothing would move, or away from what it is to find; a schedule is not asked.",
    match="the learning rate of the generator is .*; a number above 0",
)
@pytest.mark.parametrize("rate", [0.0, -1.0, float("nan"), float("inf")])
def test_rates_that_are_none(uncompiled, rate):
    uncompiled.compile(keras.optimizers.Adam(rate), "adam")


def test_a_rate_that_became_none(make_game, points):
    game = make_game()
    game.generator_optimizer.learning_rate = float("nan")
    with pytest.raises(UsageError, match="the learning rate of the generator is nan"):
        game.fit(points, verbose=0)


def test_labels_that_nobody_reads(make_game, points, caplog):
    game = make_game()
    game.compile("sgd", "sgd", run_eagerly=True)
    game.fit(points, verbose=0)
    assert not caplog.records
    for _ in range(2):
        game.fit(points, np.arange(10), verbose=0)
    (record,) = caplog.records
    assert "the labels are left out" in record.getMessage()


FILES = {
    "save": ("g.h5", r"save\('g.h5'\).* ends in .keras", "'g.keras'"),
    "save_weights": ("w.h5", r"'w.h5'\).* ends in .weights.h5", "'w.weights.h5'"),
    "load_weights": ("w.h5", r"'w.h5'\).* or .weights.json or .keras", "'w.weights.h5'"),
}


@pytest.mark.parametrize("method", FILES)
def test_names_of_files(game, method):
    name, match, hint = FILES[method]
    with pytest.raises(UsageError, match=match) as found:
        getattr(game, method)(name)
    assert hint in found.value.hint
    with pytest.raises(UsageError, match=r"there is no file 'nowhere.weights.h5'"):
        game.load_weights("nowhere.weights.h5")


def test_hints_for_a_script(game):
    """The game was made by hand: there is no recipe, and no command line."""
    with pytest.raises(UsageError, match="samples of this game are made of latent") as found:
        game.generate(2, given={"label": 3})
    assert found.value.hint.startswith("a generator whose inputs have names")
    with pytest.raises(UsageError, match="no averages") as found:
        game.generate(2, weights="averaged")
    assert found.value.hint.startswith("AdversarialGame(…, average=")


def test_weights_without_labels(game, points):
    """Keras leaves them out without a word."""
    for way in (game.fit, game.evaluate):
        with pytest.raises(UsageError, match="came with weights"):
            way(points, sample_weight=np.ones(10), verbose=0)


@pytest.mark.parametrize(
    ("given", "match"),
    [
        ({"examples": 2.5}, r"2\.5 samples are asked for; a whole number"),
        ({"examples": -1}, "-1 samples are asked for; 1 at least"),
        ({"examples": None}, "None samples are asked for; a whole number"),
        ({"examples": 2, "seed": "a"}, "seed='a'; a whole number was expected"),
        ({"examples": 2, "seed": None}, "seed=None; a whole number was expected"),
        ({"examples": 2, "chunk": 0}, "chunk=0; a whole number, 1 at least"),
        ({"examples": 2, "first": 5}, "first=5; a whole number, 0 to 1"),
        ({"examples": 2, "weights": "best"}, "weights='best'; there are 'auto', 'averaged'"),
    ],
    ids=str,
)
def test_numbers_of_samples_that_are_none(game, given, match):
    with pytest.raises(UsageError, match=match):
        game.generate(**given)


@refused(
    "methods",
    "`predict` of no latent points: nothing, lists, numbers, text, an array of no rows",
    "Samples are made of arrays; `game.generate(n)` draws them itself.",
    match=r"made of (arrays of latent points|'latent' of the shape)",
)
@pytest.mark.parametrize(
    "given",
    [None, [1.0, 2.0, 3.0], 3, "abc", np.ones([0, 3]), np.ones(3), np.ones([2, 5])],
    ids=["nothing", "a list", "a number", "text", "no rows", "one", "another shape"],
)
def test_predict_of_no_latent_points(game, given):
    game.predict(given, verbose=0)
