"""A first signal is heeded when what is under way is done, a second one at once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time

import pytest
from games import game
from measured import cost

import advnets
from advnets.distribute.launcher import worker_command
from advnets.verify.same_run import differences

SLOW_METRIC = """
import os, time
from pathlib import Path
from advnets import Component, hookimpl
from advnets.evaluate import Score

def slow(context):
    place = os.environ.get("TEST_WAITS_IN")
    if place:
        Path(place, "evaluating").touch()
        while not Path(place, "go on").exists():
            time.sleep(0.01)
    return Score("slow", float(context.generated(10).mean()), None, context.protocol())

@hookimpl
def advnets_metrics():
    return [Component("slow", __name__ + ":slow")]
"""


CHANGED = {
    "evaluation": {"every": 150, "metrics": ["slow"]},
    "checkpoints": {"every": 100},
    "training": {"steps": 300, "batch_size": 128},
}


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """The recipe, the plugin, and the run that nobody disturbed."""
    place = tmp_path_factory.mktemp("signals")
    plugin = place / "slow_metric_plugin.py"
    plugin.write_text(SLOW_METRIC)
    recipe = place / "gaussian_1d.yaml"
    recipe.write_text(json.dumps({**game("gaussian_1d"), **CHANGED}))
    return recipe, plugin, advnets.run(recipe, run_dir=place / "run", plugins=[str(plugin)])


@pytest.mark.parametrize(
    "name",
    [
        "SIGUSR1",
        *(pytest.param(f"SIG{n}", marks=pytest.mark.slow) for n in ("HUP", "USR2", "XCPU")),
    ],
)
def test_those_of_terminals_and_schedulers(
    name, play, undisturbed, monkeypatch, hears_sighup, measured
):
    number = int(getattr(signal, name))
    fault = f"[{{name: faulty, where: on_train_batch_end, how: signal, keep: {number}}}]"
    stopped = play(f"monitoring.callbacks={fault}")
    assert stopped.code == 75
    assert stopped.said.count("stopped by") == 1
    assert f"stopped by {name}" in stopped.said
    assert "interrupted at step" not in stopped.said  # the error says it
    assert stopped.manifest["status"] == "interrupted"
    kept = stopped.manifest["step"]
    assert 12 <= kept < 30
    monkeypatch.setenv("MENDED", "1")
    again = play(f"monitoring.callbacks={fault}")
    assert f"resuming from step {kept}" in again.said
    assert again.manifest["state_sha256"] == undisturbed
    measured("other_signals", True, *cost(stopped.manifest, again.manifest))


def test_a_terminal_that_is_gone_under_nohup(play, undisturbed, measured):
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        fault = f"{{name: faulty, where: on_train_batch_end, how: signal, keep: {signal.SIGHUP:d}}}"
        done = play(f"monitoring.callbacks=[{fault}]")
    finally:
        signal.signal(signal.SIGHUP, before)
    assert done.code == 0
    assert done.manifest["state_sha256"] == undisturbed
    measured.booked("nohup", True, done.manifest)


@pytest.mark.parametrize("signals", [1, 2])
def test_while_a_metric_is_computed(signals, played, tmp_path, measured):
    recipe, plugin, whole = played
    folder = tmp_path / "run"
    words = ["run", "--plugin", str(plugin), "--run-dir", str(folder), "--", str(recipe)]
    process = subprocess.Popen(
        worker_command(words),
        env={**os.environ, "TEST_WAITS_IN": str(tmp_path)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        deadline = time.monotonic() + 300
        while not (tmp_path / "evaluating").exists() and time.monotonic() < deadline:
            assert process.poll() is None, process.communicate()[0]
            time.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        time.sleep(0.5)
        assert process.poll() is None  # it waits for what is under way
        told = time.perf_counter()
        if signals == 2:
            process.send_signal(signal.SIGTERM)
        else:
            (tmp_path / "go on").touch()
        output, _ = process.communicate(timeout=60)
        heeded = time.perf_counter() - told
    finally:
        process.kill()
    manifest = json.loads((folder / "manifest.json").read_text())
    kept = sorted(path.name for path in (folder / "checkpoints").glob("step-*"))
    if signals == 2:
        assert process.returncode == -signal.SIGTERM
        assert kept == ["step-00000100"]
    else:
        assert process.returncode == 75, output
        assert "Traceback" not in output
        assert manifest["status"] == "interrupted"
        assert [score["protocol"]["step"] for score in manifest["scores"]] == [150]
        assert kept == ["step-00000100", "step-00000150"]
    resumed = advnets.run(recipe, run_dir=folder, plugins=[str(plugin)])
    assert differences(whole.path, resumed.path) == []
    lost = resumed.manifest["sessions"]
    assert lost["cut_off"] == (signals == 2)
    # Signs of life are a quarter of a second apart: the last may be of an earlier round.
    assert lost["steps_lost"] <= (50 if signals == 2 else 0)
    if signals == 2:
        # The metric is of round 150, which its sign of life may not tell.
        seconds = cost(manifest, resumed.manifest)[1]
        measured("second_signal", True, 150 - 100, seconds)
    else:
        measured("signal_in_a_metric", True, lost["steps_lost"], heeded)
