"""A sweep's folder: what is kept there, and what of it is refused."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from advnets.errors import RunError, UsageError
from advnets.sweep import Sweep, SweepFolder, Trial

Make = Callable[..., Sweep]
TRIALS = [
    Trial(0, {"a": 1, "b": [2, 3]}, "complete", 1.5, 0.5, {"1": 1.0, "2": 2.0}, seconds=3.0),
    Trial(1, {"a": 2, "b": [4]}, "failed", reason="seed 1: exit code 1 / error:\n  it diverged"),
    Trial(2, {"a": 3, "b": [4]}, "pruned", -1.0, steps={10: -1.0}, rungs={"completed_rung_0": -1}),
    Trial(3, {"a": 3, "b": [5]}),
]


def test_trials_come_back_as_they_were(tmp_path: Path) -> None:
    folder = SweepFolder(tmp_path)
    assert folder.read() == []
    folder.write(TRIALS)
    assert folder.read() == TRIALS
    rows = folder.table_file.read_text().splitlines()
    assert rows[0] == "number,state,value,error,seconds,a,b,reason"
    assert rows[1] == '0,complete,1.5,0.5,3.0,1,"[2, 3]",'
    assert rows[2].endswith("seed 1: exit code 1 / error:   it diverged")


SOUND: dict[str, Any] = {"number": 0, "params": {"a": 1}, "state": "running"}
DAMAGED: dict[str, Any] = {
    "no JSON": "{",
    "no mapping": "[1]",
    "deep": "[" * 5000,
    "no number": SOUND | {"number": "0"},
    "another number": SOUND | {"number": 1},
    "another state": SOUND | {"state": "won"},
    "no value": SOUND | {"state": "complete"},
    "text for a value": SOUND | {"state": "complete", "value": "1"},
    "steps that are none": SOUND | {"steps": {"1": 2}},
    "values that are none": SOUND | {"values": {"1": None}},
    "params that are none": SOUND | {"params": [1]},
}


@pytest.mark.parametrize("line", DAMAGED.values(), ids=DAMAGED.keys())
def test_damaged_trials_are_told_with_their_line(tmp_path: Path, line: Any) -> None:
    text = line if isinstance(line, str) else json.dumps(line)
    (tmp_path / "trials.jsonl").write_text(text + "\n")
    with pytest.raises(RunError, match=r"trials.jsonl is damaged: line 1: "):
        SweepFolder(tmp_path).read()


def test_more_values_than_are_read(tmp_path: Path) -> None:
    """Each line alone has few enough: refused before one is parsed."""
    line = json.dumps(SOUND | {"params": {"x": [0] * 1_000_000}})
    (tmp_path / "trials.jsonl").write_text(f"{line}\n" * 5)
    with pytest.raises(RunError, match="more than 4,000,000 values"):
        SweepFolder(tmp_path).read()


def test_infinite_numbers_are_refused(tmp_path: Path) -> None:
    (tmp_path / "trials.jsonl").write_text(
        '{"number": 0, "params": {}, "state": "complete", "value": Infinity}\n'
    )
    with pytest.raises(RunError, match="has no value"):
        SweepFolder(tmp_path).read()


def test_the_folder_of_another_sweep(make: Make, tmp_path: Path) -> None:
    folder = SweepFolder(tmp_path / "sweep")
    for sweep, fits in (
        (make(), True),
        (make(("trials: 6", "trials: 9")), True),
        (make(("[10, 20, 30]", "[10, 20]")), False),
    ):
        with folder.lock():
            if fits:
                folder.start(sweep)
                continue
            with pytest.raises(UsageError, match="the folder holds another sweep"):
                folder.start(sweep)
    assert "trials: 9" in folder.sweep_file.read_text()


def test_a_folder_of_something_else(make: Make, tmp_path: Path) -> None:
    (tmp_path / "else").mkdir()
    (tmp_path / "else" / "thesis.tex").write_text("x")
    with pytest.raises(UsageError, match="something else than a sweep"):
        SweepFolder(tmp_path / "else").start(make())


def test_links_that_lead_out(make: Make, tmp_path: Path) -> None:
    folder = SweepFolder(tmp_path / "sweep")
    with folder.lock():
        folder.start(make())
        (folder.runs / "0000-seed1").symlink_to(tmp_path)
        with pytest.raises(UsageError, match="leads out of the folder"):
            folder.start(make())


def test_two_processes_do_not_play_one_sweep(tmp_path: Path) -> None:
    folder = SweepFolder(tmp_path / "sweep")
    with folder.lock(), pytest.raises(UsageError, match="another process works in this folder"):
        SweepFolder(tmp_path / "sweep").lock().__enter__()
