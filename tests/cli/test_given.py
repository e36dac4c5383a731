"""`advnets` on a conditional game: what is asked for is what is made, shown and written."""

from __future__ import annotations

import json
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
    "monitoring.figures": False,
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


def test_a_classs_name_comes_before_its_number(tmp_path: Path) -> None:
    """Folders called 1, 2 and 3 are the classes 0, 1 and 2, which nobody who asks knows."""
    for name in "123":
        for index in range(4):
            file = tmp_path / "images" / name / f"{index}.png"
            file.parent.mkdir(parents=True, exist_ok=True)
            Image.new("L", (8, 8), 60 * int(name)).save(file)
    data = {"name": "folder", "path": str(tmp_path / "images"), "size": 8, "channels": 1}
    changed = SHORT | {"dataset": data, "training.batch_size": 4, "evaluation.metrics": []}
    advnets.run("cgan_digits", changed | {"training.steps": 1}, tmp_path / "run")
    for asked, told in (("3", [2, 2]), ("[1,3]", [0, 2]), ("0", [0, 0]), ('"1"', [0, 0])):
        out = tmp_path / "out.npz"
        run(
            "sample",
            tmp_path / "run",
            "-n",
            2,
            "--given",
            f"label={asked}",
            "--out",
            out,
            "--force",
        )
        with np.load(out) as held:
            assert held["label"].tolist() == told
    opened = advnets.open_run(tmp_path / "run")
    opened.folder.manifest.change(lambda data: {"sampling": None})  # as one that does not say it
    run("sample", opened.path, "-n", 2, "--given", "label=3", "--out", out, "--force")
    with np.load(out) as held:
        assert held["label"].tolist() == [2, 2]
    _, told = opened.sample(2, given={"label": [1, 2]})
    assert told["label"].tolist() == [1, 2]  # in Python a number is a number


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
        ("labels=1", "did you mean 'label'"),
        ("label=three", "label is given as 'three'; a class, 0 to 9, was expected"),
        ("label=[1,", "neither a number nor a list"),
        ('label={"a": 1}', "numbers were expected, or a list of them"),
        ("label=null", "numbers were expected, or a list of them"),
        ("label=true", "label is given as True; a class, 0 to 9, was expected"),
        ("label", "NAME=VALUE was expected"),
        ("label=[1,2]", "label is given for 2 samples, but 3 are asked for"),
        ("latent=[1,2]", r"latent is given in the shape \(2,\); expected \(32,\)"),
        ("label=@nowhere.npz", "no .npz file can be read there: No such file"),
    ],
)
def test_what_cannot_be_given(
    conditional: Path, word: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("advnets.cli.sample.open_run", None)  # it is refused before
    with pytest.raises(UsageError, match=message) as refused:
        run("sample", conditional, "-n", 3, "--given", word)
    assert refused.value.exit_code == 2


def test_from_python_it_is_refused_alike(conditional: Path) -> None:
    opened = advnets.open_run(conditional)
    for given, message in (
        ({"labels": 1}, "did you mean 'label'"),
        ({"label": "three"}, "a class, 0 to 9, was expected"),
        ({"label": [1, 2]}, "given for 2 samples, but 3"),
        (3, "values by name were expected"),
    ):
        with pytest.raises(UsageError, match=message):
            opened.sample(3, given=given)


def test_the_same_is_not_given_twice(conditional: Path) -> None:
    with pytest.raises(UsageError, match="--given label is named twice"):
        run("sample", conditional, "--given", "label=3", "--given", "label=4")


def test_files_that_hold_no_array_of_that_name(conditional: Path, tmp_path: Path) -> None:
    np.savez(tmp_path / "two.npz", a=np.arange(3), b=np.arange(3))
    np.save(tmp_path / "one.npy", np.arange(3))
    (tmp_path / "text.npz").write_text("no archive")
    np.savez(tmp_path / "words.npz", label=np.array(["a", "b"]))
    np.savez(tmp_path / "objects.npz", label=np.array([{}], object))
    for name, message in (
        ("two.npz", "it holds a, b"),
        ("one.npy", "it is no .npz file"),
        ("text.npz", "it is no .npz file"),
        ("objects.npz", "it is no .npz file of numbers"),
        ("words.npz", "a class, 0 to 9, was expected"),
        ("", "is a folder"),
    ):
        with pytest.raises(UsageError, match=message):
            run("sample", conditional, "--given", f"label=@{tmp_path / name}")


def test_as_many_samples_as_are_given(conditional: Path, tmp_path: Path) -> None:
    np.savez(tmp_path / "any.npz", whatever=[7, 8])
    for word, labels in (("label=[1,2,3]", [1, 2, 3]), (f"label=@{tmp_path}/any.npz", [7, 8])):
        run("sample", conditional, "--given", word, "--out", tmp_path / "x.npz", "--force")
        with np.load(tmp_path / "x.npz") as held:
            assert held["label"].tolist() == labels


def test_truncated_latents(conditional: Path) -> None:
    """From Python, and for a metric: what is given is what samples are made of."""
    opened = advnets.open_run(conditional)
    _, told = opened.sample(6, given={"label": 2})
    truncated = 0.5 * told["latent"]
    samples, told = opened.sample(given={"label": 2, "latent": truncated})
    np.testing.assert_array_equal(told["latent"], truncated)
    for row in range(6):  # one latent for all: as each in its place
        alone, _ = opened.sample(1, given={"label": 2, "latent": truncated[row]})
        np.testing.assert_allclose(alone[0], samples[row], rtol=1e-4, atol=1e-3)


def test_a_line_has_one_label(conditional: Path, tmp_path: Path) -> None:
    out = tmp_path / "lines.npz"
    run("sample", conditional, "--interpolate", "-n", 30, "--out", out)
    with np.load(out) as held:
        labels, latents = held["label"].reshape(3, 10), held["latents"].reshape(3, 10, -1)
    assert (labels == labels[:, :1]).all()
    np.testing.assert_allclose(np.diff(latents, n=2, axis=1), 0, atol=1e-5)
    run("sample", conditional, "--interpolate", "--given", "label=[4,2]", "--out", out, "--force")
    with np.load(out) as held:
        assert held["label"].tolist() == [4] * 10 + [2] * 10
        np.testing.assert_array_equal(held["latents"], latents.reshape(30, -1)[:20])
    ends = latents[:, 0]
    samples, told = advnets.open_run(conditional).sample(interpolate=True, given={"latent": ends})
    assert len(samples) == 20
    np.testing.assert_allclose(told["latent"], latents.reshape(30, -1)[:20], atol=1e-6)


def test_a_game_that_is_told_nothing_takes_nothing(finished_run: Path) -> None:
    with pytest.raises(UsageError, match="samples of this game are made of latent"):
        run("sample", finished_run, "--given", "label=3")


def test_networks_are_exported_as_they_are_called(conditional: Path, tmp_path: Path) -> None:
    opened = advnets.open_run(conditional)
    run("export", conditional, "--format", "keras", "--out", tmp_path / "g.keras")
    loaded = keras.models.load_model(tmp_path / "g.keras")
    about = json.loads((tmp_path / "g.keras.json").read_text())
    assert list(about["inputs"]) == ["latent", "label"]
    assert about["inputs"]["label"] == {"shape": [], "dtype": "int64", "classes": 10}
    assert list(about["outputs"]) == ["example"]
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
