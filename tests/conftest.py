"""What tests of several packages share."""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import shutil
from pathlib import Path

import pytest

SHORT = {
    "training.steps": 60,
    "training.batch_size": 50,
    "monitoring.log_every": 5,
    "monitoring.image_every": 30,
    "checkpoints.every": 20,
    "evaluation.metrics": [],
}
"""Overrides that make a shipped recipe end within seconds."""


@pytest.fixture(scope="session")
def finished_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a short finished run on digits, played once; do not write to it."""
    import advnets

    path = tmp_path_factory.mktemp("runs") / "digits"
    advnets.run("digits", SHORT, run_dir=path)
    return path


@pytest.fixture
def run_folder(finished_run: Path, tmp_path: Path) -> Path:
    """A copy of the finished run, to write to."""
    return Path(shutil.copytree(finished_run, tmp_path / "digits-run"))
