"""Recipe: its components, its stand-in, its identity, its text."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import pytest
from pydantic import Field

from advnets import Component, Names, Parameters, RecipeError, UsageError
from advnets.plugins.registry import PluginRecord, Registry
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
        "encounter=generated", "given={}", "monitoring.callbacks=[bell]", "loss.margin=3.0",
        "optimizers.generator={name: descent, rate: 0.1}",
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
        "optimizers.generator.rate=0.2", "training.batch_size=5", "given.generator=[label]",
        "conditions.label=uniform", "encounter=packed", "networks.encoder=dense",
    ],
)  # fmt: skip
def test_identity_is_moved_by(parse: Any, override: str) -> None:
    assert parse(overrides=[override]).identity() != parse().identity()


def test_identity_is_what_it_was(parse: Any) -> None:
    """Run folders are named after it: it must not change between versions of advnets."""
    assert parse().identity() == "075a08dc"
    assert identity(parse().chosen) == parse().identity()


def test_what_a_recipe_chooses(parse: Any) -> None:
    words = ["seed=2", "updates=alternating", "loss.margin=10", "averaging={}", "encounter=packed"]
    recipe = parse(overrides=[*words, "generator={name: dense, layers: [3, {units: 4}]}"])
    assert recipe.chosen == {
        "name": "r",
        "seed": 2,
        "dataset": {"name": "faces", "id": "tfd"},
        "latent": {"name": "cube"},
        "generator": {"name": "dense", "layers": [3, {"units": 4}]},
        "discriminator": {"name": "critic"},
        "encounter": {"name": "packed"},
        "loss": {"name": "hinge"},
        "penalties": [{"name": "zero", "weight": 2.0}, {"name": "zero"}],
        "optimizers": {
            "generator": {"name": "descent"},
            "discriminator": {"name": "descent", "rate": 0.5},
        },
        "averaging": {},
        "training": {"steps": 10, "batch_size": 4},
    }
    again = load_recipe(recipe.chosen, registry=recipe.registry)
    assert again.identity() == recipe.identity()
    assert again.data == recipe.override({"dataset": recipe.chosen["dataset"]}).data


def with_component(registry: Registry, kind: str, component: Component) -> Registry:
    """The registry as it would be with a newer version of one component."""
    (toys, *_) = registry.plugins
    others = [each for each in toys.components[kind] if each.name != component.name]
    newer = Registry()
    newer.add(
        PluginRecord("toys", "toys 2.0", components={**toys.components, kind: [*others, component]})
    )
    return newer


class NewerLayer(Parameters):
    units: int = Field(ge=1)
    bias: bool = True


class NewerDense(Parameters):
    slope: float = 0.2
    layers: tuple[int | NewerLayer, ...] = ()


def test_a_new_parameter_with_a_default_moves_no_identity(parse: Any, good: str) -> None:
    old = parse(overrides=["generator={name: dense, layers: [3, {units: 4}]}"])
    dense = Component("dense", "m:a", parameters=NewerDense)
    newer = with_component(old.registry, "architectures", dense)
    new = load_recipe(old.data, registry=newer)
    assert new.data["generator"] == {
        "name": "dense", "slope": 0.2, "layers": [3, {"units": 4, "bias": True}],
    }  # fmt: skip
    assert new.identity() == old.identity()
    assert new.override(["generator.slope=0.3"]).identity() != old.identity()


class OtherDescent(Parameters):
    rate: float = Field(0.2, gt=0)


def test_another_default_shows_in_the_resolved_recipe(parse: Any, good: str) -> None:
    old = parse()
    descent = Component("descent", "m:a", parameters=OtherDescent)
    newer = with_component(old.registry, "optimizers", descent)
    new = parse_recipe(good, (), newer, "r.yaml")
    assert new.identity() == old.identity()
    assert load_recipe(old.data, registry=newer).identity() != old.identity()
    assert differences(old.data, new.data) == ["optimizers.generator.rate: 0.1 → 0.2"]


class NewerPacked(Parameters):
    of: int = Field(2, ge=1)
    encounter: Annotated[str | dict[str, Any] | None, Names("encounters")] = "generated"
    shuffled: bool = False


def test_components_that_determining_ones_name_are_resolved(parse: Any) -> None:
    recipe = parse(overrides=["encounter={name: packed, encounter: {name: packed, of: 3}}"])
    inner = {"name": "packed", "of": 3, "encounter": {"name": "generated"}}
    assert recipe.data["encounter"] == {"name": "packed", "of": 2, "encounter": inner}
    packed = Component("packed", "m:a", parameters=NewerPacked)
    newer = with_component(recipe.registry, "encounters", packed)
    again = load_recipe(recipe.data, registry=newer)
    assert again.data["encounter"]["encounter"]["shuffled"] is False
    assert again.identity() == recipe.identity()


@pytest.mark.parametrize(
    "entry",
    [
        "packed", "{name: packed, of: 2}", "{name: packed, encounter: generated}",
        "{name: packed, encounter: {name: generated}}",
    ],
)  # fmt: skip
def test_a_default_that_is_spelled_out_is_the_same_game(parse: Any, entry: str) -> None:
    packed = parse(overrides=["encounter=packed"])
    recipe = parse(overrides=[f"encounter={entry}"])
    assert recipe.data == packed.data
    assert recipe.identity() == packed.identity() != parse().identity()
    null = parse(overrides=["encounter={name: packed, encounter: null}"])
    assert null.identity() != packed.identity()


def test_what_scores_are_computed_by_stays_as_it_was_written(parse: Any) -> None:
    recipe = parse(overrides=["evaluation={metrics: [{name: gap, features: edges}]}"])
    assert recipe.data["evaluation"]["metrics"] == [{"name": "gap", "features": "edges"}]


def test_callbacks_that_change_the_game_are_part_of_the_identity(parse: Any) -> None:
    def watched(*callbacks: str) -> Recipe:
        return parse(overrides=[f"monitoring.callbacks=[{', '.join(callbacks)}]"])  # type: ignore[no-any-return]

    assert watched("bell").identity() == parse().identity()
    assert watched("brake").identity() != parse().identity()
    assert watched("bell", "brake").identity() == watched("brake").identity()
    assert watched("{name: brake, weight: 1}").identity() == watched("brake").identity()
    assert watched("{name: brake, weight: 3}").identity() != watched("brake").identity()
    plain, braked = watched("bell"), watched("bell", "brake")
    assert differences(plain.data, braked.data, plain.registry) == [
        'monitoring.callbacks.0.name: (absent) → "brake"',
        "monitoring.callbacks.0.weight: (absent) → 1.0",
    ]


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
