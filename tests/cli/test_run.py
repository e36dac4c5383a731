"""`advnets run`, from the command to what it says at the end."""

import shlex
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from advnets.cli.main import cli

SHORT = [
    *("training.steps=60", "monitoring.log_every=5", "monitoring.image_every=20"),
    *("evaluation.metrics=[]", "evaluation.every=0"),
]


def run(folder: Path, *overrides: str) -> Result:
    """A short game on the line."""
    words = ["run", "gaussian_1d", *SHORT, *overrides, "--run-dir", str(folder)]
    return CliRunner().invoke(cli, words)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> tuple[Result, Path]:
    """A game that comes to something: what was said, and its run."""
    folder = tmp_path_factory.mktemp("sound") / "my run"
    return run(folder), folder


def test_a_game_that_came_to_nothing_is_told_of(tmp_path: Path) -> None:
    one_point = ["generator.irange=1.0e-8", "optimizers.generator.learning_rate=1.0e-12"]
    for _ in ("played", "asked for again"):
        said = run(tmp_path / "one_point", *one_point)
        assert said.exit_code == 0, said.output
        assert "warning: collapse: " in said.stderr
        assert "hint: look at the sample grids" in said.stderr


def test_a_sound_game_ends_without_a_warning(sound: tuple[Result, Path]) -> None:
    said, _ = sound
    assert said.exit_code == 0, said.output
    assert "warning" not in said.stderr


def test_the_last_lines_can_be_pasted_and_name_what_is_there(
    sound: tuple[Result, Path], tmp_path: Path
) -> None:
    said, folder = sound
    last = said.stdout.splitlines()[-1]
    assert shlex.split(last)[1:] == ["tensorboard", "--logdir", str(folder / "tensorboard")]
    shutil.copytree(folder, tmp_path / "run")
    for name in ("tensorboard", "samples"):
        shutil.rmtree(tmp_path / "run" / name)
    again = run(tmp_path / "run")
    assert [line.split()[0] for line in again.stdout.splitlines()] == ["report"]


def test_records_that_cannot_be_read_do_not_spoil_a_finished_run(
    sound: tuple[Result, Path], tmp_path: Path
) -> None:
    shutil.copytree(sound[1], tmp_path / "run")
    records = tmp_path / "run" / "metrics.jsonl"
    records.unlink()
    records.mkdir()
    said = run(tmp_path / "run")
    assert said.exit_code == 0, said.output
    assert "report " in said.stdout
    assert "warning: health failed: cannot read metrics.jsonl" in said.stderr
    assert "advnets doctor" in said.stderr
