"""Snapshots of games on the line: what is kept, and what is read of others' files."""

from __future__ import annotations

import json
import math
import tracemalloc

import numpy as np
import pytest
from scipy.special import ndtri

from advnets.evaluate.estimators.line_game import LineGame
from advnets.monitor.snapshot import (
    ARROWS,
    BINS,
    OVERHEAD,
    open_log,
    parse_snapshot,
    read_first_snapshot,
    read_snapshots,
    take_snapshot,
)


def normal(x):
    return np.exp(-(x**2) / 2) / math.sqrt(2 * math.pi)


def game(mean=0.0, deviation=1.0):
    return LineGame(normal, (-4, 4), ndtri, lambda z: deviation * z + mean, lambda x: x)


def test_what_is_kept_is_what_is_read():
    snapshot = take_snapshot(7, game(1.0))
    again = parse_snapshot(json.loads(json.dumps(snapshot.record())))
    assert (again.step, again.low, again.high) == (7, snapshot.low, snapshot.high)
    assert again.numbers == snapshot.numbers
    for curve in ("data", "generated", "discriminator", "latents", "images", "x", "optimal"):
        np.testing.assert_allclose(getattr(again, curve), getattr(snapshot, curve), rtol=1e-4)


def test_the_curves_are_the_densities_and_d():
    snapshot = take_snapshot(0, game(1.0, 0.5))
    x = snapshot.x
    assert len(x) == BINS
    np.testing.assert_allclose(snapshot.data, normal(x), atol=1e-4)
    np.testing.assert_allclose(snapshot.generated, 2 * normal(2 * (x - 1)), atol=1e-3)
    np.testing.assert_allclose(snapshot.discriminator, 1 / (1 + np.exp(-x)), rtol=1e-6)
    best = normal(x) / (normal(x) + 2 * normal(2 * (x - 1)))
    dense = snapshot.data + snapshot.generated > 1e-3
    np.testing.assert_allclose(snapshot.optimal[dense], best[dense], atol=1e-3)


def test_arrows_start_at_equal_shares_of_the_prior():
    snapshot = take_snapshot(0, game(1.0, 0.5))
    shares = (np.arange(ARROWS) + 0.5) / ARROWS
    np.testing.assert_allclose(snapshot.latents, ndtri(shares), atol=2e-3)
    np.testing.assert_allclose(snapshot.images, 0.5 * snapshot.latents + 1, atol=1e-6)


def test_both_densities_are_seen_unless_one_is_very_far_away():
    near, far = take_snapshot(0, game(8.0)), take_snapshot(0, game(1e6))
    assert near.low < -3
    assert near.high > 11
    assert far.high < 50
    assert far.numbers["jsd"] == pytest.approx(math.log(2))


def test_what_the_first_one_shows_the_others_show_too():
    first, then = take_snapshot(0, game(8.0)), take_snapshot(1, game(0.0))
    assert then.high < first.high
    shown = take_snapshot(1, game(0.0), first)
    assert (shown.low, shown.high) == (min(first.low, then.low), first.high)


def test_snapshots_are_read_by_step_and_spoilt_ones_left_out(tmp_path):
    log = open_log(tmp_path)
    good = take_snapshot(1, game()).record()
    for step in (20, 10):
        log.append(good | {"step": step})
    spoilt = [
        {"data": good["data"][:-1]},
        {"data": "abc"},
        {"data": [[1.0]] * BINS},
        {"generated": [-1.0] * BINS},
        {"generated": [1e300] * BINS},
        {"discriminator": [2.0] * BINS},
        {"discriminator": [0.5]},
        {"low": good["high"]},
        {"low": None},
        {"latents": []},
        {"images": [None] * ARROWS},
        {"step": -1},
    ]
    for number, change in enumerate(spoilt):
        log.append({**good, "step": 100 + number, **change})
    (tmp_path / "theory.jsonl").open("ab").write(b"{nothing\n[]\n")
    assert [snapshot.step for snapshot in read_snapshots(tmp_path)] == [10, 20]


def test_no_file_no_snapshots(tmp_path):
    assert read_snapshots(tmp_path) == []


def test_the_first_one_is_found_without_the_rest(tmp_path, monkeypatch):
    assert read_first_snapshot(tmp_path) is None
    log = open_log(tmp_path)
    good = take_snapshot(1, game()).record()
    for step in (-1, 4, 5):
        log.append(good | {"step": step})
    read = []
    monkeypatch.setattr(
        "advnets.monitor.snapshot.parse_snapshot",
        lambda record: read.append(record["step"]) or parse_snapshot(record),
    )
    assert read_first_snapshot(tmp_path).step == 4
    assert read == [-1, 4]


def test_what_is_kept_of_a_file_is_bounded(tmp_path, monkeypatch):
    """Of a strange record only the curves are kept, and of many every second one."""
    log = open_log(tmp_path)
    good = take_snapshot(1, game()).record()
    for step in range(100):
        log.append(good | {"step": step, "strange": "x" * 100_000, "value": 1.5, "note": [step]})
    tracemalloc.start()
    try:
        shown = read_snapshots(tmp_path)
        assert len(shown) == 100
        each = shown[0].bytes
        del shown
        monkeypatch.setattr("advnets.monitor.snapshot.MOST_KEPT", 50 * (each + OVERHEAD))
        tracemalloc.reset_peak()
        shown = read_snapshots(tmp_path)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert [snapshot.step for snapshot in shown] == [*range(0, 100, 2), 99]
    assert each == 8 * (3 * BINS + 2 * ARROWS)
    assert peak < 3e6, "the file has ten million bytes"
