"""What components and callbacks remember survives an interruption, or is refused before it."""

import shutil

import keras
import pytest
from measured import cost

import advnets
from advnets.errors import PluginError
from advnets.observe.callbacks import KerasMoments

pytestmark = pytest.mark.usefixtures("without_reports")

PLUGIN = """
import keras
import tensorflow as tf
from advnets import Component, hookimpl
from advnets.game import R1, state

hidden = state(0.1)

class Growing(R1):
    def __init__(self):
        super().__init__(0.1)
        self.weight = state(1.0)
    def __call__(self, play):
        self.weight.assign(self.weight * 1.01)
        return self.weight * super().__call__(play)

class Hidden(R1):
    def __call__(self, play):
        hidden.assign(hidden * 1.01)
        return hidden * super().__call__(play)

class Late(R1):
    def __init__(self):
        super().__init__(0.1)
        self.layer = keras.layers.Dense(1, name="late")
    def __call__(self, play):
        return self.layer(super().__call__(play)[:, None])[:, 0]

class Counting(keras.callbacks.Callback):
    def __init__(self):
        super().__init__()
        self.count = tf.Variable(0)

class Reaching(keras.callbacks.Callback):
    '''Ends a run after its second epoch, if one has been counted.'''
    changes_game = True
    def __init__(self):
        super().__init__()
        self.epochs = 0
    def on_epoch_end(self, epoch, logs=None):
        self.epochs += 1
        self.model.stop_training = self.epochs == 2

def restoring():
    return keras.callbacks.EarlyStopping("d_loss", restore_best_weights=True)

@hookimpl
def advnets_penalties():
    names = ("Growing", "Hidden", "Late")
    return [Component(name.lower(), f"{__name__}:{name}") for name in names]

@hookimpl
def advnets_callbacks():
    names = ("Counting", "Reaching", "restoring")
    return [
        Component(name.lower(), f"{__name__}:{name}", changes_game=name != "Counting")
        for name in names
    ]
"""


@pytest.fixture(scope="module")
def plugin(tmp_path_factory):
    path = tmp_path_factory.mktemp("plugin") / "test_state_plugin.py"
    path.write_text(PLUGIN)
    return str(path)


@pytest.fixture
def play(small, plugin, tmp_path):
    def run(folder, steps, **entries):
        return advnets.run(
            small(**entries),
            {"training.steps": steps, "monitoring.image_every": 0},
            run_dir=tmp_path / folder,
            plugins=[plugin],
        )

    return run


def test_a_penalty_whose_weight_grows_is_resumed(play, measured):
    whole = play("whole", 20, penalties=["growing"])
    play("parts", 13, penalties=["growing"])
    with measured.timed("state_of_a_component", True):
        parts = play("parts", 20, penalties=["growing"])
    assert parts.manifest["state_sha256"] == whole.manifest["state_sha256"]
    (weight,) = whole.game.components()["penalties.0"].weight.numpy()[None]
    assert weight == pytest.approx(1.01**20)


@pytest.mark.parametrize(
    ("penalty", "message"),
    [
        ("hidden", r"a round assigns the variable 'hidden' \(float32, shape \(\)\)"),
        ("late", "the variable penalties.0/0000/kernel is made in the first round"),
    ],
)
def test_what_would_be_lost_is_refused_before_the_first_round(
    play, tmp_path, penalty, message, measured
):
    with measured.timed("state_saved_nowhere"), pytest.raises(PluginError, match=message) as caught:
        play("run", 20, penalties=[penalty])
    assert "test_state_plugin" in str(caught.value) or penalty == "late"
    assert not list((tmp_path / "run" / "checkpoints").glob("step-*"))


@pytest.mark.parametrize(
    ("callback", "message"),
    [
        ("counting", "the callback Counting holds the variable 'count'"),
        ("restoring", r"EarlyStopping\(restore_best_weights=True\) keeps weights"),
    ],
)
def test_a_callback_that_a_checkpoint_cannot_bring_back_is_refused(
    play, callback, message, measured
):
    with measured.timed("callback_not_saved"), pytest.raises(PluginError, match=message):
        play(
            "run", 20, monitoring={"callbacks": [callback], "tensorboard": False, "figures": False}
        )


def test_a_callback_goes_on_counting_where_the_checkpoint_was(play, measured):
    """An epoch has 28 rounds, so the second ends at 56; the run is cut between the two."""
    entries = {
        "monitoring": {"callbacks": ["reaching"], "tensorboard": False, "figures": False},
        "checkpoints": {"every": 40, "keep": 9},
    }
    whole = play("whole", 90, **entries)
    assert whole.manifest["step"] == 56
    killed = play("killed", 90, **entries)
    begun = killed.manifest
    shutil.rmtree(killed.path / "checkpoints" / "step-00000056")
    killed.folder.manifest.update(status="running")
    again = play("killed", 90, **entries).manifest
    assert again["step"] == 56
    measured("state_of_a_callback", True, 56 - 40, cost(begun, again)[1])


def test_early_stopping_waits_as_long_after_a_pause():
    """Of the values 3, 2, 2, 2, 2 the second is the best: with patience 3 the fifth is the last."""
    values = [3.0, 2.0, 2.0, 2.0, 2.0]

    class Model:
        stop_training = False

    def epochs(first, last, kept):
        model = Model()
        stopping = keras.callbacks.EarlyStopping("d_loss", patience=3, mode="min")
        moments = KerasMoments([stopping], 1, kept)
        moments.begin(model, first)
        for epoch in range(first, last):
            moments.add({"d_loss": values[epoch]}, 1)
            moments.between_rounds(epoch + 1, False)
        return model.stop_training, moments.kept()

    stopped, kept = epochs(0, 3, None)
    assert not stopped
    assert kept["0 EarlyStopping"] == {"wait": 1, "best": 2.0, "best_epoch": 1}
    assert not epochs(3, 4, kept)[0]
    assert epochs(3, 5, kept)[0]
    assert not epochs(3, 5, None)[0]  # which is what happened


def test_going_back_resets_what_was_counted_since():
    stopping = keras.callbacks.ReduceLROnPlateau("d_loss", mode="min")
    moments = KerasMoments([stopping], 1)
    moments.begin(object(), 0)
    stopping.wait, stopping.best = 4, float("inf")
    kept = moments.kept()
    assert kept["0 ReduceLROnPlateau"] == {"wait": 4, "best": "inf"}
    moments.go_back(0, {})
    assert (stopping.wait, stopping.best) == (0, None)
    moments.go_back(0, kept)
    assert (stopping.wait, stopping.best) == (4, float("inf"))
