"""A run's time adds up, whatever ended its sessions and whatever the clocks did."""

import time

import pytest

from advnets.checkpoint import Commit
from advnets.runs import RunFolder
from advnets.runs.heartbeat import FILE, INTERVAL, Heartbeat, Tally
from advnets.train.account import Account
from advnets.train.clock import KINDS, Clock, goodput


class Hand:
    """A clock whose hand is moved."""

    def __init__(self, at=1000.0):
        self.at = at

    def __call__(self):
        return self.at

    def on(self, seconds):
        self.at += seconds


def worked(hand, seconds):
    return lambda: hand.on(seconds)


def test_the_kinds_and_the_total():
    hand = Hand()
    clock = Clock(now=hand)
    hand.on(3)
    clock.measure("training", worked(hand, 2))
    clock.rebook("training", "starting", 2)  # it was compiled
    clock.started()
    clock.measure("training", worked(hand, 10))
    clock.measure("saving", worked(hand, 1))
    hand.on(4)
    expected = {"starting": 5, "training": 10, "saving": 1, "evaluation": 0, "monitoring": 4}
    assert clock.spent() == expected
    assert clock.table() == {"total": 20, **expected, "lost": 0}
    assert goodput(clock.table()) == 0.5


def test_what_ran_beyond_the_checkpoint_is_lost():
    """A session of 20 s was killed; its newest checkpoint was made after 12 s."""
    hand = Hand()
    clock = Clock({"training": 9.0, "starting": 3.0}, total=20.0, now=hand)
    clock.measure("training", worked(hand, 5))
    table = clock.table()
    assert table["lost"] == 8
    assert table["training"] == 14
    assert table["total"] == 25 == sum(table[kind] for kind in (*KINDS, "lost"))


def test_a_clock_that_jumps_back_makes_nothing_negative():
    hand = Hand()
    clock = Clock({"training": 9.0}, total=2.0, now=hand)  # and a total that is too small
    clock.measure("training", worked(hand, -500))
    clock.started()
    assert all(seconds >= 0 for seconds in clock.table().values())
    assert clock.table()["total"] == pytest.approx(sum(clock.spent().values()))


def commit(step, **spent):
    return Commit(step, None, "0" * 64, {"time": dict.fromkeys(KINDS, 0.0) | spent})


@pytest.fixture
def folder(tmp_path):
    return RunFolder(tmp_path)


def books(folder):
    return folder.manifest.data["time"], folder.manifest.data["sessions"]


def test_a_killed_session_is_booked_by_the_next(folder):
    hand = Hand()
    first = Account(folder, None, began=0.0)
    record = Heartbeat(folder.path, Tally().begin(0), hand)
    record.write(step=70, total=9.0)  # its last sign of life; it was at step 50 after 6 s
    del first

    second = Account(folder, commit(50, training=6.0), began=0.0)
    second.committed(commit(60, training=7.0))
    time, sessions = books(folder)
    assert time["lost"] == pytest.approx(3.0)
    assert sessions == {"count": 2, "cut_off": 1, "steps_lost": 20}

    # Killed at once, and begun again: nothing is counted twice.
    third = Account(folder, commit(60, training=7.0), began=0.0)
    third.close(80, sealed=True)
    time, sessions = books(folder)
    assert sessions == {"count": 3, "cut_off": 2, "steps_lost": 20}
    assert time["total"] == pytest.approx(sum(time[kind] for kind in (*KINDS, "lost")))
    fourth = Account(folder, commit(80, training=9.0), began=0.0)
    fourth.close(80, sealed=True)
    assert books(folder)[1] == {"count": 4, "cut_off": 2, "steps_lost": 20}


def test_a_failure_loses_what_came_after_the_last_commit(folder):
    account = Account(folder, None, began=0.0)
    account.committed(commit(10, training=1.0))
    account.close(25, sealed=False)
    time, sessions = books(folder)
    assert sessions == {"count": 1, "cut_off": 1, "steps_lost": 15}
    assert time["lost"] == pytest.approx(time["total"] - 1.0)
    again = Account(folder, commit(10, training=1.0), began=0.0)
    again.close(30, sealed=True)
    assert books(folder)[1] == {"count": 2, "cut_off": 1, "steps_lost": 15}


@pytest.mark.parametrize("torn", ["", "{", "[]", '{"total": "x"}', '{"total": NaN}'])
def test_a_torn_record_counts_as_none(folder, measured, torn):
    (folder.path / FILE).write_text(torn)
    began = time.perf_counter()
    tally = Tally.read(folder.path)
    measured("torn_record", None, None, time.perf_counter() - began)
    assert tally == Tally()
    folder.manifest.update(time={"total": 50.0})
    account = Account(folder, commit(10, training=40.0), began=0.0)
    account.close(10, sealed=True)
    assert books(folder)[0]["lost"] == pytest.approx(10.0)


def test_signs_of_life_are_rare_and_never_go_back(tmp_path):
    hand = Hand()
    record = Heartbeat(tmp_path, Tally().begin(0), hand)
    record.beat(1, 5.0)
    record.beat(2, 6.0)
    assert Tally.read(tmp_path).step == 1
    hand.on(INTERVAL)
    record.beat(3, 4.0)
    assert Tally.read(tmp_path).step == 3
    assert Tally.read(tmp_path).total == 5.0


def test_a_folder_that_takes_no_sign_of_life_does_not_stop_the_run(folder):
    account = Account(folder, None, began=0.0)
    (folder.path / f"{FILE}.tmp").mkdir()
    account.alive(5)


def test_only_the_chief_writes(tmp_path):
    folder = RunFolder(tmp_path / "elsewhere")
    account = Account(folder, None, began=0.0, chief=False)
    account.alive(5)
    account.close(5, sealed=True)
    assert not folder.path.exists()
