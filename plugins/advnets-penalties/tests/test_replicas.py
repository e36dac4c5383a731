"""What looks at the whole batch does so on several replicas, too."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
def test_two_replicas_are_one(tmp_path: Path) -> None:
    script = Path(__file__).parent / "two_replicas.py"
    subprocess.run([sys.executable, str(script), str(tmp_path)], check=True, timeout=900)
    one, two = (json.loads((tmp_path / f"{name}.json").read_text()) for name in ("one", "two"))
    assert len(one) == len(two) == 6
    for mine, other in zip(one, two, strict=True):
        compared = [
            name for name in mine if "penalties" in name or name.startswith(("d_", "g_", "lecam"))
        ]
        assert {"d_penalties.0", "d_penalties.1", "lecam_real", "d_loss"} <= set(compared)
        for name in compared:
            assert other[name] == pytest.approx(mine[name], rel=1e-3, abs=1e-5), name
