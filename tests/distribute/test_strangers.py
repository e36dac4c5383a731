"""Workers with another recipe than the chief, other data or other code are refused."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np

from advnets.distribute.launcher import worker_environments

sys.path.insert(0, str(Path(__file__).parent))
from cases import PLAIN

PLUGIN = """
from advnets import Component, hookimpl

@hookimpl
def advnets_losses():
    return [Component("mine", "os:getcwd", "a loss")]
"""
OVERRIDES = ([], ["seed=4", "monitoring.log_every=2"])


def test_what_differs_is_named(tmp_path: Path, preloaded: list[str], measured: Any) -> None:
    """The same path, but not the same file: each worker has a folder of its own."""
    recipe = json.dumps(PLAIN | {"dataset": {"name": "npz", "path": "data.npz"}})
    workers = []
    environments = worker_environments(2, {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"})
    for index, environment in enumerate(environments):
        folder = tmp_path / str(index)
        folder.mkdir()
        np.savez(folder / "data.npz", train=np.full([60, 3], index, "float32"))
        (folder / "recipe.yaml").write_text(recipe)  # JSON is YAML
        (folder / "mine.py").write_text(PLUGIN + f"VERSION = {index}\n")
        words = ["run", "recipe.yaml", "--plugin", "mine.py", "--run-dir", str(tmp_path / "run")]
        words += OVERRIDES[index]
        workers.append(
            subprocess.Popen(
                [*preloaded, "-m", "advnets", *words],
                cwd=folder,
                env=environment,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
            )
        )
    with measured.timed("workers_differ"):
        told = [" ".join(worker.communicate(timeout=120)[1].split()) for worker in workers]
    assert [worker.returncode for worker in workers] == [2, 2], told
    for said in told:
        assert (
            "worker 1 was started with another recipe, and worker 1 was started with other data, "
            "and worker 1 was started with plugins of other code than the chief" in said
        )
        assert "Traceback" not in said
    assert "the log of a worker that differs says where" in told[0]
    assert re.search(r"plugin mine: \w{16} → \w{16}", told[1])
    assert "seed: 3 → 4" in told[1]
    assert "monitoring.log_every: 3 → 2" in told[1]
    assert not (tmp_path / "run").exists()
