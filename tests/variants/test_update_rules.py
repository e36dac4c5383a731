"""A stranger's update rule, of public parts only: the formula's, on one and two replicas."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from sometimes import ROUNDS, by_hand, make_saddle, play


def test_it_is_the_formula():
    np.testing.assert_allclose(play(make_saddle(), ROUNDS), by_hand(), rtol=1e-6)


def test_on_two_replicas_too(preloaded, tmp_path):
    """In a process of its own, that has two devices."""
    out = tmp_path / "places.json"
    script = Path(__file__).with_name("rule_on_two_replicas.py")
    done = subprocess.run(
        [*preloaded, script, out], capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stderr[-3000:]
    np.testing.assert_allclose(json.loads(out.read_text()), by_hand(), rtol=1e-5, atol=1e-6)
