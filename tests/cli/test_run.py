"""`advnets run`, from the command to what it says at the end."""

import shlex
import shutil
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import advnets
from advnets.cli.main import cli
from advnets.errors import UsageError
from advnets.plugins import load_plugins
from advnets.runs.load import load_recipe_or_run

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


def test_no_door_leads_into_another_run(
    sound: tuple[Result, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, measured: Any
) -> None:
    """Before anything is written: where the place is named, and where it would be by default."""
    outer = Path(shutil.copytree(sound[1], tmp_path / "outer"))
    sweep = tmp_path / "rates.yaml"
    sweep.write_text(
        "recipe: gaussian_1d\n"
        "space: {optimizers.generator.learning_rate: [0.001, 0.002]}\n"
        "objective: {metric: energy_distance, mode: min}\n"
        "overrides: {evaluation.metrics: [energy_distance]}\n"
        "sampler: grid\n"
    )
    before = sorted(outer.rglob("*"))
    inner = str(outer / "inner")
    doors = [
        ["run", "gaussian_1d", "--run-dir", inner],
        ["launch", "-w", "2", "gaussian_1d", "--run-dir", inner],
        ["sweep", str(sweep), "--sweep-dir", inner],
        ["run", "gaussian_1d"],
        ["sweep", str(sweep)],
        ["verify-resume", "gaussian_1d"],
    ]
    with (
        measured.timed("run_in_a_run"),
        pytest.raises(UsageError, match="a run inside another one"),
    ):
        advnets.run("gaussian_1d", run_dir=inner)
    monkeypatch.chdir(outer)
    for words in doors:
        refused = CliRunner().invoke(cli, words)
        assert refused.exit_code == 2, (words, refused.output)
        assert "would be a run inside another one" in refused.stderr
        assert "beside it" in refused.stderr
    assert sorted(outer.rglob("*")) == before


def test_a_folder_does_not_hide_a_shipped_recipe(
    sound: tuple[Result, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, measured: Any
) -> None:
    """Whether it is a run's or not; with ./ before its name it is the folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "ring").mkdir()
    for words in (["run", "ring", "--dry-run"], ["validate", "ring"], ["recipes", "show", "ring"]):
        done = CliRunner().invoke(cli, words)
        assert done.exit_code == 0, done.output
    refused = CliRunner().invoke(cli, ["run", "./ring", "--dry-run"])
    assert "ring is not the folder of a run" in refused.stderr
    (tmp_path / "ring").rmdir()
    shutil.copytree(sound[1], tmp_path / "ring")
    with measured.timed("folder_called_like_a_recipe"):
        recipe = CliRunner().invoke(cli, ["run", "ring", "--dry-run"])
    assert "name: ring" in recipe.stdout
    assert "the run in the folder of that name is ./ring" in recipe.stderr
    again = CliRunner().invoke(cli, ["run", "ring", "--run-dir", "ring", "--dry-run"])
    assert "name: ring" in again.stdout
    assert "warning" not in again.stderr
    for own in ("./ring", str(tmp_path / "ring")):
        assert "name: gaussian_1d" in CliRunner().invoke(cli, ["run", own, "--dry-run"]).stdout
    registry = load_plugins()
    assert load_recipe_or_run(Path("ring"), (), None, registry)[1] == Path("ring")
    assert load_recipe_or_run("ring", (), None, registry)[1] is None
