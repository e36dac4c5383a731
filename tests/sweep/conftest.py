"""A small sweep, and runs that cost nothing."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # for what its modules share

from advnets.plugins import load_plugins
from advnets.plugins.registry import Registry
from advnets.sweep import Sweep, load_sweep

SWEEP = """\
# A sweep for tests: advnets sweep toy.yaml
name: toy
recipe: gaussian_1d
overrides:
  training.steps: 50
  evaluation: {every: 10, metrics: [{name: parzen, samples: 50, validation: 50}]}
space:
  training.batch_size: [10, 20, 30]
  rate: {log_uniform: [1.0e-4, 1.0e-1], keys: [optimizers.generator.learning_rate]}
objective: {metric: parzen}
sampler: random
trials: 6
"""


@pytest.fixture(scope="session")
def registry() -> Registry:
    return load_plugins(environ={})


@pytest.fixture
def make(tmp_path: Path, registry: Registry) -> Callable[..., Sweep]:
    """A sweep from the text above, parts of it replaced: ``make(("trials: 6", "trials: 2"))``."""

    def made(*changes: tuple[str, str]) -> Sweep:
        return load_sweep(written(tmp_path, *changes), registry)

    return made


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    """The file of such a sweep."""
    return lambda *changes: written(tmp_path, *changes)


def written(folder: Path, *changes: tuple[str, str]) -> Path:
    text = SWEEP
    for old, new in changes:
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    file = folder / "toy.yaml"
    file.write_text(text, encoding="utf-8")
    return file


@pytest.fixture
def fakes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let sweeps start fakes instead of `advnets run`."""
    fake = str(Path(__file__).with_name("fake_run.py"))
    monkeypatch.setattr(
        "advnets.sweep.run_process.worker_command", lambda words: [sys.executable, fake, *words]
    )
