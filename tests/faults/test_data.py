"""The data change, or go away, under a run that reads them as it plays."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

STREAMED = "distribution.memory_budget=0"
ROWS = 400


def array(path: Path) -> str:
    """400 numbers in a file, and the entry of a recipe that reads them."""
    np.save(path, np.random.default_rng(0).normal(4, 0.5, (ROWS, 1)).astype("float32"))
    return f"dataset={{name: npz, path: '{path}'}}"


@pytest.mark.parametrize(
    "how",
    [
        pytest.param("truncate", id="an array is cut off"),
        pytest.param("vanish", id="an array vanishes", marks=pytest.mark.slow),
    ],
)
def test_streamed_data_go_away(play, tmp_path, measured, how):
    path = tmp_path / "data.npy"
    entry = array(path)
    fault = f"[{{name: faulty, where: on_train_batch_end, how: {how}, path: '{path}', keep: 300}}]"
    # Rounds are read ahead: enough of them, for the loss to be met.
    failed = play(entry, STREAMED, f"monitoring.callbacks={fault}", "training.steps=60")
    assert failed.code == 2
    assert "data.npy" in failed.said
    assert "Traceback" not in failed.said
    assert failed.manifest["status"] == "failed"
    kept = failed.manifest["step"]
    assert kept >= 10
    if how == "truncate":
        array(path)
    else:
        Path(f"{path}.gone").rename(path)
    again = play(entry, STREAMED, "training.steps=60")
    assert again.code == 0
    assert f"resuming from step {kept}" in again.said
    whole = play(entry, STREAMED, "training.steps=60", folder=tmp_path / "whole")
    assert again.manifest["state_sha256"] == whole.manifest["state_sha256"]
    measured("streamed_array_vanishes", True, *again.cost_of(failed))


def test_data_in_memory_need_their_file_no_more(play, tmp_path, measured):
    path = tmp_path / "data.npy"
    entry = array(path)
    fault = (
        f"[{{name: faulty, where: on_train_batch_end, how: truncate, path: '{path}', keep: 99}}]"
    )
    done = play(entry, f"monitoring.callbacks={fault}")
    assert done.code == 0
    measured.booked("resident_data_cut_off", True, done.manifest)
    # The next session does: it names the file.
    refused = play(entry, "training.steps=40")
    assert refused.code == 2
    assert str(path) in refused.said
    np.save(path, np.zeros((ROWS, 1), "float32"))
    refused = play(entry, "training.steps=40")
    assert refused.code == 2
    assert "the training data have changed since the run began" in refused.said
    assert refused.manifest["step"] == 30
