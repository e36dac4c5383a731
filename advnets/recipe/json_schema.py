"""Make the recipe's JSON Schema, with the parameters of every registered component."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel
from pydantic.errors import PydanticInvalidForJsonSchema

from ..plugins.components import KIND, Component
from ..plugins.registry import Registry
from .document import Keys
from .schema import ANY, EVERY, FIELD_PATTERN, OFFLINE, RecipeSchema, Slot
from .slots import SLOTS

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def recipe_schema(registry: Registry) -> dict[str, Any]:
    """Make the schema by which an editor completes and checks recipes (draft 2020-12).

    Args:
        registry: The components that recipes may name.

    Returns:
        The schema, as plain data.
    """
    definitions: dict[str, Any] = {}
    for slot in dict.fromkeys(SLOTS.values()):
        definitions[_label(slot)] = _choice(slot, registry, definitions)
    schema = RecipeSchema.model_json_schema(mode="validation")
    definitions |= _inline(schema, schema.pop("$defs", {}))
    for keys, slot in SLOTS.items():
        _set_slot(schema, keys, slot)
    schema["required"] = [key for key in schema["required"] if key != "name"]
    schema["title"] = "advnets recipe"
    return {"$schema": DIALECT, **schema, "$defs": definitions}


def parameter_schema(component: Component, references: str = "#/$defs/{model}") -> dict[str, Any]:
    """Make the JSON Schema of a component's parameters.

    A type that JSON Schema cannot express makes it a bare list of names.
    """
    try:
        return component.parameters.model_json_schema(ref_template=references)
    except PydanticInvalidForJsonSchema:
        names = component.parameters.model_fields
        return {"type": "object", "properties": {name: {} for name in names}}


def _label(slot: Slot) -> str:
    return f"{slot.kind}.{slot.role}" if slot.role else slot.kind


def _choice(slot: Slot, registry: Registry, definitions: dict[str, Any]) -> dict[str, Any]:
    """Make the schema of a slot: a fitting component's name, or a mapping with its parameters."""
    alone, refs = [], []
    for component in filter(slot.fits, registry.components(slot.kind)):
        label = f"{slot.kind}:{component.name}"
        if label not in definitions:
            definitions[label] = _component(component, slot.kind, label, definitions)
        refs.append({"$ref": f"#/$defs/{label}"})
        if definitions[label]["required"] == ["name"]:
            alone.append({"const": component.name, "description": component.summary})
    return {"description": KIND[slot.kind], "oneOf": [*alone, *refs] or [False]}


def _component(
    component: Component, kind: str, label: str, definitions: dict[str, Any]
) -> dict[str, Any]:
    """Make the schema of one component's mapping."""
    schema = parameter_schema(component, f"#/$defs/{label}.{{model}}")
    for name, definition in schema.pop("$defs", {}).items():
        definitions[f"{label}.{name}"] = definition
    properties = {"name": {"const": component.name}, **schema.get("properties", {})}
    if kind == "datasets":
        properties[OFFLINE] = {
            "$ref": "#/$defs/datasets",
            "description": "the stand-in used when this data set cannot be had",
        }
    if kind == "penalties":
        properties[EVERY] = {
            "type": "integer",
            "minimum": 1,
            "default": 1,
            "description": "n: the penalty is taken in every n-th round, n times",
        }
    return {
        "type": "object",
        "title": component.name,
        "description": component.summary,
        "properties": properties,
        "required": ["name", *schema.get("required", [])],
        "additionalProperties": bool(schema.get("additionalProperties", False)),
    }


def _inline(schema: dict[str, Any], models: dict[str, Any]) -> dict[str, Any]:
    """Replace references to sections by the sections; return what these refer to."""
    rest = dict(models)
    for name, field in RecipeSchema.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            schema["properties"][name] = dict(models[field.annotation.__name__])
            rest.pop(field.annotation.__name__, None)
            continue
        own = schema["properties"][name]
        held = own.get("additionalProperties")
        model = held.get("$ref", "").rpartition("/")[2] if isinstance(held, dict) else ""
        if model:
            own |= {"additionalProperties": dict(models[model])}
            own |= {"propertyNames": {"pattern": FIELD_PATTERN}}
            rest.pop(model)
    return rest


def _set_slot(schema: dict[str, Any], keys: Keys, slot: Slot) -> None:
    """Put the choice of components at ``keys``."""
    ref = {"$ref": f"#/$defs/{_label(slot)}"}
    for key in keys[:-1]:
        schema = schema["additionalProperties"] if key == ANY else schema["properties"][key]
    if slot.open:
        schema |= {"additionalProperties": ref, "propertyNames": {"pattern": FIELD_PATTERN}}
        return
    properties = schema["properties"]
    own = properties[keys[-1]]
    was = {key: own[key] for key in ("description", "default") if key in own}
    choice: dict[str, Any] = {"type": "array", "items": ref} if slot.many else ref
    if slot.optional:
        choice = {"anyOf": [ref, {"type": "null"}]}
    properties[keys[-1]] = was | choice
