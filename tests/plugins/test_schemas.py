"""Bad parameters of every component in plugins/ are refused by its schema, in a recipe, in place.

What is tried follows from the schema of each component that is registered, so that a new one is
tried as soon as it is there: another type, a number below the least, and a key that is none.
"""

from __future__ import annotations

import copy
import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from advnets.errors import RecipeError, UsageError
from advnets.plugins import load_plugins
from advnets.plugins.components import Component
from advnets.recipe import find_recipe, load_recipe, parameter_schema, read_yaml

REGISTRY = load_plugins(environ={})
FOLDERS = {folder.name for folder in (Path(__file__).parents[2] / "plugins").glob("advnets-*")}
PLACES: Mapping[str, str] = {
    "losses": "loss",
    "penalties": "penalties",
    "datasets": "dataset",
    "priors": "latent",
    "conditions": "conditions.tried",
    "encounters": "encounter",
    "augmentations": "augmentations",
    "updates": "updates",
    "optimizers": "optimizers.generator",
    "metrics": "evaluation.metrics",
    "features": "",
    "callbacks": "monitoring.callbacks",
}
"""Where a recipe names a component of a kind; of architectures the key is the role."""
MANY = ("penalties", "augmentations", "metrics", "features", "callbacks")
DIGITS = find_recipe("digits", REGISTRY)
UNBOUNDED: Mapping[tuple[str, str], str] = {
    ("conditions", "continuous"): "low and high bound a uniform number, of any sign",
    ("losses", "least_squares"): "a, b and c are targets of D, of any sign",
}
"""Components with numbers, none of which has a least value, and why."""
TYPES = {"integer": 7, "string": "no such thing", "array": [[[]]], "object": {"no": "such"}}
"""A value of each JSON type, to be given where the type is another."""

Shape = Mapping[str, Any]


def components() -> Iterator[tuple[str, Component]]:
    """Every component of the distributions in plugins/ that has parameters."""
    for kind in [*PLACES, "architectures"]:
        for component in REGISTRY.components(kind):
            if REGISTRY.owner(kind, component.name).source.rpartition(" ")[0] in FOLDERS:
                yield kind, component


COMPONENTS = [pytest.param(kind, one, id=f"{kind}-{one.name}") for kind, one in components()]
BY_HAND = [
    pytest.param(kind, one, id=f"{kind}-{one.name}")
    for kind in [*PLACES, "architectures"]
    for one in REGISTRY.components(kind)
    if one.parameters.model_fields
]
"""Those of the core too."""


def alternatives(shape: Shape, schema: Shape) -> Iterator[Shape]:
    """What a value may be: each of ``anyOf``, references followed."""
    if "$ref" in shape:
        yield from alternatives(schema["$defs"][shape["$ref"].rpartition("/")[2]], schema)
    elif any(key in shape for key in ("anyOf", "oneOf")):
        for one in shape.get("anyOf") or shape["oneOf"]:
            yield from alternatives(one, schema)
    else:
        yield shape


def type_of(shape: Shape) -> str | None:
    """The JSON type of an alternative; an enumeration has that of its first value."""
    if "type" in shape:
        return str(shape["type"])
    first = shape.get("const", (shape.get("enum") or [None])[0])
    return "string" if isinstance(first, str) else None


def least(shape: Shape) -> float | None:
    """The least number that is allowed, or what all have to be above."""
    return shape.get("minimum", shape.get("exclusiveMinimum"))


def mistakes(component: Component) -> Iterator[tuple[str, Any]]:
    """Parameters and a value of each that its schema is to refuse."""
    schema = parameter_schema(component)
    for name, shape in schema.get("properties", {}).items():
        options = list(alternatives(shape, schema))
        types = {type_of(one) for one in options}
        if None in types:  # it takes anything, or what another component does
            continue
        for wrong, value in TYPES.items():
            also = {"integer": {"number"}}.get(wrong, set())
            enumerated = wrong == "string" and all(
                "enum" in one or "const" in one for one in options if type_of(one) == "string"
            )
            if enumerated or not types & {wrong, *also}:
                yield name, copy.deepcopy(value)
        numbers = [one for one in options if type_of(one) in ("number", "integer")]
        bounds = [least(one) for one in numbers]
        if numbers and None not in bounds:
            below = min(bound for bound in bounds if bound is not None)
            yield name, math.floor(below) - 1
            if all("exclusiveMinimum" in one for one in numbers):
                yield name, below
        items = [
            least(option)
            for one in options
            for option in alternatives(one.get("items", {}), schema)
            if type_of(option) in ("number", "integer")
        ]
        if items and None not in items and types == {"array"}:
            yield name, [math.floor(min(b for b in items if b is not None)) - 1]


def recipe_with(kind: str, component: Component, parameters: Mapping[str, Any]) -> dict[str, Any]:
    """The recipe ``digits``, naming the component where its kind stands."""
    recipe: dict[str, Any] = read_yaml(DIGITS.read_bytes(), DIGITS.name).value
    entry = {"name": component.name, **parameters}
    role = component.roles[0]
    place = PLACES.get(kind) or ("networks.encoder" if role == "encoder" else role)
    if kind == "features":
        place, entry = "evaluation.metrics", {"name": "fid", "features": entry}
    *way, last = place.split(".")
    at = recipe
    for key in way:
        at = at.setdefault(key, {})
    at[last] = [entry] if kind in MANY else entry
    return recipe


def problems_of(kind: str, component: Component, changed: Mapping[str, Any], file: Path) -> list:
    """What is wrong with a recipe on disk, whose other parameters are the component's example."""
    given = dict((component.example or {}).get("parameters", {}))
    recipe = recipe_with(kind, component, {**given, **changed})
    file.write_text(json.dumps(recipe, indent=1), encoding="utf-8")
    try:
        load_recipe(file, registry=REGISTRY)
    except RecipeError as error:
        return list(error.problems)
    return []


@pytest.mark.parametrize(("kind", "component"), COMPONENTS)
def test_bad_parameters_are_refused_in_place(
    kind: str, component: Component, tmp_path: Path
) -> None:
    file = tmp_path / "tried.yaml"
    for name, value in mistakes(component):
        found = problems_of(kind, component, {name: value}, file)
        mine = [one for one in found if f".{name}" in one.message or f"{name!r}" in one.message]
        assert mine, f"{component.name}: {name}={value!r} was taken; all that was said: {found}"
        lines = file.read_text(encoding="utf-8").splitlines()
        first = next(i for i, line in enumerate(lines, 1) if f'"{name}"' in line and i > 1)
        assert all(one.line is not None and one.source == str(file) for one in mine), mine
        assert any(one.line >= first for one in mine), (mine, first)


@pytest.mark.parametrize(("kind", "component"), BY_HAND)
def test_they_are_refused_of_who_makes_it_by_hand_in_the_same_words(
    kind: str, component: Component
) -> None:
    target, given = component.load(), dict((component.example or {}).get("parameters", {}))
    for name, value in mistakes(component):
        if (component.name, name, value) == ("mlp", "pretrained", "no such thing"):
            continue  # a file, in short
        with pytest.raises(UsageError, match=f"cannot be made so: .*{name}"):
            target(**{**given, name: value})


@pytest.mark.parametrize(("kind", "component"), COMPONENTS)
def test_a_key_that_is_none_is_refused_with_a_hint(
    kind: str, component: Component, tmp_path: Path
) -> None:
    found = problems_of(kind, component, {"no_such_key": 1}, tmp_path / "tried.yaml")
    (problem,) = [one for one in found if "'no_such_key'" in one.message]
    assert problem.line is not None
    known = parameter_schema(component).get("properties", {})
    assert problem.hint, f"{component.name} has {', '.join(known) or 'no parameters'}"


def test_numbers_have_a_least_value_but_where_it_is_said_why() -> None:
    found = set()
    for kind, component in components():
        schema = parameter_schema(component)
        numbers = [
            [
                least(one)
                for one in alternatives(shape, schema)
                if type_of(one) in ("number", "integer")
            ]
            for shape in schema.get("properties", {}).values()
        ]
        numbers = [bounds for bounds in numbers if bounds]
        if numbers and all(None in bounds for bounds in numbers):
            found.add((kind, component.name))
    assert found == set(UNBOUNDED) & {(kind, one.name) for kind, one in components()}


def test_there_is_something_to_try() -> None:
    tried = {(kind, one.name): len(list(mistakes(one))) for kind, one in components()}
    assert tried["penalties", "pulling_away"] >= 2
    assert tried["architectures", "autoencoder"] >= 10
