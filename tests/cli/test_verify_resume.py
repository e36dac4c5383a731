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


def test_a_run_is_no_recipe(run_folder):
    with pytest.raises(UsageError, match="is a run, and this needs a recipe"):
        cli.main(["verify-resume", str(run_folder)], standalone_mode=False)
