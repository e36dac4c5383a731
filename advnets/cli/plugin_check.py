"""Check one component for ``advnets plugins check``."""

from __future__ import annotations

import json
from collections.abc import Iterator

import click

from ..errors import AdvnetsError
from ..plugins.components import Component
from ..plugins.registry import Registry
from ..recipe import load_recipe, recipe_path


def check_component(kind: str, component: Component, registry: Registry) -> list[str]:
    """List everything wrong with a component that can be seen without running it."""
    return [
        *_schema(component),
        *_name(kind, component, registry),
        *_target(kind, component, registry),
    ]


def _schema(component: Component) -> Iterator[str]:
    """Check that its defaults fit its own schema, and that editors can read that."""
    parameters = component.parameters
    try:
        parameters.model_json_schema()
    except Exception as error:
        yield f"its parameters have no JSON Schema: {type(error).__name__}: {error}"
    if any(field.is_required() for field in parameters.model_fields.values()):
        return
    try:
        defaults = parameters().model_dump(mode="json", by_alias=True, warnings="error")
        json.dumps(defaults, allow_nan=False)
        component.resolve(defaults)
    except Exception as error:
        yield f"its defaults do not fit its own schema: {type(error).__name__}: {error}"


def _name(kind: str, component: Component, registry: Registry) -> Iterator[str]:
    if (kind, component.name) in registry.conflicts:
        first, second = registry.conflicts[kind, component.name]
        yield f"the name is taken: it is registered by {first} and by {second}"


def _target(kind: str, component: Component, registry: Registry) -> Iterator[str]:
    """Check that what it names is there, and of the right sort."""
    try:
        if kind == "recipes":
            load_recipe(recipe_path(component), registry=registry)
            return
        target = component.load()
    except AdvnetsError as error:
        yield str(error)
        return
    if kind == "commands" and not isinstance(target, click.Command):
        yield f"{component.target} is a {type(target).__name__}, not a click.Command"
    elif not callable(target):
        yield f"{component.target} cannot be called"
