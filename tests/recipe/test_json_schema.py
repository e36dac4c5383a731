"""The JSON Schema accepts what the validation accepts, and refuses most of what it refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from advnets.plugins import load_plugins
from advnets.plugins.registry import Registry
from advnets.recipe import load_recipe, parse_recipe, read_yaml, recipe_schema

RECIPES = sorted(Path(__file__).parents[2].glob("recipes/*.yaml"))


@pytest.fixture(scope="module")
def validator() -> Any:
    return make(load_plugins(environ={}))


def make(registry: Registry) -> Any:
    jsonschema = pytest.importorskip("jsonschema")
    schema = json.loads(json.dumps(recipe_schema(registry)))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def test_every_reference_resolves(registry: Registry) -> None:
    schema = recipe_schema(registry)
    text = json.dumps(schema)
    for part in text.split('"$ref": "')[1:]:
        ref = part.partition('"')[0]
        assert ref.startswith("#/$defs/")
        assert ref.removeprefix("#/$defs/") in schema["$defs"]


def test_what_editors_need(registry: Registry) -> None:
    schema = recipe_schema(registry)
    assert schema["$schema"].endswith("2020-12/schema")
    assert schema["required"] == [
        "dataset", "latent", "generator", "discriminator", "loss", "optimizers", "training",
    ]  # fmt: skip
    hinge = schema["$defs"]["losses:hinge"]
    assert hinge["properties"]["name"] == {"const": "hinge"}
    assert hinge["properties"]["margin"]["exclusiveMinimum"] == 0
    assert hinge["additionalProperties"] is False
    assert all(item.get("description") for item in schema["properties"].values())


def test_the_toy_recipe(registry: Registry, good: str) -> None:
    validator = make(registry)
    assert validator.is_valid(read_yaml(good, "r.yaml").value)
    assert validator.is_valid(parse_recipe(good, (), registry).data)


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        (("seed",), -1),
        (("steps",), 3),
        (("latent",), "sphere"),
        (("generator",), "critic"),
        (("loss", "margin"), 0),
        (("loss", "marign"), 1),
        (("dataset", "preprocess"), {"gcn": 0}),
        (("dataset", "preprocess"), "untt"),
        (("dataset", "offline"), "nose"),
        (("training", "steps"), 0),
        (("penalties",), "zero"),
        (("penalties",), [{"weight": 1}]),
        (("optimizers", "generator"), None),
        (("optimizers", "encoder"), "adamm"),
        (("networks",), {"encoder": "uniform"}),
        (("networks",), {"Encoder": "dense"}),
        (("conditions",), {"label": {"name": "categorical", "classes": 1}}),
        (("given",), {"generator": "label"}),
        (("given",), {"generator": ["La bel"]}),
        (("encounter",), "cube"),
    ],
)
def test_refusals(registry: Registry, good: str, keys: tuple[str, ...], value: object) -> None:
    recipe = read_yaml(good, "r.yaml").value
    holder = recipe
    for key in keys[:-1]:
        holder = holder[key]
    holder[keys[-1]] = value
    assert not make(registry).is_valid(recipe)


def test_names_that_the_recipe_chooses(registry: Registry, good: str) -> None:
    recipe = read_yaml(good, "r.yaml").value
    recipe["networks"] = {"encoder": {"name": "dense", "layers": [3]}}
    recipe["given"] = {"encoder": ["label"]}
    recipe["conditions"] = {"label": "uniform", "code": {"name": "categorical", "classes": 4}}
    recipe["optimizers"]["encoder"] = "descent"
    assert make(registry).is_valid(recipe)


@pytest.mark.parametrize("file", RECIPES, ids=lambda file: file.stem)
def test_shipped_recipes(validator: Any, file: Path) -> None:
    written = read_yaml(file.read_bytes(), file.name).value
    assert [error.message for error in validator.iter_errors(written)] == []
    resolved = load_recipe(file, registry=load_plugins(environ={})).data
    assert [error.message for error in validator.iter_errors(resolved)] == []
