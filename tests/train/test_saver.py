"""Checkpoints written while training goes on are of the moment they were asked for."""

import threading
import time

import pytest
import tensorflow as tf

from advnets.checkpoint import CheckpointStore, state_sha256
from advnets.errors import RunError, UsageError
from advnets.evaluate import Score
from advnets.recipe.schema import BestCheckpoint
from advnets.train.best import Best
from advnets.train.clock import Clock
from advnets.train.saver import Saver


class SlowStore(CheckpointStore):
    """Writes once it is allowed to."""

    def __init__(self, folder, keep=3):
        super().__init__(folder, keep)
        self.allowed = threading.Event()

    def commit(self, step, state, extras):
        self.allowed.wait(10)
        return super().commit(step, state, extras)


@pytest.fixture
def store(tmp_path):
    return SlowStore(tmp_path / "checkpoints")


def test_what_is_written_is_of_the_moment_though_training_goes_on(store):
    commits = []
    saver = Saver(store, Clock({"training": 5.0}), commits.append)
    state, extras = {"w": tf.Variable([1.0])}, {"window": {"rounds": 3, "sums": {"d_loss": 1.0}}}
    before = state_sha256(state)
    saver.save(10, state, extras)
    state["w"].assign([2.0])
    extras["window"]["sums"]["d_loss"] = 2.0
    saver.poll()
    assert commits == []
    store.allowed.set()
    saver.finish()
    (commit,) = commits
    assert commit.state_sha256 == before
    assert store.newest() == commit
    assert commit.extras["window"] == {"rounds": 3, "sums": {"d_loss": 1.0}}
    assert commit.extras["time"]["training"] == 5.0


def test_a_failure_is_heard_at_the_next_boundary(store, measured):
    saver = Saver(store, Clock(), lambda commit: pytest.fail("nothing was committed"))
    store.folder.parent.joinpath("checkpoints").write_text("in the way")
    store.allowed.set()
    began = time.perf_counter()
    saver.save(10, {"w": tf.Variable([1.0])}, {})
    with pytest.raises(RunError, match="checkpoint of step 10 could not be written"):
        saver.finish()
    measured("save_fails", None, None, time.perf_counter() - began)
    saver.finish()


def test_what_was_logged_is_on_disk_before_the_commit(tmp_path, monkeypatch):
    log, flushed = tmp_path / "metrics.jsonl", []
    store = CheckpointStore(tmp_path / "checkpoints")
    monkeypatch.setattr(
        "advnets.train.saver.flush", lambda path: flushed.append((path, store.steps()))
    )
    saver = Saver(store, Clock(), lambda commit: None, companion=log)
    saver.save(10, {"w": tf.Variable([1.0])}, {})
    saver.finish()
    assert flushed == [(log, [])]
    assert store.steps() == [10]


def test_the_best_is_kept_and_remembered(tmp_path):
    store, best = CheckpointStore(tmp_path / "checkpoints", keep=1), Best("fid", "min")
    saver = Saver(store, Clock(), lambda commit: None, best)
    values = {10: 5.0, 20: 3.0, 30: 4.0, 40: 3.0, 50: float("nan")}
    for step, value in values.items():
        better = best.consider(step, [Score("other", 0.0), Score("fid", value)])
        assert better == (step in (10, 20))
        saver.save(step, {"w": tf.Variable([float(step)])}, {})
    saver.finish()
    assert store.steps() == [20, 50]
    kept = store.newest().extras["best"]
    assert kept == {"metric": "fid", "mode": "min", "step": 20, "value": 3.0}

    # The next session knows it, and spares it from its first commit on.
    store = CheckpointStore(tmp_path / "checkpoints", keep=1)
    asked = BestCheckpoint(metric="fid", mode="min")
    again = Saver(store, Clock(), lambda commit: None, Best.resume(kept, asked))
    again.save(60, {"w": tf.Variable([6.0])}, {})
    again.finish()
    assert store.steps() == [20, 60]

    # Asked for by another metric, what was best before says nothing.
    assert Best.resume(kept, BestCheckpoint(metric="fid", mode="max")) == Best("fid", "max")
    assert Best.resume(kept, None) is None


def test_a_metric_that_is_not_computed_is_refused():
    with pytest.raises(UsageError, match=r"'fid', which no metric computed.*\n.*parzen"):
        Best("fid", "min").consider(10, [Score("parzen", 1.0)])


def test_the_best_is_of_averaged_weights_where_they_are_scored():
    averaged = {"averaging": {"decay": 0.9}}
    for scores in (
        [Score("fid", 3.0), Score("fid", 5.0, None, averaged)],
        [Score("fid", 5.0, None, averaged), Score("fid", 3.0)],
    ):
        best = Best("fid", "min")
        assert best.consider(10, scores)
        assert best.value == 5.0


def test_a_metric_that_was_measured_in_two_ways_tells_no_best():
    ways = [Score("fid", 3.0, None, {"samples": n}) for n in (50, 100)]
    with pytest.raises(UsageError, match=r"several ways.*\n  samples: 50 vs 100"):
        Best("fid", "min").consider(10, ways)
