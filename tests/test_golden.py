"""A finished run of the present format, which must open, sample, resume and extend from now on."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

import advnets
from advnets.recipe import load_recipe

GOLDEN = Path(__file__).parent / "golden"

pytestmark = pytest.mark.usefixtures("without_reports")


@pytest.fixture
def copy(tmp_path):
    return Path(shutil.copytree(GOLDEN / "run", tmp_path / "run"))


def test_it_is_small():
    assert sum(file.stat().st_size for file in GOLDEN.rglob("*") if file.is_file()) < 200_000


def test_its_recipe_has_the_identity_that_it_had():
    run = advnets.open_run(GOLDEN / "run")
    assert load_recipe(GOLDEN / "recipe.yaml").identity() == run.manifest["identity"]


def test_it_opens_and_samples(copy):
    run = advnets.open_run(copy)
    assert (run.manifest["status"], run.manifest["step"]) == ("finished", 12)
    assert [record["step"] for record in run.metrics if "d_loss" in record] == [4, 8, 12]
    assert {score["metric"] for score in run.manifest["scores"]} == {"parzen"}
    samples, told = run.sample(5)
    assert (samples.shape, told["latent"].shape) == ((5, 8, 8, 1), (5, 4))
    assert np.isfinite(samples).all()
    # The checkpoint verifies, and what is restored has the hash that was committed.
    assert run.commit.state_sha256 == run.manifest["state_sha256"]


def test_the_best_checkpoint_is_known(copy):
    assert advnets.open_run(copy, checkpoint="best").commit.step in (6, 12)


def test_it_resumes_and_extends(copy):
    before = advnets.open_run(copy).manifest
    again = advnets.run(GOLDEN / "recipe.yaml", run_dir=copy)
    assert again.manifest["state_sha256"] == before["state_sha256"]  # finished: nothing to play
    longer = advnets.run(GOLDEN / "recipe.yaml", {"training.steps": 20}, run_dir=copy)
    assert (longer.manifest["status"], longer.manifest["step"]) == ("finished", 20)
    steps = [record["step"] for record in longer.metrics if "d_loss" in record]
    assert steps == [4, 8, 12, 16, 20]
    assert longer.manifest["sessions"]["count"] == before["sessions"]["count"] + 1
    assert longer.manifest["started"] == before["started"]
