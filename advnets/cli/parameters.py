"""A component's parameters in words, for listings."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from pydantic.fields import FieldInfo
from pydantic_core import to_jsonable_python

from ..plugins.components import Component
from ..recipe import parameter_schema

BOUNDS = {
    "exclusiveMinimum": "> {}",
    "minimum": "≥ {}",
    "exclusiveMaximum": "< {}",
    "maximum": "≤ {}",
    "multipleOf": "a multiple of {}",
    "minLength": "of at least {} characters",
    "minItems": "of at least {}",
    "maxItems": "of at most {}",
}


class ParameterLine(NamedTuple):
    """One parameter: its name, type with range, default (``None``: required), meaning."""

    name: str
    type: str
    default: str | None
    description: str


def parameter_lines(component: Component) -> Iterator[ParameterLine]:
    """Yield the parameters of a component.

    >>> from advnets import Parameters
    >>> from pydantic import Field
    >>> class Margin(Parameters):
    ...     margin: float = Field(10.0, gt=0, description="m, in units of energy")
    >>> next(parameter_lines(Component("ebgan", "m:a", parameters=Margin)))[:3]
    ('margin', 'number > 0', '10.0')
    """
    schema = parameter_schema(component)
    definitions = schema.get("$defs", {})
    for name, field in component.parameters.model_fields.items():
        name = field.alias or name
        words = type_words(schema.get("properties", {}).get(name, {}), definitions)
        description = " ".join((field.description or "").split())
        yield ParameterLine(name, words, _default(field), description)


def _default(field: FieldInfo) -> str | None:
    if field.is_required():
        return None
    try:
        default = to_jsonable_python(field.get_default(call_default_factory=True))
    except Exception:
        return "computed from the other parameters"
    return json.dumps(default, ensure_ascii=False)


def type_words(field: dict[str, Any], definitions: dict[str, Any], depth: int = 0) -> str:
    """Return a JSON Schema in a few words.

    >>> type_words({"anyOf": [{"type": "integer", "minimum": 1}, {"type": "null"}]}, {})
    'integer ≥ 1 | null'
    """
    if "$ref" in field:
        name = field["$ref"].rpartition("/")[2]
        return type_words(definitions.get(name, {}), definitions, depth)
    if "const" in field:
        return str(field["const"])
    if "enum" in field:
        return " | ".join(str(value) for value in field["enum"])
    for union in ("anyOf", "oneOf"):
        if union in field:
            parts = [type_words(part, definitions, depth) for part in field[union]]
            return " | ".join(dict.fromkeys(parts))
    kind = field.get("type", "any")
    if kind == "array":
        items = field.get("items")
        of = type_words(items, definitions, depth + 1) if items else ""
        words = f"[{of}, ...]" if of else "list"
    elif kind == "object" and "properties" in field and depth < 3:
        inner = (
            f"{name}: {type_words(sub, definitions, depth + 1)}"
            for name, sub in field["properties"].items()
        )
        words = f"{{{', '.join(inner)}}}"
    elif kind == "object":
        words = "mapping"
    else:
        words = {"string": "text", "boolean": "true | false"}.get(kind, kind)
    bounds = [_bound(field[key], text) for key, text in BOUNDS.items() if key in field]
    return f"{words} {', '.join(bounds)}" if bounds else words


def _bound(value: Any, text: str) -> str:
    whole = isinstance(value, float) and value.is_integer()
    return text.format(int(value) if whole else value)
