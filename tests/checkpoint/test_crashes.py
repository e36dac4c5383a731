"""A crash between any two file operations loses no checkpoint."""

import sys
import time

import numpy as np
import pytest
import tensorflow as tf

from advnets.checkpoint import CheckpointStore, state_sha256


def state(seed, names=("generator/0000/kernel", "rounds")):
    numbers = np.random.default_rng(seed)
    return {name: tf.Variable(numbers.normal(size=(3, 2)).astype("float32")) for name in names}


@pytest.fixture
def store(tmp_path):
    return CheckpointStore(tmp_path / "checkpoints", keep=2)


class Crash(BaseException):
    """The end of a process, as far as its own code can tell."""


class Crasher:
    """Ends everything that touches files below a folder, from the n-th time on."""

    def __init__(self):
        self.folder, self.left, self.counted = None, None, 0
        sys.addaudithook(self.hook)  # cannot be taken back, but does nothing when not armed

    def hook(self, event, arguments):
        if self.folder is None or event not in FILE_EVENTS:
            return
        if str(arguments[0]).startswith(self.folder):
            self.counted += 1
            if self.left is not None and self.counted > self.left:
                raise Crash(event)

    def during(self, folder, work, after=None):
        """Do the work, and end it after so many operations; how many there were."""
        self.folder, self.left, self.counted = str(folder), after, 0
        try:
            work()
        except Crash:
            return None
        finally:
            self.folder = None
        return self.counted


FILE_EVENTS = (
    *("open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.listdir", "os.scandir"),
    *("shutil.rmtree",),
)


CRASHER = Crasher()


STAGES = {"the first": 0, "another": 1, "one that prunes": 2, "one of the same step": 3}


@pytest.mark.parametrize("which", STAGES)
def test_a_crash_between_any_two_file_operations_loses_nothing(tmp_path, measured, which):
    """After each, the one before or the new one is there, whole, and nothing half done."""
    before = [10, 20][: min(STAGES[which], 2)]
    step = before[-1] if which == "one of the same step" else 30

    def attempt(folder, after):
        store = CheckpointStore(folder / "checkpoints", keep=2)
        for earlier in before:
            store.commit(earlier, state(earlier), {})
        work = lambda: store.commit(step, state(99), {"new": True})  # noqa: E731
        return CRASHER.during(folder, work, after)

    (tmp_path / "whole").mkdir()
    operations = attempt(tmp_path / "whole", None)
    assert operations > 10
    seen = set()
    for after in range(operations):
        folder = tmp_path / str(after)
        folder.mkdir()
        assert attempt(folder, after) is None, f"there was no operation {after}"
        store = CheckpointStore(folder / "checkpoints", keep=2)
        began = time.perf_counter()
        newest = store.newest(quarantine=True)
        seconds = time.perf_counter() - began
        lost = max([0, *before]) - (newest.step if newest else 0)
        measured("crash_in_a_commit", True, max(0, lost), seconds)
        assert not store.faults, f"torn after operation {after}"
        hidden = list((folder / "checkpoints").glob(".*"))
        assert not hidden, f"{hidden} is left after operation {after}"
        if newest is None:
            assert not before
            continue
        new = bool(newest.extras)
        seen.add(new)
        assert newest.step == (step if new else before[-1])
        assert newest.state_sha256 == state_sha256(state(99 if new else before[-1]))
        restored = state(0)
        store.restore(newest, restored)
        assert set(before[-1:]) - {step} <= set(store.steps())  # the one before is still there
        store.commit(40, state(40), {})
        assert store.newest().step == 40
    assert True in seen
    assert (False in seen) == bool(before)


def test_a_crash_while_tidying_up_loses_nothing(tmp_path, measured):
    """Between a committed checkpoint's going aside and its successor's coming."""

    def attempt(folder, after):
        folder.mkdir()
        store = CheckpointStore(folder / "checkpoints", keep=2)
        store.commit(10, state(10), {})
        store.commit(20, state(20), {})
        (store.folder / "step-00000020").rename(store.folder / ".replaced-step-00000020")
        (store.folder / ".writing-step-00000020").mkdir()
        (store.folder / ".removing-step-00000003").mkdir()
        return CRASHER.during(folder, lambda: store.newest(quarantine=True), after)

    operations = attempt(tmp_path / "whole", None)
    for after in range(operations):
        assert attempt(tmp_path / str(after), after) is None
        store = CheckpointStore(tmp_path / str(after) / "checkpoints", keep=2)
        began = time.perf_counter()
        newest = store.newest(quarantine=True)
        seconds = time.perf_counter() - began
        assert newest.state_sha256 == state_sha256(state(20))
        measured("crash_while_clearing_up", True, 20 - newest.step, seconds)
        assert not list(store.folder.glob(".*"))
