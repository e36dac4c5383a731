"""Which rounds XLA compiles."""

import json

import pytest

import advnets
from advnets.errors import UsageError
from advnets.train.flops import Cost
from advnets.train.jit import CROSSOVER, FIRST_ROUND, Jit, decide, settle

pytestmark = pytest.mark.usefixtures("without_reports")

SMALL, LARGE = Cost(100 * (CROSSOVER - 1), 0, 100), Cost(100 * CROSSOVER, 0, 100)


@pytest.mark.parametrize(
    ("setting", "cost", "device", "start"),
    [
        ("on", LARGE, "CPU", 0),
        ("off", SMALL, "CPU", None),
        ("auto", SMALL, "CPU", FIRST_ROUND),
        ("auto", LARGE, "CPU", None),
        ("auto", Cost(0, 1, 100), "CPU", None),
        ("auto", SMALL, "GPU", None),
    ],
)
def test_decisions(setting, cost, device, start):
    assert decide(setting, lambda: cost, device).start == start


@pytest.mark.parametrize("setting", ["on", "off", "auto"])
def test_several_replicas_play_without(setting):
    """A recipe tuned on one device has to run on several, without a changed line."""
    assert decide(setting, lambda: SMALL, "CPU", replicas=2).start is None


def test_what_cannot_be_counted_is_not_compiled():
    def cost():
        raise ValueError("MatMul has an unknown shape")

    assert decide("auto", cost, "CPU") == Jit(None, "auto: MatMul has an unknown shape")
    assert decide("on", cost, "CPU").start == 0


def test_settled_decisions():
    def settled(kept, setting="auto", device="CPU", replicas=1):
        return settle(setting, lambda: SMALL, device, replicas, kept)

    first, kept = settled(None)
    assert first.start == FIRST_ROUND
    assert settled({**kept, "start": 7}) == (Jit(7, first.why), {**kept, "start": 7})
    decision, unchanged = settled(kept, replicas=2)
    assert decision.start is None
    assert unchanged == kept  # for when one device goes on
    assert settled(kept, device="GPU")[1]["device"] == "GPU"
    assert settled(kept, setting="off")[0].start is None
    assert settled({**kept, "setting": "on", "start": 0})[0].start == FIRST_ROUND


UNKNOWN_TO_XLA = """
from advnets import Component, hookimpl

@hookimpl
def advnets_penalties():
    return [Component("on_the_host", "on_the_host:make", "computed by NumPy")]

def make():
    import tensorflow as tf
    from advnets.game import Penalty

    class OnTheHost(Penalty):
        def __call__(self, play):
            logits = play.real.logits
            return tf.ensure_shape(tf.numpy_function(abs, [logits], tf.float32), logits.shape)

    return OnTheHost()
"""


def test_what_xla_does_not_know_is_played_without_it(small, tmp_path, monkeypatch):
    monkeypatch.setattr("advnets.train.jit.FIRST_ROUND", 3)
    (tmp_path / "on_the_host.py").write_text(UNKNOWN_TO_XLA)
    monkeypatch.setenv("ADVNETS_PLUGINS", str(tmp_path / "on_the_host.py"))
    entries = {"penalties": ["on_the_host"], "training": {"steps": 5, "batch_size": 50}}
    run = advnets.run(small(**entries), run_dir=tmp_path / "run")
    assert run.manifest["step"] == 5
    assert run.manifest["jit"]["start"] is None
    assert "cannot" not in run.manifest["jit"]["why"]  # XLA's own words
    with pytest.raises(UsageError, match="XLA cannot compile"):
        advnets.run(small(**entries, distribution={"jit": "on"}), run_dir=tmp_path / "on")


def test_a_run_keeps_its_decision(small, tmp_path):
    """However the rule may change in between: the run's bits depend on it."""
    run = advnets.run(small(training={"steps": 2, "batch_size": 50}), run_dir=tmp_path)
    assert run.manifest["jit"]["setting"] == "auto"
    assert run.manifest["jit"]["start"] == FIRST_ROUND
    file = tmp_path / "manifest.json"
    manifest = json.loads(file.read_text())
    manifest["jit"]["start"] = 123_456
    file.write_text(json.dumps(manifest))
    run = advnets.run(small(training={"steps": 4, "batch_size": 50}), run_dir=tmp_path)
    assert run.manifest["jit"]["start"] == 123_456
    off = {"training": {"steps": 6, "batch_size": 50}, "distribution": {"jit": "off"}}
    assert advnets.run(small(**off), run_dir=tmp_path).manifest["jit"]["start"] is None


@pytest.mark.slow  # the tests of faults cross from rounds without XLA to rounds with it
def test_resumed_under_xla_equals_uninterrupted(small, tmp_path):
    sgd = {"name": "sgd", "learning_rate": 0.1}

    def play(steps, folder):
        entries = {  # little to compile
            "discriminator": {"name": "mlp", "layers": [8]},
            "optimizers": {"generator": sgd, "discriminator": sgd},
            "training": {"steps": steps, "batch_size": 50},
            "distribution": {"jit": "on"},
            "monitoring": {"tensorboard": False, "figures": False, "image_every": 0},
        }
        return advnets.run(small(**entries), run_dir=tmp_path / folder).manifest["state_sha256"]

    whole = play(6, "whole")
    play(2, "parts")
    assert play(6, "parts") == whole
