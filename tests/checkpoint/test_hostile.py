"""Checkpoints made by somebody else: nothing outside of their folder is read, nothing is raised."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import tensorflow as tf

from advnets.checkpoint import CheckpointStore
from advnets.errors import RunError
from advnets.runs.index import INDEX, MOST_FILES, own_hash, write_index

Change = Callable[[dict[str, Any]], object]


@pytest.fixture
def store(tmp_path: Path) -> CheckpointStore:
    store = CheckpointStore(tmp_path / "checkpoints")
    store.commit(7, {"a": tf.Variable([1.0, 2.0]), "b": tf.Variable(3)}, {"time": {}})
    return store


def rewrite(folder: Path, change: Change) -> None:
    """Change the index, and give it the hash that it then has."""
    index = json.loads((folder / INDEX).read_text())
    change(index)
    files = index.pop("files", None)
    (folder / INDEX).unlink()
    write_index(folder, {key: value for key, value in index.items() if key != "sha256"})
    if files is not None:
        written = json.loads((folder / INDEX).read_text())
        if written["files"] != files:
            written["files"] = files
            written["sha256"] = own_hash(written)
            (folder / INDEX).write_text(json.dumps(written))


CHANGES: dict[str, Change] = {
    "a path": lambda index: index["files"].update({"../../secret": {"bytes": 1, "sha256": ""}}),
    "an absolute path": lambda index: index["files"].update({"/etc/passwd": {"bytes": 1}}),
    "the folder": lambda index: index["files"].update({"..": {"bytes": 1}}),
    "a NUL": lambda index: index["files"].update({"a\0b": {"bytes": 1}}),
    "too many files": lambda index: index["files"].update(
        {f"f{number}": {"bytes": 1, "sha256": ""} for number in range(MOST_FILES)}
    ),
    "no files": lambda index: index.update(files={}),
    "a list of files": lambda index: index.update(files=["state.index"]),
    "no size": lambda index: index["files"].update({"state.index": "x"}),
    "another step": lambda index: index.update(step="7"),
    "a step that is no number": lambda index: index.update(step=True),
    "fewer rounds than none": lambda index: index.update(step=-7),
    "a hash of another kind": lambda index: index.update(state_sha256=[1]),
    "a window that is none": lambda index: index["extras"].update(window=None),
    "variables of another kind": lambda index: index.update(variables=[1]),
    "shapes of another kind": lambda index: index["variables"].update(a=["float32", "big"]),
    "extras of another kind": lambda index: index.update(extras=3),
    "times of another kind": lambda index: index["extras"].update(time={"training": "long"}),
    "a window of another kind": lambda index: index["extras"].update(window={"cls": 1}),
    "a window that saw no numbers": lambda index: index["extras"].update(
        window={"rounds": 1, "sums": {}, "seen": {"modes": "8"}}
    ),
    "a best of another kind": lambda index: index["extras"].update(best={"__class__": 1}),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_an_index_of_another_kind(store: CheckpointStore, change: Change, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s")
    rewrite(store.path(7), change)
    fault = store.fault(7)
    assert fault is not None
    assert fault.startswith(INDEX), fault
    assert store.newest(quarantine=True) is None
    assert store.steps() == [7]
    with pytest.raises(RunError, match="cannot be used"):
        store.read(7)


@pytest.mark.parametrize(
    "content", [b"", b"[" * 10**6, b'{"a":' * 10**5, b"\xff", b"[]", b"9" * 10**5]
)
def test_an_index_that_is_none(store: CheckpointStore, content: bytes) -> None:
    (store.path(7) / INDEX).write_bytes(content)
    assert str(store.fault(7)).startswith(INDEX)


def test_what_is_no_file(store: CheckpointStore, tmp_path: Path) -> None:
    """A pipe is not waited for, and a link is not followed."""
    file = store.path(7) / "state.index"
    os.replace(file, tmp_path / "elsewhere")
    file.symlink_to(tmp_path / "elsewhere")
    assert store.fault(7) == "state.index is a link"
    file.unlink()
    os.mkfifo(file)
    assert store.fault(7) == "state.index is not what was written"
    (store.path(7) / INDEX).unlink()
    os.mkfifo(store.path(7) / INDEX)
    assert "is a named pipe, not a file" in str(store.fault(7))


def test_files_of_another_size_are_not_read(store: CheckpointStore) -> None:
    with (store.path(7) / "state.index").open("ab") as file:
        file.truncate(2**42)  # a hole, that takes no room on the disk
    assert store.fault(7) == "state.index is not what was written"


@pytest.mark.parametrize("name", ["state.index", "state.data-00000-of-00001"])
def test_what_tensorflow_cannot_read(store: CheckpointStore, name: str) -> None:
    """An index may vouch for files that are no checkpoint of TensorFlow's."""
    file = store.path(7) / name
    file.write_bytes(b"nonsense" * 9)
    (store.path(7) / INDEX).rename(store.folder / INDEX)
    index = json.loads((store.folder / INDEX).read_text())
    write_index(store.path(7), {k: v for k, v in index.items() if k not in ("files", "sha256")})
    assert store.fault(7) is None
    with pytest.raises(RunError, match="TensorFlow cannot read the checkpoint|not the one"):
        store.restore(store.read(7), {"a": tf.Variable([0.0, 0.0]), "b": tf.Variable(0)})
