"""No memory is left: the message names the batch, and where the data are."""

from __future__ import annotations

import pytest
from measured import lost


def check(failed, reason):
    assert failed.code == 1
    assert "out of memory, with batches of 16: " in failed.said
    assert reason in failed.said
    assert "lower training.batch_size" in failed.said
    assert "distribution.memory_budget, which is 4 GiB" in failed.said


@pytest.mark.parametrize(
    "entry",
    [
        "loss={name: faulty, where: trace, how: memory}",
        "generator={name: faulty, where: build, how: memory}",
        "dataset={name: faulty, how: memory}",
    ],
    ids=["in a round", "building a network", "reading the data"],
)
def test_out_of_memory(play, measured, entry):
    failed = play(entry)
    check(failed, "MemoryError: Unable to allocate 3.00 TiB")
    assert failed.manifest.get("step", 0) == 0
    measured("out_of_memory", False, lost(failed.manifest)[0], failed.seconds)


@pytest.mark.slow  # TensorFlow waits for the memory, in the hope that something lets go of it
def test_really_out_of_memory(play, measured):
    failed = play("loss={name: faulty, where: memory}")
    check(failed, "OOM when allocating tensor with shape[16,")
    measured("out_of_memory", False, lost(failed.manifest)[0], failed.seconds)
