"""A data set of a kind of its own draws, writes and reads, also where its data are gone."""

from __future__ import annotations

import copy
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import advnets
from advnets.cli.main import cli
from advnets.data import Source
from advnets.data.kept import KeptSource
from advnets.errors import PluginError, UsageError

PLUGIN = str(Path(__file__).with_name("tunes.py"))
ADAM = {"name": "adam", "learning_rate": 1e-3, "beta_1": 0.5}
TUNES: dict[str, Any] = {
    "name": "tunes",
    "seed": 1,
    "dataset": {"name": "tunes", "examples": 64},
    "latent": {"name": "gaussian", "size": 8},
    "given": {"generator": ["outline"]},
    "generator": {"name": "composer", "filters": 4},
    "discriminator": {"name": "listener", "filters": 4},
    "loss": "non_saturating",
    "optimizers": {"generator": ADAM, "discriminator": ADAM},
    "training": {"steps": 4, "batch_size": 16},
    "monitoring": {"log_every": 2, "image_every": 2, "samples": 9},
}


def run(*words: object) -> None:
    cli.main([str(word) for word in words], standalone_mode=False)


@pytest.fixture(scope="module")
def far(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that was moved, and whose data are gone since."""
    folder = tmp_path_factory.mktemp("tunes")
    place = folder / "place"
    place.touch()
    recipe = copy.deepcopy(TUNES)
    recipe["dataset"]["place"] = str(place)
    advnets.run(recipe, (), folder / "run", plugins=[PLUGIN])
    place.unlink()
    return shutil.move(folder / "run", folder / "moved")


def test_a_run_draws_its_grids_by_the_data_sets_picture(far: Path) -> None:
    with Image.open(far / "samples" / "step-00000004.png") as grid:
        pixels = np.asarray(grid.convert("RGB"))
    assert pixels.shape[1] > 3 * 64 > 0  # three columns of pictures of 64 pixels, enlarged
    colours = {tuple(each) for each in np.unique(pixels.reshape(-1, 3), axis=0)}
    assert {(255, 255, 255), (200, 0, 0), (0, 0, 200)} <= colours
    (events,) = (far / "tensorboard").glob("*tfevents*")
    assert b"samples" in events.read_bytes()
    assert "data:image/png;base64" in (far / "report.html").read_text("utf-8")


def test_samples_are_drawn_written_and_made_of_files_without_data(
    far: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(self: Source, *words: Any) -> Any:
        raise AssertionError("data are read")

    opened = advnets.open_run(far, plugins=[PLUGIN])
    owner = type(opened.source.owner)
    monkeypatch.setattr(owner, "read", read)
    run("sample", far, "--plugin", PLUGIN, "-n", 3, "--out", tmp_path / "grid.png")
    out = tmp_path / "tunes.csv"
    run("sample", far, "--plugin", PLUGIN, "-n", 3, "--seed", 2, "--out", out)
    samples, told = opened.sample(3, seed=2)
    table = np.loadtxt(out, delimiter=",", skiprows=1)
    np.testing.assert_allclose(table[:, 2:].reshape(3, 32, 2), samples, atol=1e-6)
    assert told["outline"].shape == (3, 2)

    # What was written is read again: by the command, and from Python.
    held = tmp_path / "again.npz"
    run("sample", far, "--plugin", PLUGIN, "--given", f"outline={out}", "--out", held)
    with np.load(held) as arrays:
        np.testing.assert_allclose(arrays["outline"], samples[:, 0], atol=1e-6)
        again, told = opened.sample(given={"outline": str(out)})
        np.testing.assert_array_equal(arrays["samples"], again)
    np.testing.assert_allclose(told["outline"], samples[:, 0], atol=1e-6)
    shutil.copy(out, tmp_path / "more.csv")
    assert len(opened.sample(given={"outline": str(tmp_path)})[0]) == 6  # a folder
    assert len(opened.sample(given={"outline": [str(out), str(out)]})[0]) == 6


def test_a_spec_that_asks_a_file_that_has_gone_is_data_that_are_not_here(
    far: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As one does that looks up a shape in the data, without an `available` of its own."""
    opened = advnets.open_run(far, plugins=[PLUGIN])
    before, _ = opened.sample(3)
    owner = type(opened.source.owner)
    monkeypatch.setattr(owner, "available", lambda self: None)
    monkeypatch.setattr(owner, "spec", property(lambda self: np.load("gone.npy")))
    opened = advnets.open_run(far, plugins=[PLUGIN])
    np.testing.assert_array_equal(opened.sample(3)[0], before)
    assert isinstance(opened.source, KeptSource)
    assert "not here: FileNotFoundError" in opened.source.missing


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--out", "x.mid"], r"\.mid is not among \.png, \.jpg, \.jpeg, \.npz, \.csv"),
        (["--out", "folder"], "no images"),
        (["--given", "outline=nowhere.csv"], "outline is given as 'nowhere.csv'"),
        (["-n", 2, "--given", "outline=[0.5]"], "expected"),
    ],
)
def test_what_cannot_be_is_refused(
    far: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, words: list[Any], says: str
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match=says) as caught:
        run("sample", far, "--plugin", PLUGIN, *words)
    if "folder" in words:
        assert "FILE.csv" in str(caught.value.hint)


@pytest.mark.parametrize("method", ["picture", "write", "read_given"])
def test_what_fails_in_the_plugin_is_a_sentence(
    far: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    owner = type(advnets.open_run(far, plugins=[PLUGIN]).source.owner)

    def failing(self: Any, *words: Any) -> None:
        raise IndexError("of a melody")

    monkeypatch.setattr(owner, method, failing)
    out, given = {
        "picture": ("x.png", []),
        "write": ("x.csv", []),
        "read_given": ("x.npz", ["--given", "outline=x"]),
    }[method]
    with pytest.raises(PluginError, match="the data set 'tunes' cannot .*of a melody"):
        run("sample", far, "--plugin", PLUGIN, *given, "--out", tmp_path / out)
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_a_data_set_that_cannot_even_be_made_is_sampled(
    far: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened = advnets.open_run(far, plugins=[PLUGIN])
    kept = opened.source
    assert isinstance(kept, KeptSource)

    def fails(self: Any, *words: Any, **options: Any) -> None:
        raise FileNotFoundError("an index of tunes")

    monkeypatch.setattr(type(kept.owner), "__init__", fails)
    again = advnets.open_run(far, plugins=[PLUGIN])
    np.testing.assert_array_equal(again.sample(3)[0], opened.sample(3)[0])
    assert "an index of tunes" in again.source.missing  # type: ignore[attr-defined]
    with pytest.raises(PluginError, match="an index of tunes"):
        run("sample", far, "--plugin", PLUGIN, "--out", tmp_path / "x.csv")


def test_without_the_plugin_it_is_said_which(far: Path, tmp_path: Path) -> None:
    gone = shutil.copytree(far, tmp_path / "run")
    with pytest.raises(advnets.AdvnetsError, match="tunes"):
        run("sample", gone, "--out", tmp_path / "x.csv")


def autocorrelation(x: np.ndarray) -> np.ndarray:
    """The mean of x_t x_(t + lag) over tunes, steps and channels, for lags up to half a tune."""
    x, steps = x.astype(np.float64), x.shape[1]
    return np.array([(x[:, : steps - k] * x[:, k:]).mean() for k in range(steps // 2)])


def turns(x: np.ndarray) -> np.ndarray:
    """How often each tune goes round in all of its steps, by the angle of (cosine, sine)."""
    angle = np.unwrap(np.angle(x[..., 1] + 1j * x[..., 0]), axis=1)
    return (angle[:, -1] - angle[:, 0]) / (2 * np.pi) * x.shape[1] / (x.shape[1] - 1)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [1, 2, 3])
def test_tunes_turn_as_those_of_the_data_do(seed: int, tmp_path: Path) -> None:
    recipe = copy.deepcopy(TUNES) | {
        "seed": seed,
        "dataset": {"name": "tunes", "examples": 2000},
        "generator": {"name": "composer", "filters": 32},
        "discriminator": {"name": "listener", "filters": 32},
        "penalties": [{"name": "r1", "gamma": 0.1}],
        "averaging": {"decay": 0.995},
        "training": {"steps": 2000, "batch_size": 64},
        "monitoring": {"log_every": 500, "image_every": 1000, "samples": 36},
        "given": {},
    }
    run = advnets.run(recipe, (), tmp_path / "run", plugins=[PLUGIN])
    made, _ = run.sample(2000)
    train, test = run.source.load("train"), run.source.load("test")

    def apart(x: np.ndarray) -> float:
        return float(np.sqrt(((autocorrelation(x) - autocorrelation(train)) ** 2).mean()))

    radius = np.sqrt((made.astype(np.float64) ** 2).sum(axis=-1))
    off = float(np.abs(radius - 1).mean())
    print(
        f"seed {seed}: autocorrelation {apart(made):.4f}, test {apart(test):.4f}, nothing "
        f"{apart(0 * train):.4f}; |radius - 1| {off:.4f}; turns {turns(made).mean():.3f} ± "
        f"{turns(made).std():.3f} (data {turns(train).mean():.3f} ± {turns(train).std():.3f})"
    )
    assert apart(made) < 0.05 < apart(0 * train)
    assert off < 0.1
    assert abs(turns(made).mean() - 2) < 0.1
