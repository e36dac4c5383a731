"""`advnets verify-resume` kills real runs."""

from __future__ import annotations

import pytest
from click.testing import CliRunner

from advnets.cli.main import cli
from advnets.errors import UsageError

LINE = [
    "gaussian_1d",
    "training.steps=300",
    "training.batch_size=32",
    "monitoring.log_every=20",
    "monitoring.image_every=0",
    "monitoring.tensorboard=false",
    "evaluation.metrics=[]",
]


def run(*words):
    command = ["verify-resume", *words]
    return CliRunner().invoke(cli, command, catch_exceptions=False, standalone_mode=False)


@pytest.mark.slow
def test_one_kill_is_a_proof_only_if_a_checkpoint_was_restored(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = run(*LINE, "checkpoints.every=20", "--kills", "1")
    assert "The same after 1 kills" in done.stdout
    row = next(line.split() for line in done.stdout.splitlines() if line.startswith("1 "))
    assert int(row[3]) >= 20  # what was kept
    assert not list((tmp_path / "runs").iterdir())


@pytest.mark.slow
def test_nothing_is_proved_without_a_checkpoint(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = run(*LINE, "checkpoints.every=100000", "--kills", "1")
    assert "NOTHING WAS RESTORED" in done.stdout
    assert done.return_value == 1 or done.exit_code == 1


def test_a_run_that_is_finished_has_nothing_to_play(run_folder):
    with pytest.raises(UsageError, match="there is nothing to play: the run is at step"):
        cli.main(["verify-resume", str(run_folder)], standalone_mode=False)
    with pytest.raises(UsageError, match="there is no run to change"):
        cli.main(["verify-resume", "digits", "--change"], standalone_mode=False)


@pytest.mark.slow
def test_a_run_that_is_given_another_rate_is_the_same_after_kills(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = ["run", *LINE, "checkpoints.every=20", "--run-dir", "begun"]
    assert CliRunner().invoke(cli, words).exit_code == 0
    before = (tmp_path / "begun" / "manifest.json").read_bytes()
    rate = "optimizers.generator.learning_rate=0.02"
    done = run("begun", rate, "training.steps=600", "--change", "--kills", "3")
    assert "The same after 3 kills" in done.stdout
    assert (tmp_path / "begun" / "manifest.json").read_bytes() == before
