"""Every recipe that ships, here or in plugins/, is found, validates, and builds its game."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from advnets.errors import DataError
from advnets.plugins import load_plugins
from advnets.recipe import load_recipe

ROOT = Path(__file__).parents[1]
FOLDERS = ("recipes", "plugins/*/recipes", "plugins/*/src/*/recipes")
FILES = sorted(file for folder in FOLDERS for file in ROOT.glob(f"{folder}/*.yaml"))
REGISTRY = load_plugins(environ={})


def name_of(file: Path) -> str:
    return str(file.relative_to(ROOT))


def needs(file: Path) -> None:
    """Skip the recipes of plugins that are not installed."""
    folder = file.relative_to(ROOT).parts
    if folder[0] != "plugins":
        return
    if not any(record.source.startswith(folder[1]) for record in REGISTRY.plugins):
        pytest.skip(f"{folder[1]} is not installed; `make test` installs it")


def test_there_are_recipes() -> None:
    assert len(FILES) >= 5, "recipes were moved, and the tests below would test nothing"


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_is_listed(file: Path) -> None:
    """`advnets recipes list` and the files on disk are the same set."""
    needs(file)
    assert file.stem in REGISTRY.names("recipes")


def test_nothing_listed_is_missing() -> None:
    stems = {file.stem for file in FILES}
    assert stems >= set(REGISTRY.names("recipes"))


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_has_a_lab_note(file: Path) -> None:
    """The header says at least what it is, and the command."""
    header = file.read_text(encoding="utf-8").split("\n\n")[0].splitlines()
    comments = [line for line in header if line.startswith("#")]
    assert len(comments) >= 3
    assert any("advnets run" in line for line in comments)


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_validates(file: Path) -> None:
    needs(file)
    recipe = load_recipe(file, registry=REGISTRY)
    assert recipe.data["name"] == file.stem, "a run's folder is named after its recipe's file"
    stand_in = recipe.stand_in()
    assert stand_in is None or stand_in.identity() != recipe.identity()


def own_files(file: Path, folder: Path) -> list[str]:
    """Overrides that put small files in the place of those that a user has to bring."""
    data = load_recipe(file, registry=REGISTRY).data
    overrides = []
    if data["dataset"]["name"] == "npz":
        assert "tfd" in file.stem, "say here what the arrays of the new recipe look like"
        random = np.random.default_rng(1).integers(0, 256, (128, 48, 48, 1), np.uint8)
        np.savez(folder / "own.npz", train=random)
        overrides.append(f"dataset.path={folder / 'own.npz'}")
    if data["dataset"]["name"] == "folder":
        from PIL import Image

        (folder / "own").mkdir()
        pixels = np.random.default_rng(1).integers(0, 256, (128, 70, 64, 3), np.uint8)
        for index, picture in enumerate(pixels):
            Image.fromarray(picture).save(folder / "own" / f"{index}.png")
        overrides.append(f"dataset.path={folder / 'own'}")
    if data["generator"].get("pretrained") is not None:
        overrides.append("generator.pretrained=null")
    return overrides


@pytest.mark.parametrize("file", FILES, ids=name_of)
def test_builds(file: Path, tmp_path: Path) -> None:
    """Data that is not at hand is replaced by noise of the shape that it declares."""
    needs(file)
    from advnets.data import DataSpec, Examples, Source
    from advnets.train.build import build_game
    from advnets.train.find_data import build_source

    recipe = load_recipe(file, own_files(file, tmp_path), registry=REGISTRY)
    source = build_source(recipe)
    try:
        source.available()
        source.load("train")
    except DataError:
        spec = source.spec

        class Noise(Source):
            name = "noise"
            splits = ("train",)

            @property
            def spec(self) -> DataSpec:
                return spec

            def read(self, split: str) -> Examples:
                low, high = (0.0, 1.0) if spec.low is None else (spec.low, spec.high)
                random = np.random.default_rng(1).uniform(low, high, (128, *spec.shape))
                fields = {
                    name: np.zeros((128, *field.shape), field.dtype)
                    for name, field in spec.fields.items()
                }
                return Examples(random.astype(spec.dtype), fields)

        source = Noise(recipe.data["dataset"].get("preprocess", "auto"))
    game = build_game(recipe, source)
    samples, told = game.generate(3, seed=1)
    assert samples.shape == (3, *source.spec.shape)
    assert np.isfinite(samples).all()
    takes = game.roles["discriminator"].takes
    inputs = {"example": samples, **{name: told[name] for name in takes if name in told}}
    said = game.discriminator(inputs if len(takes) > 1 else samples)
    for name in game.loss.requires:
        assert name in (said if isinstance(said, dict) else {"logits": said})
