"""metrics.jsonl survives what happens to files."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from advnets import RunError
from advnets.runs import RunFolder


@pytest.fixture
def folder(tmp_path: Path) -> RunFolder:
    return RunFolder(tmp_path)


def test_append_and_read(folder: RunFolder) -> None:
    assert folder.metrics.read() == []
    folder.metrics.append({"step": np.int64(100), "d_loss": np.float32(0.5), "value": float("nan")})
    folder.metrics.append({"step": 200})
    assert folder.metrics_file.read_text().count("\n") == 2
    assert folder.metrics.read() == [{"step": 100, "d_loss": 0.5, "value": None}, {"step": 200}]


def test_a_torn_last_line(folder: RunFolder) -> None:
    folder.metrics_file.write_text('{"step": 1}\n{"step": 2, "d_l')
    assert folder.metrics.read() == [{"step": 1}]
    folder.metrics.append({"step": 2})
    assert [json.loads(line) for line in folder.metrics_file.read_text().splitlines()] == [
        {"step": 1},
        {"step": 2},
    ]


def test_damage_in_the_middle(folder: RunFolder) -> None:
    folder.metrics_file.write_bytes(b'{"step": 1}\n\xff\xfe\n[3]\n{"step": 2}\n')
    assert folder.metrics.read() == [{"step": 1}, {"step": 2}]


def test_truncate(folder: RunFolder) -> None:
    folder.metrics.truncate(5)
    assert not folder.metrics_file.exists()
    for step in (10, 20, 30):
        folder.metrics.append({"step": step})
    folder.metrics.truncate(20)
    folder.metrics.append({"step": 25})
    assert [record["step"] for record in folder.metrics.read()] == [10, 20, 25]


def test_where_nothing_can_be_written(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path / "gone")
    with pytest.raises(RunError, match=r"cannot write metrics\.jsonl: No such file"):
        folder.metrics.append({"step": 1})
