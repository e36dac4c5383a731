"""Recipe: its components, its stand-in, its identity, its text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from advnets import RecipeError, UsageError
from advnets.plugins.registry import Registry
from advnets.recipe import Recipe, differences, identity, load_recipe, parse_recipe


def test_components(parse: Any) -> None:
    recipe = parse()
    component, parameters = recipe.component("optimizers.discriminator")
    assert (component.name, parameters) == ("descent", {"rate": 0.5})
    assert recipe.component("dataset")[1] == {"id": "tfd", "size": 8, "preprocess": "unit"}
    assert [p for _, p in recipe.components("penalties")] == [{"weight": 2.0}, {"weight": 1.0}]
    assert recipe.component("penalties.1")[1] == {"weight": 1.0}
    assert recipe.components("evaluation.metrics") == []
    with pytest.raises(KeyError, match=r"no component at 'training\.steps'"):
        recipe.component("training.steps")


def test_parameters_are_plain(parse: Any) -> None:
    recipe = parse(overrides=["generator={name: dense, layers: [3, {units: 4}]}"])
    assert recipe.component("generator")[1] == {"layers": (3, {"units": 4})}


def test_walk_names_every_component(parse: Any) -> None:
    assert {path for path, _, _ in parse().walk()} == {
        "dataset", "dataset.offline", "latent", "generator", "discriminator", "loss",
        "encounter", "penalties.0", "penalties.1", "updates", "optimizers.generator",
        "optimizers.discriminator",
    }  # fmt: skip


def test_stand_in(parse: Any) -> None:
    recipe = parse()
    stand_in = recipe.stand_in()
    assert stand_in.data["dataset"] == {"name": "noise"}
    assert stand_in.component("dataset")[0].name == "noise"
    assert stand_in.stand_in_for["id"] == "tfd"
    assert stand_in.name == recipe.name
    assert stand_in.identity() != recipe.identity()
    assert recipe.stand_in_for is None
    assert recipe.data["dataset"]["id"] == "tfd"
    assert stand_in.stand_in() is None
    assert "#   dataset: {name: faces, id: tfd" in stand_in.to_yaml()


def test_settings_are_typed_and_hold_what_the_json_does(parse: Any) -> None:
    recipe = parse(overrides=["training.steps=7", "averaging={}"])
    assert recipe.settings.training.steps == 7
    assert recipe.settings.averaging.decay == 0.999
    assert recipe.settings.dataset == recipe.data["dataset"]
    assert recipe.settings.penalties == recipe.data["penalties"]
    assert recipe.settings.updates == recipe.data["updates"]
    stand_in = recipe.stand_in()
    assert stand_in.settings.dataset == {"name": "noise"}
    assert stand_in.settings.training is recipe.settings.training


def test_a_recipe_under_overrides(parse: Any) -> None:
    recipe = parse()
    changed = recipe.override({"training.steps": 7, "dataset": "noise"})
    assert changed.settings.training.steps == 7
    assert changed.settings.training.batch_size == recipe.settings.training.batch_size
    assert changed.component("dataset")[0].name == "noise"
    assert changed.registry is recipe.registry
    assert recipe.component("dataset")[0].name == "faces"
    with pytest.raises(RecipeError, match=r"unknown key 'step' in training"):
        recipe.override(["training.step=7"])


def test_a_list_of_components_is_asked_for_by_its_key(parse: Any) -> None:
    with pytest.raises(KeyError, match="no list of components at 'loss'"):
        parse().components("loss")


def test_no_stand_in(parse: Any) -> None:
    assert parse(overrides=["dataset=noise"]).stand_in() is None


@pytest.mark.parametrize(
    "override",
    [
        "name=other", "training.steps=99", "checkpoints.every=3", "checkpoints.keep=9",
        "monitoring.log_every=1", "evaluation={every: 5, metrics: [score]}",
        "distribution.strategy=one_device", "distribution.jit=on", "dataset.offline={name: noise}",
        "loss.margin=3.0", "optimizers.generator={name: descent, rate: 0.1}",
    ],
)  # fmt: skip
def test_identity_is_not_moved_by(parse: Any, override: str) -> None:
    assert parse(overrides=[override]).identity() == parse().identity()


@pytest.mark.parametrize(
    "override",
    [
        "seed=2", "dataset.size=9", "dataset.preprocess=none", "dataset=noise",
        "generator={name: dense, layers: [1]}", "discriminator=dense", "loss.margin=4",
        "penalties=[]", "penalties=[zero, {name: zero, weight: 2}]", "updates=alternating",
        "optimizers.generator.rate=0.2", "training.batch_size=5",
    ],
)  # fmt: skip
def test_identity_is_moved_by(parse: Any, override: str) -> None:
    assert parse(overrides=[override]).identity() != parse().identity()


def test_identity_is_what_it_was(parse: Any) -> None:
    """Run folders are named after it: it must not change between versions of advnets."""
    assert parse().identity() == "431af87f"
    assert identity(parse().data) == parse().identity()


def test_differences(parse: Any) -> None:
    other = parse(overrides=["seed=2", "penalties=[]", "training.steps=3"])
    assert differences(parse().data, other.data) == [
        "seed: 1 → 2",
        'penalties.0.name: "zero" → (absent)',
        "penalties.0.weight: 2.0 → (absent)",
        'penalties.1.name: "zero" → (absent)',
        "penalties.1.weight: 1.0 → (absent)",
    ]


def test_resolved_text_loads_to_the_same_recipe(parse: Any) -> None:
    recipe = parse()
    again = parse(recipe.to_yaml())
    assert again.data == recipe.data
    assert again.to_yaml() == recipe.to_yaml()
    assert list(again.data) == list(recipe.data)


def test_sources(tmp_path: Path, registry: Registry, good: str) -> None:
    file = tmp_path / "My Recipe.yaml"
    file.write_text(good)
    for source in (file, str(file)):
        recipe = load_recipe(source, ["seed=3"], registry)
        assert (recipe.name, recipe.seed, recipe.source) == ("my-recipe", 3, str(file))
    from_mapping = load_recipe(recipe.data, registry=registry)
    assert from_mapping.identity() == recipe.identity()
    assert from_mapping.source == "recipe"
    assert isinstance(from_mapping, Recipe)


def test_the_name_in_the_file_wins(registry: Registry, good: str) -> None:
    assert parse_recipe(f"name: x1\n{good}", (), registry).name == "x1"


def test_no_such_file(tmp_path: Path, registry: Registry) -> None:
    (tmp_path / "minst.yaml").touch()
    with pytest.raises(UsageError, match="there is no file") as error:
        load_recipe(tmp_path / "mnist.yaml", registry=registry)
    assert "minst.yaml" in str(error.value.hint)
    with pytest.raises(UsageError, match="is a folder, not a recipe"):
        load_recipe(tmp_path, registry=registry)
