"""`advnets` on a conditional game: what is asked for is what is made, shown and written."""

from __future__ import annotations

from pathlib import Path

import keras
import numpy as np
import pytest
from PIL import Image

import advnets
import advnets.networks
from advnets.cli.main import cli
from advnets.errors import UsageError

SHORT = {
    "training.steps": 20,
    "monitoring.log_every": 10,
    "monitoring.image_every": 10,
    "monitoring.tensorboard": False,
    "evaluation.metrics": [{"name": "energy_distance", "features": "pixels", "samples": 50}],
}


def run(*words: object) -> None:
    cli.main([str(word) for word in words], standalone_mode=False)


@pytest.fixture(scope="module")
def conditional(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs") / "cgan"
    advnets.run("cgan_digits", SHORT, folder)
    return folder


def test_what_is_given_is_written_with_the_samples(conditional: Path, tmp_path: Path) -> None:
    out = tmp_path / "threes.npz"
    run("sample", conditional, "-n", 4, "--given", "label=3", "--out", out)
    with np.load(out) as held:
        assert sorted(held.files) == ["label", "latents", "samples"]
        assert held["label"].tolist() == [3] * 4
        samples, latents = held["samples"], held["latents"]
    again = tmp_path / "again.npz"
    run("sample", conditional, "-n", 4, "--given", f"latent=@{out}", "--given", "label=[3,3,3,3]",
        "--out", again)  # fmt: skip
    with np.load(again) as held:
        np.testing.assert_array_equal(held["latents"], latents)
        np.testing.assert_array_equal(held["samples"], samples)


def test_labels_are_drawn_as_often_as_in_the_data(conditional: Path, tmp_path: Path) -> None:
    out = tmp_path / "drawn.npz"
    run("sample", conditional, "-n", 2000, "--out", out)
    with np.load(out) as held:
        shares = np.bincount(held["label"], minlength=10) / 2000
    assert np.abs(shares - 0.1).max() < 0.03  # digits come about equally often


def test_pictures_have_a_row_for_each_class(conditional: Path, tmp_path: Path) -> None:
    run("sample", conditional, "--out", tmp_path / "grid.png")
    with Image.open(tmp_path / "grid.png") as picture:
        width, height = picture.size
    assert height / width == pytest.approx(10 / 6, rel=0.02)
    assert (conditional / "samples" / "step-00000020.png").exists()


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("label=10", "label is 10 for a sample; its classes are 0 to 9"),
        ("label=1.5", "label is 1.5"),
        ("colour=1", "'colour' is given, but samples of this game are made of latent, label"),
        ("label=three", "neither a number nor a list"),
        ("label", "NAME=VALUE was expected"),
        ("label=[1,2]", "in the shape"),
        ("label=@nowhere.npz", "no .npz file can be read there"),
    ],
)
def test_what_cannot_be_given(conditional: Path, word: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        run("sample", conditional, "-n", 3, "--given", word)


def test_a_game_that_is_told_nothing_takes_nothing(finished_run: Path) -> None:
    with pytest.raises(UsageError, match="samples of this game are made of latent"):
        run("sample", finished_run, "--given", "label=3")


def test_networks_are_exported_as_they_are_called(conditional: Path, tmp_path: Path) -> None:
    opened = advnets.open_run(conditional)
    run("export", conditional, "--format", "keras", "--out", tmp_path / "g.keras")
    loaded = keras.models.load_model(tmp_path / "g.keras")
    samples, told = opened.sample(3, given={"label": 7})
    made = np.asarray(loaded({"latent": told["latent"], "label": told["label"]}))
    np.testing.assert_allclose(opened.source.preprocess.invert(made), samples, rtol=1e-4, atol=1e-3)
    with pytest.raises(UsageError, match="no network 'encoder'"):
        run("export", conditional, "--format", "keras", "--network", "encoder",
            "--out", tmp_path / "e.keras")  # fmt: skip


def test_it_is_scored_and_reported(conditional: Path) -> None:
    opened = advnets.open_run(conditional)
    [score] = opened.evaluate()
    assert score.metric == "energy_distance"
    assert np.isfinite(score.value)
    assert (conditional / "report.html").exists()
    run("doctor", conditional)
