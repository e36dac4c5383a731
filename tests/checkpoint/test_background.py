"""One thread, one piece of work at a time; what it did is heard where it was asked for."""

import threading

import pytest

from advnets.checkpoint import BackgroundWriter, snapshot, state_sha256


def test_what_is_submitted_runs_while_the_caller_goes_on():
    heard, gate = [], threading.Event()

    def work():
        gate.wait(10)
        return threading.current_thread()

    writer = BackgroundWriter(heard.append)
    writer.submit(work)
    writer.poll()
    assert heard == []
    gate.set()
    writer.finish()
    assert heard[0] is not threading.current_thread()


def test_there_is_never_more_than_one_piece_of_work():
    running, most, gate = [], [], threading.Semaphore(0)

    def work():
        running.append(1)
        most.append(len(running))
        gate.acquire(timeout=10)
        running.pop()

    writer = BackgroundWriter(lambda _: None)
    threading.Timer(0.05, gate.release, ()).start()
    writer.submit(work)
    threading.Timer(0.1, gate.release, ()).start()
    writer.submit(work)  # waits for the first
    writer.finish()
    assert most == [1, 1]


@pytest.mark.parametrize("hear", ["finish", "submit"])
def test_a_failure_is_raised_once_by_the_next_call(hear):
    def fail():
        raise OSError("the disk is full")

    writer = BackgroundWriter(lambda _: None)
    writer.submit(fail)
    with pytest.raises(OSError, match="disk is full"):
        writer.finish() if hear == "finish" else writer.submit(int)
    writer.poll()
    writer.finish()


def test_a_snapshot_is_of_its_moment():
    import tensorflow as tf

    state = {
        "weights": tf.Variable([[1.0, 2.0]]),
        "half": tf.Variable(tf.ones([3], tf.bfloat16)),
        "rounds": tf.Variable(5, dtype=tf.int64),
    }
    before = state_sha256(state)
    kept = snapshot(state)
    for variable in state.values():
        variable.assign_add(tf.ones_like(variable))
    assert state_sha256(kept) == before != state_sha256(state)
