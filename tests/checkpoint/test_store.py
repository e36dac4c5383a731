"""Checkpoints: committed whole, verified, restored exactly, pruned by step."""

import json

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


def test_no_checkpoint(store):
    assert store.newest() is None
    assert store.steps() == []


@pytest.mark.parametrize("damage", ["flip", "truncate", "remove", "index"])
def test_a_damaged_checkpoint_is_moved_aside_and_the_one_before_used(store, damage):
    store.commit(10, state(10), {})
    path = store.commit(20, state(20), {}).path
    data = next(path.glob("state.data*"))
    if damage == "flip":
        content = bytearray(data.read_bytes())
        content[-5] ^= 1
        data.write_bytes(content)
    elif damage == "truncate":
        data.write_bytes(data.read_bytes()[:-1])
    elif damage == "remove":
        data.unlink()
    else:
        (path / "checkpoint.json").write_text("{")
    assert store.fault(20)
    assert store.newest().step == 10
    assert store.steps() == [10, 20]  # who only looks moves nothing
    assert store.newest(quarantine=True).step == 10
    assert list(store.faults) == [20]
    assert store.steps() == [10]
    assert (store.folder / "quarantined-step-00000020").is_dir()


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


def test_a_swapped_state_is_noticed(store):
    commit = store.commit(1, state(0), {})
    index = json.loads((commit.path / "checkpoint.json").read_text())
    index["state_sha256"] = "0" * 64
    (commit.path / "checkpoint.json").write_text(json.dumps(index))
    with pytest.raises(RunError, match="not the one committed"):
        store.restore(store.newest(), state(0))


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
