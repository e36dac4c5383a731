"""Checkpoints: committed whole, verified, restored exactly, pruned by step."""

import dataclasses
import json
import shutil
import time

import numpy as np
import pytest
import tensorflow as tf

from advnets.checkpoint import CheckpointStore, state_sha256
from advnets.errors import RunError


def state(seed, names=("generator/0000/kernel", "rounds")):
    numbers = np.random.default_rng(seed)
    return {name: tf.Variable(numbers.normal(size=(3, 2)).astype("float32")) for name in names}


@pytest.fixture
def store(tmp_path):
    return CheckpointStore(tmp_path / "checkpoints", keep=2)


def test_what_is_committed_comes_back(store):
    saved = state(0)
    commit = store.commit(10, saved, {"time": {"training": 1.5}})
    fresh = state(1)
    newest = store.newest()
    store.restore(newest, fresh)
    assert newest.step == 10
    assert newest.extras == {"time": {"training": 1.5}}
    assert state_sha256(fresh) == state_sha256(saved) == commit.state_sha256


def test_the_newest_is_by_step_and_old_ones_are_pruned(store):
    for step in (30, 10, 20, 40):
        store.commit(step, state(step), {})
    assert store.steps() == [30, 40]
    assert store.newest().step == 40


def test_what_is_being_read_is_not_pruned(store, measured):
    for step in (10, 20):
        store.commit(step, state(step), {})
    readers = CheckpointStore(store.folder)
    held = readers.newest(hold=True), readers.read(10, hold=True)
    for step in (30, 40, 50):
        store.commit(step, state(step), {})
    assert store.steps() == [10, 20, 40, 50]
    fresh = state(0)
    with measured.timed("reader_meets_writer", True):
        store.restore(held[0], fresh)
    assert state_sha256(fresh) == held[0].state_sha256
    del held
    store.commit(60, state(60), {})
    assert store.steps() == [50, 60]


def test_a_reader_looks_again_where_a_checkpoint_has_just_gone(store, monkeypatch, measured):
    for step in (10, 20):
        store.commit(step, state(step), {})
    listed = store.steps

    def steps():
        monkeypatch.setattr(store, "steps", listed)
        found = listed()
        shutil.rmtree(store.path(20))
        return found

    monkeypatch.setattr(store, "steps", steps)
    with measured.timed("reader_meets_writer", True):
        assert store.newest(hold=True).step == 10
    assert not store.faults


def test_names_that_tensorflow_takes_for_a_pattern(tmp_path, measured):
    folder = tmp_path / r"a[1]\b*{c}?" / "checkpoints"
    folder.parent.mkdir()
    store, saved, fresh = CheckpointStore(folder), state(0), state(1)
    with measured.timed("pattern_path", True):
        store.restore(store.commit(10, saved, {}), fresh)
    assert state_sha256(fresh) == state_sha256(saved)


def test_what_is_noted_stands_next_to_the_same_state(store):
    store.commit(10, state(0), {"time": {"training": 1.5}, "manifest": {"identity": "a"}})
    store.note(10, {"manifest": {"identity": "b"}})
    newest = store.newest()
    assert newest.extras == {"time": {"training": 1.5}, "manifest": {"identity": "b"}}
    flip(store.path(10) / "checkpoint.json")
    with pytest.raises(RunError, match="cannot be added to"):
        store.note(10, {})


def test_no_checkpoint(store):
    assert store.newest() is None
    assert store.steps() == []


def flip(path, bit=3):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1 << bit
    path.write_bytes(content)


def shorten(path):
    path.write_bytes(path.read_bytes()[:-1])


def data_of(path):
    return next(path.glob("state.data*"))


DAMAGE = {
    "a bit of the data is flipped": lambda path: flip(data_of(path)),
    "the data are torn": lambda path: shorten(data_of(path)),
    "the data are missing": lambda path: data_of(path).unlink(),
    "a bit of TensorFlow's index is flipped": lambda path: flip(path / "state.index"),
    "TensorFlow's index is missing": lambda path: (path / "state.index").unlink(),
    "our index is missing": lambda path: (path / "checkpoint.json").unlink(),
    "our index is torn": lambda path: shorten(path / "checkpoint.json"),
    "our index is empty": lambda path: (path / "checkpoint.json").write_text(""),
    "our index holds a list": lambda path: (path / "checkpoint.json").write_text("[1]"),
    "our index tells other files": lambda path: (path / "checkpoint.json").write_text(
        '{"step": 20, "state_sha256": "", "variables": {}, "files": [], "extras": {}}'
    ),
    "everything is missing": lambda path: [file.unlink() for file in path.iterdir()],
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_checkpoint_is_moved_aside_and_the_one_before_used(store, measured, damage):
    store.commit(10, state(10), {})
    path = store.commit(20, state(20), {}).path
    DAMAGE[damage](path)
    assert store.fault(20)
    assert store.newest().step == 10
    assert store.steps() == [10, 20]  # who only looks moves nothing
    began = time.perf_counter()
    newest = store.newest(quarantine=True)
    seconds = time.perf_counter() - began
    assert newest.step == 10
    assert list(store.faults) == [20]
    assert store.steps() == [10]
    assert (store.folder / "quarantined-step-00000020").is_dir()
    with pytest.raises(RunError, match="there is no checkpoint of step 20"):
        store.read(20)
    fresh = state(0)
    store.restore(newest, fresh)
    assert state_sha256(fresh) == state_sha256(state(10))
    measured("damaged_checkpoint", True, 20 - newest.step, seconds)


def test_every_flipped_bit_of_the_index_is_noticed_or_harmless(store, measured):
    """The index holds what no file's hash covers: the time spent, open averages, the best."""
    extras = {"window": {"rounds": 3, "sums": {"d_loss": 1.25}}}
    commit = store.commit(10, state(0), extras)
    index = commit.path / "checkpoint.json"
    sound = index.read_bytes()
    for place in range(len(sound)):
        content = bytearray(sound)
        content[place] ^= 1 << (place % 8)
        index.write_bytes(content)
        began = time.perf_counter()
        fault = store.fault(10)
        measured("flipped_bit", None, None, time.perf_counter() - began)
        if fault is None:  # white space became other white space
            assert store.read(10) == commit
    index.write_bytes(sound)
    assert store.fault(10) is None


def test_files_that_the_index_does_not_name_are_nobodys_business(store, measured):
    path = store.commit(10, state(0), {}).path
    (path / ".DS_Store").write_bytes(b"x")
    (path / "state.data-00001-of-00002").write_bytes(b"x")
    fresh = state(1)
    began = time.perf_counter()
    newest = store.newest()
    store.restore(newest, fresh)
    seconds = time.perf_counter() - began
    assert state_sha256(fresh) == state_sha256(state(0))
    measured("foreign_files", True, 10 - newest.step, seconds)


def test_an_index_without_its_own_hash_is_not_what_was_written(store):
    path = store.commit(10, state(0), {}).path
    index = json.loads((path / "checkpoint.json").read_text())
    own = index.pop("sha256")
    (path / "checkpoint.json").write_text(json.dumps(index))
    assert store.fault(10) == "checkpoint.json: sha256 is missing"
    (path / "checkpoint.json").write_text(json.dumps(index | {"sha256": own, "more": 1}))
    assert store.fault(10) == "checkpoint.json is not what was written"


def test_a_draft_that_was_never_committed_is_ignored_and_replaced(store):
    draft = store.folder / ".writing-step-00000010"
    draft.mkdir(parents=True)
    (draft / "state.index").write_text("torn")
    assert store.newest() is None
    store.commit(10, state(0), {})
    assert store.newest().step == 10
    assert not draft.exists()


def test_another_game_is_refused_by_the_names_that_differ(store):
    commit = store.commit(1, state(0), {})
    with pytest.raises(RunError, match=r"2 variables differ, such as generator/0000/kernel, "):
        store.restore(commit, state(0, ("generator/0000/other", "rounds")))


def test_a_state_other_than_the_committed_one_is_noticed(store):
    commit = store.commit(1, state(0), {})
    swapped = dataclasses.replace(commit, state_sha256="0" * 64)
    with pytest.raises(RunError, match="not the one committed"):
        store.restore(swapped, state(0))


def test_a_failed_write_leaves_the_others(store, tmp_path):
    store.commit(10, state(10), {})
    blocked = CheckpointStore(tmp_path / "file" / "checkpoints")
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(RunError, match="step 5 could not be written"):
        blocked.commit(5, state(0), {})
    assert store.newest().step == 10


def test_if_none_is_sound_nothing_is_moved(store):
    for step in (10, 20):
        (store.commit(step, state(step), {}).path / "state.index").write_bytes(b"x")
    assert store.newest(quarantine=True) is None
    assert store.steps() == [10, 20]
    assert store.described_faults() == (
        "step 20: state.index is not what was written; step 10: state.index is not what was written"
    )


def test_the_spared_checkpoint_outlives_the_others(store):
    for step in (10, 20, 30, 40):
        store.spared = {20}
        store.commit(step, state(step), {})
    assert store.steps() == [20, 30, 40]
    store.spared = {50}
    store.commit(50, state(50), {})
    assert store.steps() == [40, 50]


def test_a_folder_is_flushed_up_to_what_was_there_before(tmp_path, monkeypatch):
    flushed = []
    monkeypatch.setattr("advnets.checkpoint.store.flush", lambda path: flushed.append(path.name))
    run = tmp_path / "runs" / "run"
    run.mkdir(parents=True)
    store = CheckpointStore(run / "checkpoints")
    store.commit(1, state(0), {})
    assert flushed == ["checkpoints", "run", "runs", "checkpoints"]
    flushed.clear()
    store.commit(2, state(0), {})
    assert flushed == ["checkpoints"]


def test_what_training_alone_needs_may_be_left_out(store):
    """The variables of a penalty whose plugin is not here; of anything else none."""
    saved = state(0, ("generator/0000/kernel", "penalties.0/0000/gamma"))
    store.commit(10, saved, {})
    part = state(1, ("generator/0000/kernel",))
    with pytest.raises(RunError, match=r"penalties\.0/0000/gamma"):
        store.restore(store.newest(), part)
    store.restore(store.newest(), part, ["penalties."])
    name = "generator/0000/kernel"
    np.testing.assert_array_equal(part[name].numpy(), saved[name].numpy())
    with pytest.raises(RunError, match="1 variables differ"):
        store.restore(store.newest(), state(1, ("other",)) | part, ["penalties."])
