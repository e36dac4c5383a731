"""The machine's clock is set back while a run is played."""

from __future__ import annotations

import itertools
import time


def test_the_clock_jumps_back(play, undisturbed, monkeypatch, measured):
    play("training.steps=20")
    now, hours = time.time(), itertools.count(1)
    monkeypatch.setattr(time, "time", lambda: now - 3600 * next(hours))
    done = play()
    assert done.code == 0
    assert "resuming from step 20" in done.said
    assert done.manifest["state_sha256"] == undisturbed
    assert done.steps == list(range(1, 31))
    times = [record["time"] for record in done.folder.read_metrics()]
    assert min(times[20:]) < max(times[:20])  # it did jump
    assert min(done.manifest["time"].values()) >= 0
    assert 0 <= done.manifest["goodput"] <= 1
    newest = max(path.name for path in done.folder.checkpoints.iterdir())
    assert newest == "step-00000030"
    measured.booked("clock_jumps_back", True, done.manifest)
