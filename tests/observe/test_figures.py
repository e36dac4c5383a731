"""What is drawn at the end of a run."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from advnets.monitor.snapshot import Snapshot, open_log
from advnets.observe import figures


def test_the_snapshots_are_read_once(watch, folder, monkeypatch):
    ones = np.ones(2)
    folder.samples.mkdir()
    log = open_log(folder.samples)
    for step in range(5):
        log.append(Snapshot(step, 0.0, 4.0, ones, ones, ones / 2, ones, ones).record())
    read = []
    whole = figures.read_snapshots
    monkeypatch.setattr(figures, "read_snapshots", lambda at: read.append(at) or whole(at))
    source = SimpleNamespace(spec=SimpleNamespace(kind="vector"))
    look = watch(figures.Figures(), source=source)
    look.all.finish(4, "interrupted")
    assert not folder.exports.exists()
    look.all.finish(4, "finished")
    assert read == [folder.samples]
    assert [path.name for path in folder.exports.iterdir()] == ["figure-1.png"]
    assert (folder.exports / "figure-1.png").read_bytes().startswith(b"\x89PNG")
