"""Observers: run when due, told what others make, switched off when they fail."""

from __future__ import annotations

import json

import keras
import numpy as np
import pytest

from advnets import AdvnetsError, RunError
from advnets.observe import Observer
from advnets.observe.callbacks import WatchingCallbacks
from advnets.observe.progress import ProgressLine
from advnets.observe.records import Records
from advnets.observe.sample_grids import SampleGrids
from advnets.observe.tensorboard import TensorBoard


class Kept(Observer):
    """Keeps all that it is told."""

    def __init__(self, every=10, fail_at=None, **attributes):
        self.every, self.fail_at, self.told = every, fail_at, []
        vars(self).update(attributes)

    def observe(self, moment):
        self.told.append(moment.step)
        if moment.step == self.fail_at:
            raise ValueError("no luck")

    def record(self, record):
        self.told.append(record)

    def picture(self, step, name, path):
        self.told.append((step, name, path.name))


def test_each_is_run_when_it_is_due_and_after_the_last_round(watch):
    often, seldom, never = Kept(10), Kept(40), Kept(0)
    look = watch(often, seldom, never)
    for step in (0, 10, 20, 40, 45, 100):
        look(step)
    assert often.told == [10, 20, 40, 100]
    assert seldom.told == [40, 100]
    assert never.told == []
    assert [look.all.next_boundary(step, 100) for step in (0, 10, 35, 95)] == [10, 20, 40, 100]


def test_some_look_before_the_first_round(watch):
    first = Kept(from_start=True)
    watch(first)(0)
    assert first.told == [0]


@pytest.mark.parametrize("error", [ValueError("no luck"), SystemExit(3), RunError("a full disk")])
def test_one_that_fails_is_said_once_and_left_out(watch, folder, caplog, error):
    class Failing(Kept):
        name = "the failing one"

        def observe(self, moment):
            self.told.append(moment.step)
            raise error

    failing, other = Failing(), Kept()
    look = watch(failing, other)
    for step in (10, 20, 30):
        look(step)
    assert failing.told == [10]
    assert other.told == [10, 20, 30]
    assert caplog.text.count("the failing one failed: ") == 1
    assert "switched off, the run continues" in caplog.text
    [entry] = folder.manifest["switched_off"]
    assert (entry["who"], entry["step"]) == ("the failing one", 10)


def test_one_that_keeps_the_record_ends_the_run(watch):
    look = watch(Kept(fail_at=10, essential=True))
    with pytest.raises(ValueError, match="no luck"):
        look(10)


def test_what_one_makes_is_handed_to_all(watch, folder):
    kept = Kept(0)
    look = watch(kept, Records(10), SampleGrids(10))
    look(10, samples=np.zeros((4, 8, 8, 1)), d_loss=1.25)
    [record, picture] = kept.told
    assert folder.metrics.read() == [record]
    assert (record["step"], record["d_loss"]) == (10, 1.25)
    assert (record["d_learning_rate"], record["g_learning_rate"]) == (0.25, 0.5)
    assert picture == (10, "samples", "step-00000010.png")
    assert record["time"] > 1.7e9


def test_a_record_is_shown_and_written_for_tensorboard(watch, folder, console):
    look = watch(Records(10), TensorBoard(), ProgressLine("watched", 100))
    look(100, d_loss=1.25, g_loss=0.5)
    look.all.finish(100, "finished")
    assert "step 100/100  D 1.2500  G 0.5000" in console.file.getvalue()
    assert list(folder.tensorboard.glob("*tfevents*"))


def test_a_number_that_is_not_finite_is_null(watch, folder):
    watch(Records(10))(10, d_loss=float("nan"), g_loss=np.float32("inf"))
    line = json.loads(folder.metrics_file.read_text())
    assert (line["d_loss"], line["g_loss"]) == (None, None)


def test_beginning_at_a_checkpoint_drops_what_came_after(watch, folder):
    for start, steps in ((0, (10, 20, 30, 40)), (20, (25, 35))):
        look = watch(Records(5), SampleGrids(5), start=start)
        for step in steps:
            look(step, samples=np.full((4, 8, 8, 1), step))
    look.all.rewind(30)
    look(35, samples=np.zeros((4, 8, 8, 1)))
    assert [r["step"] for r in folder.metrics.read()] == [10, 20, 25, 35]
    names = sorted(path.name for path in folder.samples.iterdir())
    assert names == [f"step-{step:08}.png" for step in (10, 20, 25, 35)]


def test_pictures_that_fail_stop_nothing(watch, folder, caplog):
    look = watch(SampleGrids(10), Records(10))
    for step in (10, 20, 30):
        look(step, samples=np.zeros((4, 3)))  # no images
    assert caplog.text.count("sample grids failed") == 1
    assert len(folder.metrics.read()) == 3


class Other:
    """Stands for a worker that is not the chief, of two that agree on everything."""

    is_chief, count = False, 2

    def all_reduce_sum(self, numbers):
        return list(map(int, numbers))

    def run_on_chief(self, work):
        return None


def test_others_than_the_chief_write_nothing(watch, folder):
    before = sorted(folder.path.iterdir())
    here, there = Kept(10), Kept(10, everywhere=True)
    observers = (here, there, Records(10), SampleGrids(10), TensorBoard())
    look = watch(*observers, workers=Other())
    look(10, samples=np.zeros((4, 8, 8, 1)))
    assert sorted(folder.path.iterdir()) == before
    assert (here.told, there.told) == ([], [10])


def test_what_fails_on_another_worker_is_switched_off_here_too(watch, caplog):
    class Failed(Other):
        def all_reduce_sum(self, numbers):
            return [1 for _ in numbers]

    shared = Kept(10, everywhere=True)
    look = watch(shared, workers=Failed())
    look(10)
    assert shared.told == []
    assert "Kept failed on another worker" in caplog.text


@pytest.mark.parametrize("status", ["finished", "failed"])
def test_the_last_line_says_how_it_ended(watch, console, status):
    watch(ProgressLine("watched", 100)).all.finish(7, status)
    assert f"{status} at step 7" in console.file.getvalue().splitlines()[-1]


def test_an_interruption_is_left_to_the_error_that_says_it(watch, console):
    watch(ProgressLine("watched", 100)).all.finish(7, "interrupted")
    assert "at step 7" not in console.file.getvalue()


class Told(keras.callbacks.Callback):
    def __init__(self, calls, error=None):
        super().__init__()
        self.calls, self.error = calls, error

    def on_epoch_end(self, epoch, logs=None):
        self.calls.append(epoch)
        if self.error is not None:
            raise self.error


def test_keras_callbacks_are_told_of_epochs_and_switched_off_one_by_one(watch, folder, caplog):
    first, second = [], []
    look = watch(WatchingCallbacks([Told(first, ValueError("no luck")), Told(second)], epoch=20))
    for step in (20, 40, 100):
        look(step)
    assert (first, second) == ([0], [0, 1, 4])
    assert caplog.text.count("callback Told, in on_epoch_end, failed") == 1
    assert len(folder.manifest["switched_off"]) == 1


def test_a_callback_may_mean_to_end_the_run(watch):
    look = watch(WatchingCallbacks([Told([], AdvnetsError("enough"))], epoch=20))
    with pytest.raises(AdvnetsError, match="enough"):
        look(20)
