"""Which rounds XLA compiles."""

import json

import pytest

import advnets
from advnets.engine.flops import Cost
from advnets.engine.jit import CROSSOVER, WORTHWHILE, decide

SMALL, LARGE = Cost(100 * (CROSSOVER - 1), 0, 100), Cost(100 * CROSSOVER, 0, 100)


@pytest.mark.parametrize(
    ("setting", "cost", "device", "start"),
    [
        ("on", LARGE, "CPU", 0),
        ("off", SMALL, "CPU", None),
        ("auto", SMALL, "CPU", WORTHWHILE),
        ("auto", LARGE, "CPU", None),
        ("auto", Cost(0, 1, 100), "CPU", None),
        ("auto", None, "CPU", None),
        ("auto", SMALL, "GPU", None),
    ],
)
def test_decisions(setting, cost, device, start):
    assert decide(setting, cost, device).start == start


def test_a_run_keeps_its_decision(small, tmp_path):
    """However the rule may change in between: the run's bits depend on it."""
    run = advnets.run(small(training={"steps": 2, "batch_size": 50}), run_dir=tmp_path)
    assert run.manifest["jit"]["setting"] == "auto"
    assert run.manifest["jit"]["start"] == WORTHWHILE
    file = tmp_path / "manifest.json"
    manifest = json.loads(file.read_text())
    manifest["jit"]["start"] = 123_456
    file.write_text(json.dumps(manifest))
    run = advnets.run(small(training={"steps": 4, "batch_size": 50}), run_dir=tmp_path)
    assert run.manifest["jit"]["start"] == 123_456
    off = {"training": {"steps": 6, "batch_size": 50}, "distribution": {"jit": "off"}}
    assert advnets.run(small(**off), run_dir=tmp_path).manifest["jit"]["start"] is None


def test_resumed_under_xla_equals_uninterrupted(small, tmp_path):
    def play(steps, folder):
        entries = {
            "training": {"steps": steps, "batch_size": 50},
            "distribution": {"jit": "on"},
            "monitoring": {"tensorboard": False, "image_every": 0},
        }
        return advnets.run(small(**entries), run_dir=tmp_path / folder).manifest["state_sha256"]

    whole = play(6, "whole")
    play(2, "parts")
    assert play(6, "parts") == whole
