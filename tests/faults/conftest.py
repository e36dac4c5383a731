"""Plays small games from the command line, in this process, with faults."""

from __future__ import annotations

import json
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from advnets.checkpoint import CheckpointStore, Commit
from advnets.cli.main import cli
from advnets.runs import RunFolder
from advnets.session import ending

PLUGIN = Path(__file__).parent / "faulty.py"
MLP = {"name": "mlp", "layers": [4], "activation": "leaky_relu"}
ADAM = {"name": "adam", "learning_rate": 1e-3}
TINY: dict[str, Any] = {
    "name": "tiny",
    "seed": 3,
    "dataset": {"name": "gaussian_1d", "mean": 4, "deviation": 0.5},
    "latent": {"name": "gaussian", "size": 1},
    "generator": MLP,
    "discriminator": MLP,
    "loss": "non_saturating",
    "optimizers": {"generator": ADAM, "discriminator": ADAM},
    "training": {"steps": 30, "batch_size": 16},
    "checkpoints": {"every": 10},
    "monitoring": {
        "log_every": 1,
        "image_every": 0,
        "samples": 4,
        "tensorboard": False,
        "figures": False,
    },
}


@dataclass(frozen=True)
class Outcome:
    """What came of a command.

    Attributes:
        code: The exit code.
        said: What was said on standard error.
        folder: The run's folder.
        seconds: How long the command took.
        kept: The newest checkpoint before it, which it went on from.
        reached: The round that it had come to when it failed.
    """

    code: int
    said: str
    folder: RunFolder
    seconds: float
    kept: Commit | None
    reached: int

    @property
    def manifest(self) -> dict[str, Any]:
        return self.folder.manifest.data

    @property
    def steps(self) -> list[int]:
        return [record["step"] for record in self.folder.metrics.read()]

    def cost_of(self, failed: Outcome) -> tuple[int, float]:
        """The rounds and seconds that were lost where one command failed and this one went on.

        The seconds are those of the first that led to no checkpoint, and the start of this one.
        They are taken here, since a disk that is full keeps the run from booking its end.
        """
        kept = self.kept.extras["time"] if self.kept else {}
        start = self.manifest["time"]["starting"] - kept.get("starting", 0.0)
        step = self.kept.step if self.kept else 0
        return failed.reached - step, failed.seconds - sum(kept.values()) + start


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    """The tiny game as a file."""
    path = tmp_path / "tiny.yaml"
    path.write_text(json.dumps(TINY))  # JSON is YAML
    return path


@pytest.fixture
def play(tmp_path: Path, recipe: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Outcome]:
    """Play the tiny game with overrides, in ``tmp_path/run`` or elsewhere.

    Nothing but ``SystemExit`` may come out, and no traceback. Reports, which take longer than
    the rest, are written on request only.
    """
    end_badly = ending.Ending.badly

    def run(
        *overrides: str, folder: Path | None = None, plugin: Path = PLUGIN, report: bool = False
    ) -> Outcome:
        folder = folder or tmp_path / "run"
        kept = CheckpointStore(RunFolder(folder).checkpoints).newest()
        reached = 0

        def badly(self: ending.Ending, error: BaseException, step: int) -> None:
            nonlocal reached
            reached = step
            end_badly(self, error, step)

        words = ["run", "--plugin", str(plugin), "--run-dir", str(folder), str(recipe)]
        with monkeypatch.context() as patch:
            patch.setattr(ending.Ending, "badly", badly)
            if not report:
                patch.setattr(ending, "write_report", lambda folder: None)
            began = time.perf_counter()
            done = CliRunner().invoke(cli, [*words, *overrides])
            seconds = time.perf_counter() - began
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        assert "Traceback" not in done.output
        return Outcome(done.exit_code, done.stderr, RunFolder(folder), seconds, kept, reached)

    return run


@pytest.fixture(scope="session")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The state of the tiny game that nothing happened to."""
    import advnets

    run = advnets.run(TINY, run_dir=tmp_path_factory.mktemp("undisturbed") / "run")
    return str(run.manifest["state_sha256"])


@pytest.fixture
def mount(tmp_path: Path) -> Iterator[Callable[..., Path]]:
    """Mount a file system of so many KiB in memory; skip where that is not permitted.

    Whatever is mounted below ``tmp_path`` when the test ends is unmounted.
    """

    def mount(path: Path, kib: int) -> Path:
        path.mkdir(parents=True, exist_ok=True)
        done = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={kib}k", "advnets-test", str(path)],
            capture_output=True,
            text=True,
        )
        if done.returncode:
            why = done.stderr.splitlines()[0].rpartition(": ")[2]
            pytest.skip(f"no file system can be mounted here: {why}")
        return path

    yield mount
    places = [line.split(" ")[1] for line in Path("/proc/self/mounts").read_text().splitlines()]
    for place in reversed(places):
        if place.startswith(f"{tmp_path}/"):
            subprocess.run(["umount", "-l", place], check=True)
