"""Check what a recipe says of fields against those that its data have, without TensorFlow."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ..plugins.components import PLAYERS, Component
from ..plugins.parameters import OfField
from ..plugins.registry import BUILT_IN
from .cast import ALONE
from .document import Keys, join_keys
from .named import walk_named
from .problems import Findings
from .recipe import Recipe
from .schema import FIELDS
from .wording import did_you_mean

INDEX = FIELDS[-1]


def speaks_of_fields(recipe: Recipe) -> bool:
    """Tell whether a recipe says anything that depends on the fields of its data."""
    settings = recipe.settings
    chosen = settings.given or settings.conditions or settings.networks or settings.streams
    return bool(chosen) or any(True for _ in (*_spoken(recipe), *_told(recipe)))


def check_fields(recipe: Recipe, data: str, fields: Mapping[str, Any]) -> None:
    """Check what a recipe says of fields against those that its data have.

    Args:
        recipe: A validated recipe.
        data: The data set's name.
        fields: What comes with its examples, by name: :class:`advnets.data.Field`.

    Raises:
        RecipeError: With all that is wrong, each with its place in the recipe.
    """
    findings = Findings(recipe.document)
    for name in recipe.settings.networks:
        if name in fields:
            message = f"networks.{name}: {data} has a field called {name!r}"
            findings.add(("networks", name), message, "give the network another name", at_key=True)
    for name in recipe.settings.streams:
        if name in fields:
            message = f"streams.{name}: {data} has a field called {name!r}"
            findings.add(("streams", name), message, "give the stream another name", at_key=True)
    _check_given(recipe, data, fields, findings)
    _check_told(recipe, findings)
    _check_parameters(recipe, data, fields, findings)
    if findings.problems:
        raise findings.error()


def _check_given(recipe: Recipe, data: str, fields: Mapping[str, Any], findings: Findings) -> None:
    conditions = recipe.settings.conditions
    known = [*fields, INDEX, *(name for name in conditions if name not in fields)]
    for network, names in recipe.settings.given.items():
        for index, name in enumerate(names):
            keys, where = ("given", network, index), f"given.{network}"
            if name in names[:index]:
                findings.add(keys, f"{where}: {name!r} is named twice")
            elif name in FIELDS and name != INDEX:
                hint = "what it takes first is said by its role; `given` names fields"
                findings.add(keys, f"{where}: {name!r} is no field", hint)
            elif name not in known:
                what = f"{name!r} neither comes with {data} nor is drawn by a condition"
                hint = did_you_mean(name, known) or (
                    f"there are {', '.join(sorted(known))}; `conditions` adds others, and tfds "
                    "and npz carry what their `fields` name"
                    + "; labels come from npz's `labels: ARRAY`"
                    * (name == "label")
                )
                findings.add(keys, f"{where}: {what}", hint)
            elif network == "discriminator" and recipe.settings.encounter["name"] == ALONE:
                _check_sides(recipe, keys, name, fields, findings)


def _check_told(recipe: Recipe, findings: Findings) -> None:
    """Check that what is always told something is told something, where `given` alone says it."""
    for keys, network, component in _told(recipe):
        if not recipe.settings.given.get(network):
            findings.add(
                keys,
                f"{join_keys(keys)}: {component.name!r} is of what the {network} is told, and it "
                "is told nothing",
                "tell both players a field of the data: `given: {generator: [label], "
                "discriminator: [label]}`, say",
            )


def _told(recipe: Recipe) -> Iterator[tuple[Keys, str, Component]]:
    """Yield architectures that are always told something, where both sides are x and G(z)."""
    if recipe.settings.encounter["name"] == ALONE:
        for keys, component in walk_named(recipe, ("architectures",)):
            if keys[0] in PLAYERS and "given" in component.example:
                yield keys, str(keys[0]), component


def _check_sides(
    recipe: Recipe, keys: Keys, name: str, fields: Mapping[str, Any], findings: Findings
) -> None:
    """Check that x and G(z), which meet and nothing else does, both have what D is told."""
    where = join_keys(keys[:-1])
    if name not in recipe.settings.given.get("generator", ()):
        message = f"{where}: the generator is not told {name!r}, so generated examples have none"
        findings.add(keys, message, f"tell it as well: `given: {{generator: [{name}], …}}`")
    elif name not in fields and name != INDEX and _is_built_in(recipe, name):
        message = f"{where}: {name!r} is drawn for generated examples, and real ones have none"
        findings.add(keys, message, "tell the discriminator fields of the data")


def _is_built_in(recipe: Recipe, condition: str) -> bool:
    component, _ = recipe.component(f"conditions.{condition}")
    return recipe.registry.owner("conditions", component.name).source == BUILT_IN


def _check_parameters(
    recipe: Recipe, data: str, fields: Mapping[str, Any], findings: Findings
) -> None:
    known = [*FIELDS, *fields, *recipe.settings.conditions]
    for keys, says, value in _spoken(recipe):
        field = fields.get(str(keys[1]) if says == "count" else str(value))
        what: str | None = None
        hint: str | None = None
        if says == "count":
            if field is not None and field.classes not in (None, value):
                what = f"{keys[1]} of {data} has {field.classes} classes, not {value}"
                hint = "give the condition another name, if it is another thing"
        elif says == "name":
            if value not in known:
                what = f"{value!r} neither comes with {data} nor is drawn by a condition"
                hint = did_you_mean(value, known) or f"there are {', '.join(sorted(known))}"
        elif field is None and not (says == "data" and value == INDEX):
            what = f"{data} has no field {value!r}"
            hint = did_you_mean(value, fields) or f"it has {', '.join(fields) or 'none'}"
        elif says == "classes" and field is not None and field.classes is None:
            what = f"the field {value!r} of {data} has no classes"
            hint = "such a condition draws classes, as labels are"
        if what is not None:
            findings.add(keys, f"{join_keys(keys)}: {what}", hint)


def _spoken(recipe: Recipe) -> Iterator[tuple[Keys, str, Any]]:
    """Yield where a component's parameter speaks of a field, what it says, and of which."""
    for path, component, parameters in recipe.walk():
        keys = tuple(int(part) if part.isdigit() else part for part in path.split("."))
        for name, says in _marked(component):
            value = parameters[name]
            if isinstance(value, Mapping):
                for key, one in value.items():
                    if isinstance(one, str):
                        yield (*keys, name, key), says, one
            elif value is not None:
                yield (*keys, name), says, value
            elif keys[0] == "conditions":
                yield keys, says, keys[1]


def _marked(component: Component) -> Iterator[tuple[str, str]]:
    for name, described in component.parameters.model_fields.items():
        for mark in described.metadata:
            if isinstance(mark, OfField):
                yield name, mark.says
