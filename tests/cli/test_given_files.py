"""Samples are made of image files, and shown next to them; sequences are drawn as curves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import advnets
from advnets.cli.main import cli
from advnets.data import DataSpec, Examples, Field, Source, summarise
from advnets.data.by_source import read_words
from advnets.data.sources import Npz
from advnets.errors import DataError, UsageError

MLP = {"name": "mlp", "layers": [4]}
BASE: dict[str, Any] = {
    "seed": 1,
    "latent": {"name": "gaussian", "size": 2},
    "generator": MLP,
    "discriminator": MLP,
    "loss": "non_saturating",
    "optimizers": {"generator": "sgd", "discriminator": "sgd"},
    "training": {"steps": 1, "batch_size": 8},
    "monitoring": {"log_every": 1, "image_every": 1, "samples": 4, "tensorboard": False},
}


def run(*words: object) -> None:
    cli.main([str(word) for word in words], standalone_mode=False)


@pytest.fixture(scope="module")
def painted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run whose generator is told of an image with each example; its data are gone."""
    folder = tmp_path_factory.mktemp("painted")
    images = np.random.default_rng(0).integers(0, 256, (32, 6, 4, 3), dtype=np.uint8)
    np.savez(folder / "data.npz", train=images, train_edges=images[..., :1])
    recipe = BASE | {
        "name": "painted",
        "dataset": {
            "name": "npz",
            "path": str(folder / "data.npz"),
            "fields": {"edges": {"kind": "image"}},
            "preprocess": "symmetric",
        },
        "given": {"generator": ["edges"]},
    }
    advnets.run(recipe, (), folder / "run")
    (folder / "data.npz").unlink()
    return folder / "run"


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("photos")
    for number, grey in enumerate((0, 128, 255)):
        Image.new("L", (8, 12), grey).save(folder / f"{number}.png")
    (folder / "notes.txt").write_text("no picture", encoding="utf-8")
    return folder


def test_images_are_given_as_files_and_folders(painted: Path, photos: Path, tmp_path: Path) -> None:
    opened = advnets.open_run(painted)
    _, told = opened.sample(given={"edges": str(photos)})
    assert told["edges"].shape == (3, 6, 4, 1)
    np.testing.assert_allclose(told["edges"][:, 0, 0, 0], [0, 128, 255], atol=1e-3)
    held = tmp_path / "held.npz"
    run("sample", painted, "-n", 2, "--given", f"edges={photos}/1.png", "--out", held)
    with np.load(held) as arrays:
        np.testing.assert_allclose(arrays["edges"], np.full((2, 6, 4, 1), 128), atol=1e-3)


def test_told_images_stand_next_to_what_is_made_of_them(
    painted: Path, photos: Path, tmp_path: Path
) -> None:
    opened = advnets.open_run(painted)
    samples, told = opened.sample(4)
    shown = opened.columns(samples, told)
    assert [*shown] == ["edges", "generated", "real"]
    np.testing.assert_allclose(shown["real"][..., :1], shown["edges"], atol=1e-3)  # as data are
    np.testing.assert_allclose(shown["generated"], samples, atol=1e-3)
    sizes = []
    for number, words in enumerate(((), ("--given", f"edges={photos}"))):
        out = tmp_path / f"{number}.png"
        run("sample", painted, *words, "--out", out)
        with Image.open(out) as picture:
            sizes.append(picture.size)
    assert sizes[0] != sizes[1]
    with Image.open(painted / "samples" / "step-00000001.png") as grid:  # of four examples
        assert grid.width > 3 * grid.height / 4


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("no such file", "edges is given as 'no such file'; numbers were expected"),
        ("{photos}/notes.txt", "not an image"),
        ("{empty}", "0 images"),
    ],
)
def test_what_is_no_image_is_refused(
    painted: Path, photos: Path, tmp_path: Path, text: str, says: str
) -> None:
    text = text.format(photos=photos, empty=tmp_path)
    with pytest.raises(advnets.AdvnetsError, match=says):
        run("sample", painted, "--given", f"edges={text}", "--out", tmp_path / "x.png")
    with pytest.raises(advnets.AdvnetsError, match=says):
        advnets.open_run(painted).sample(given={"edges": text})


class Nothing(Source):
    name = "nothing"
    spec = DataSpec((1,), "float32")
    splits = ("train",)

    def read(self, split: str) -> Examples:
        raise AssertionError


def test_a_field_without_a_range_is_read_from_arrays_only(photos: Path) -> None:
    hidden = Field((6, 4, 2), "float32", kind="image")
    with pytest.raises(DataError, match="of 2, without a range"):
        read_words({"hidden": f"{photos}/1.png"}, {"hidden": hidden}, Nothing)


def test_words_that_nobody_reads_stay_words() -> None:
    told = {"label": Field((), "int64", classes=2, names=("ant", "bee")), "latent": None}
    given = {"label": ["ant", "bee"], "latent": "x", "other": "y"}
    assert read_words(given, told, Nothing) == given


@pytest.mark.parametrize("shape", [(24, 10, 2), (24, 10)])
def test_arrays_of_sequences_are_drawn_as_curves(shape: tuple[int, ...], tmp_path: Path) -> None:
    np.savez(tmp_path / "waves.npz", train=np.random.default_rng(0).normal(size=shape))
    source = Npz(tmp_path / "waves.npz", kind="sequence")
    channels = 2 if len(shape) == 3 else 1
    assert (source.spec.kind, source.spec.shape) == ("sequence", (10, channels))
    assert source.load("train").shape == (24, 10, channels)
    assert f"sequences of 10×{channels}, float32" in summarise(source).lines[0]
    np.savez(tmp_path / "images.npz", train=np.zeros((9, 4, 4, 3)))
    with pytest.raises(DataError, match="a sequence's shape is"):
        Npz(tmp_path / "images.npz", kind="sequence").spec


def test_a_run_on_sequences_shows_curves(tmp_path: Path) -> None:
    np.savez(tmp_path / "waves.npz", train=np.random.default_rng(0).normal(size=(24, 10, 2)))
    data = {"name": "npz", "path": str(tmp_path / "waves.npz"), "kind": "sequence"}
    played = advnets.run(BASE | {"name": "waves", "dataset": data}, (), tmp_path / "run")
    with Image.open(played.path / "samples" / "step-00000001.png") as grid:
        drawn = {tuple(each) for each in np.asarray(grid.convert("RGB")).reshape(-1, 3)}
    assert {(0xD1, 0x45, 0x3B), (0x1F, 0x6F, 0xB4)} <= drawn  # a colour a channel
    run("sample", played.path, "-n", 3, "--out", tmp_path / "three.jpg")
    with pytest.raises(UsageError, match="are sequences of 20 numbers"):
        run("figure", 2, played.path)
