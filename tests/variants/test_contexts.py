"""Data sets make others that they wrap; callbacks know their run and write into TensorBoard."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import keras  # noqa: F401  (which the plugin imports, and has a minute for)
import numpy as np
import pytest

import advnets
from advnets.data.sources import Ring
from advnets.errors import PluginError, UsageError
from advnets.plugins import load_plugins
from advnets.recipe import load_recipe
from advnets.testing import check_callback, check_dataset
from advnets.train.find_data import build_source, find_data

PLUGIN = str(Path(__file__).with_name("contexts.py"))
RING = {"name": "ring", "examples": 64, "held_out": 16}
BASE: dict[str, Any] = {
    "name": "contexts",
    "seed": 1,
    "dataset": {"name": "first", "of": RING, "examples": 32},
    "latent": {"name": "gaussian", "size": 2},
    "generator": {"name": "mlp", "layers": [4]},
    "discriminator": {"name": "mlp", "layers": [4]},
    "loss": "non_saturating",
    "optimizers": {"generator": "sgd", "discriminator": "sgd"},
    "training": {"steps": 8, "batch_size": 8},
    "monitoring": {"log_every": 4, "image_every": 0, "figures": False},
}


def recipe(**changed: Any) -> Any:
    return load_recipe(copy.deepcopy(BASE) | changed, registry=load_plugins([PLUGIN]))


def test_a_data_set_makes_the_one_that_it_wraps() -> None:
    source = build_source(recipe(distribution={"memory_budget": 0.5}))
    ring = Ring(examples=64, held_out=16)
    assert source.name == "first 32 of ring"
    np.testing.assert_array_equal(source.load("train"), ring.load("train")[:32])
    assert source.fingerprint() != ring.fingerprint()
    assert source.memory_budget == source.of.memory_budget == 2**29
    assert source.cache.parts[-2:] == ("datasets", "first")
    several = build_source(recipe(dataset={"name": "joined", "of": [RING, {**RING, "seed": 3}]}))
    assert several.count("train") == 16
    assert not np.array_equal(several.load("train")[:8], several.load("train")[8:])


def test_what_it_wraps_enters_the_identity_but_not_where_that_lies(tmp_path: Path) -> None:
    def identity(of: Any) -> str:
        return recipe(dataset={"name": "first", "of": of}).identity()

    assert identity("ring") == identity({"name": "ring"}) == identity({"name": "ring", "seed": 0})
    assert identity("ring") != identity({"name": "ring", "seed": 7})
    here, there = ({"name": "npz", "path": path} for path in ("a.npz", "b.npz"))
    assert identity(here) == identity(there) != identity({**here, "low": 0, "high": 1})

    def several(*of: Any) -> str:
        return recipe(dataset={"name": "joined", "of": list(of)}).identity()

    assert several(here, there) == several(there, here) != several(here)


@pytest.mark.parametrize(
    ("of", "says"),
    [
        ({"name": "ring", "modes": 0}, r"dataset\.of\.modes"),
        ("rign", "dataset.of: .*rign"),
        ({**RING, "offline": "ring"}, r"offline"),
    ],
)
def test_a_mistake_in_it_is_found_in_the_recipe(of: Any, says: str) -> None:
    with pytest.raises(advnets.RecipeError, match=says):
        recipe(dataset={"name": "first", "of": of})


def test_it_is_there_where_the_other_is(tmp_path: Path) -> None:
    missing = {"name": "first", "of": {"name": "npz", "path": str(tmp_path / "none.npz")}}
    with pytest.raises(advnets.DataError, match=r"none\.npz"):
        find_data(recipe(dataset=missing))
    found = find_data(recipe(dataset={**missing, "offline": {"name": "first", "of": RING}}))
    assert found.source.name == "first 8 of ring"
    assert "none.npz" in str(found.missing)


def test_only_data_sets_are_made() -> None:
    source = build_source(recipe())
    made = advnets.data.DataContext("first").make("datasets", source)
    assert made is source
    with pytest.raises(UsageError, match="no recipe to look it up by"):
        advnets.data.DataContext("first").make("datasets", "ring")


@pytest.fixture(scope="module")
def noted(tmp_path_factory: pytest.TempPathFactory) -> advnets.Run:
    folder = tmp_path_factory.mktemp("contexts") / "run"
    arrays = folder.parent / "points.npz"
    np.savez(arrays, train=Ring(examples=64).load("train"))
    callbacks = ["noting", "drawing", {"name": "late", "of": "noting", "epoch": 1}]
    changed = copy.deepcopy(BASE) | {
        "dataset": {"name": "first", "of": {"name": "npz", "path": str(arrays)}, "examples": 32},
        "monitoring": BASE["monitoring"] | {"callbacks": callbacks},
    }
    run = advnets.run(changed, (), folder, plugins=[PLUGIN])
    arrays.unlink()
    return run


def test_callbacks_know_their_run_and_write(noted: advnets.Run) -> None:
    assert (noted.path / "noted.txt").read_text("utf-8").splitlines() == [
        "contexts (2,) 4",
        "contexts (2,) 8",
        "contexts (2,) 8",  # the late one, of the second epoch alone
    ]
    (events,) = (noted.path / "tensorboard").glob("*tfevents*")
    assert events.read_bytes().count(b"noted/d_loss") >= 3
    assert b"drawn" in events.read_bytes()


def test_a_run_on_a_wrapped_data_set_is_sampled_without_it(noted: advnets.Run) -> None:
    opened = advnets.open_run(noted.path, plugins=[PLUGIN])
    assert opened.sample(3)[0].shape == (3, 2)
    assert opened.source.splits == ()
    played = recipe(dataset=noted.recipe.settings.dataset)
    assert noted.manifest["data"]["name"].startswith("first 32 of npz")
    assert played.identity() == noted.manifest["identity"]


@pytest.mark.slow
def test_a_run_goes_on_where_the_wrapped_data_have_been_moved(
    noted: advnets.Run, tmp_path: Path
) -> None:
    place = tmp_path / "moved.npz"
    np.savez(place, train=Ring(examples=64).load("train"))
    changes = {"training.steps": 9, "dataset.of.path": str(place)}
    again = advnets.run(noted.recipe.data, changes, noted.path, plugins=[PLUGIN])
    assert again.manifest["step"] == 9
    assert again.manifest["identity"] == noted.manifest["identity"]


def test_a_callback_that_makes_a_changing_one_says_so(tmp_path: Path) -> None:
    changed = copy.deepcopy(BASE)
    changed["monitoring"]["callbacks"] = [{"name": "late", "of": "stopping"}]
    with pytest.raises(PluginError, match="'late' makes 'stopping', which changes the game"):
        advnets.run(changed, (), tmp_path / "run", plugins=[PLUGIN])


def test_the_kit_gives_contexts() -> None:
    check_callback("noting", plugins=[PLUGIN])
    check_dataset("joined", plugins=[PLUGIN], skip={"plays_a_short_game": "said of others"})
