"""A worker of advnets plays the ring, in a process of its own."""

from __future__ import annotations

import pytest

from benchmarks import data, workers
from benchmarks.cases.products import round_flops
from benchmarks.cases.ring import RING
from benchmarks.field import Entry
from benchmarks.workers import Worker, WorkerFailed


@pytest.fixture(autouse=True)
def logs(tmp_path, monkeypatch):
    monkeypatch.setattr(workers, "LOGS", tmp_path)


def test_advnets_plays_the_ring_in_turns():
    data.prepare(only="ring")
    worker = Worker(Entry("advnets", "advnets_", "advnets", {"jit": "off"}), "ring")
    try:
        worker.ready()
        assert worker.about["weights"] == [17154, 17025]
        # What TensorFlow's graph holds is what the formula says.
        assert worker.about["flops"] == round_flops(RING)
        assert worker.first_round() > 0
        assert worker.turn(0.1) > 0
        said = worker.end()
        assert said["peak_memory"] > 2**27
        assert len(said["losses"]) == 2
    finally:
        worker.kill()


def test_a_worker_that_cannot_build_says_why():
    worker = Worker(Entry("nobody", "nobody", "advnets"), "ring")
    with pytest.raises(WorkerFailed, match="No module named 'benchmarks.contestants.nobody'"):
        worker.ready()
