"""What is drawn at the end of a run."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np

from advnets.monitor.snapshot import Snapshot, open_log
from advnets.observe import figures


def test_the_snapshots_are_read_once(tmp_path, monkeypatch):
    ones = np.ones(2)
    log = open_log(tmp_path)
    for step in range(5):
        log.append(Snapshot(step, 0.0, 4.0, ones, ones, ones / 2, ones, ones).record())
    read, drawn = [], []
    whole = figures.read_snapshots
    monkeypatch.setattr(figures, "read_snapshots", lambda at: read.append(at) or whole(at))

    def figure(number, step, draw):
        with (tmp_path / "figure.png").open("wb") as file:
            draw(file)
        drawn.append((number, step))

    monitor = SimpleNamespace(
        recipe=SimpleNamespace(name=r"$\frac$"),
        folder=SimpleNamespace(samples=tmp_path),
        figure=figure,
    )
    game = SimpleNamespace(rounds=SimpleNamespace(numpy=lambda: 4))
    source = SimpleNamespace(spec=SimpleNamespace(kind="vector"))
    figures.draw_at_the_end(game, source, monitor, SimpleNamespace(switch_off=print))
    assert read == [tmp_path]
    assert drawn == [(1, 4)]
    assert (tmp_path / "figure.png").read_bytes().startswith(b"\x89PNG")
