"""Look at a registered component, for ``advnets plugins check``: can it be built at all?

Importing this module imports no TensorFlow; looking at a component does.
"""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import click
from pydantic import ValidationError

from ..errors import AdvnetsError
from ..plugins.components import Component
from ..plugins.registry import PluginRecord, Registry
from ..plugins.tracebacks import describe_error, find_source, package_of
from ..recipe import load_recipe, recipe_path
from ..recipe.problems import resolve_alone
from ..safe_io.wording import shorten
from ..sweep import load_sweep
from .failure import ConformanceError, suggest_example


def find_problems(
    kind: str, component: Component, registry: Registry, record: PluginRecord | None = None
) -> list[str]:
    """List everything wrong with a component that can be seen by building it.

    Args:
        kind: Its kind.
        component: The component.
        registry: The components that it may name, its own plugin's among them.
        record: Its plugin, which says where it is registered.

    Returns:
        Texts of a few lines: what is wrong, how to mend it, and where.
    """
    declared = [*_example(component), *_schema(kind, component), *_name(kind, component, registry)]
    where = place_of(kind, component, record)
    found = [_problem(*each, where=where) for each in declared]
    found += _target(kind, component, registry, where)
    if found or missing_parameters(component):
        return found
    return list(_built(kind, component, registry, where))


def missing_parameters(component: Component) -> list[str]:
    """List the parameters without which a component cannot be built, and that it has no values of.

    They have no default, and the component's ``example`` gives none.
    """
    given = _given(component)
    fields = component.parameters.model_fields.items()
    return [
        field.alias or name
        for name, field in fields
        if field.is_required() and name not in given and field.alias not in given
    ]


def place_of(kind: str, component: Component, record: PluginRecord | None) -> str:
    """Tell where a component is registered, ``file:line``; the line that has its name, if any."""
    module = record.module if record is not None else package_of(component.target.partition(":")[0])
    try:
        spec = importlib.util.find_spec(module)
    except (ImportError, ValueError, AttributeError):
        spec = None
    file = (spec.origin if spec is not None else None) or (record.source if record else "")
    try:
        lines = Path(file).read_text("utf-8").splitlines()
    except (OSError, ValueError):
        return file
    name = component.name
    spelt = [f'"{name}"', f"'{name}'", f" {name}=("]
    named = [number for number, line in enumerate(lines, 1) if any(word in line for word in spelt)]
    hooks = [number for number, line in enumerate(lines, 1) if f"def advnets_{kind}(" in line]
    after = [number for number in named if number > hooks[0]] if hooks else []
    numbers = after or named or hooks
    return f"{file}:{numbers[0]}" if numbers else file


def _problem(what: str, hint: str | None = None, where: str | None = None) -> str:
    text = str(ConformanceError(what, hint))
    return f"{text}\n  at {where}" if where else text


def _given(component: Component) -> Mapping[str, Any]:
    given = component.example.get("parameters", {})
    return given if isinstance(given, Mapping) else {}


def _example(component: Component) -> Iterator[tuple[str, str | None]]:
    """Check that the parts of its example are what they should be."""
    for part in ("parameters", "fields", "outputs", "given"):
        found = component.example.get(part, {})
        if not isinstance(found, Mapping):
            yield (
                f"its example has {part}={found!r:.80}; a mapping was expected",
                f"example={{{part!r}: {{…}}}}",
            )


def _schema(kind: str, component: Component) -> Iterator[tuple[str, str | None]]:
    """Check that its defaults fit its own schema, and that editors can read that."""
    parameters = component.parameters
    try:
        parameters.model_json_schema()
    except Exception as error:
        yield f"its parameters have no JSON Schema: {describe_error(error)}", None
    given = _given(component)
    if missing_parameters(component):
        return
    try:
        component.resolve(given)
    except ValidationError:
        try:
            resolve_alone(component, kind, given)
        except AdvnetsError as error:
            yield error.message, "mend what its example gives" if given else "mend its defaults"
        return
    except Exception as error:
        yield describe_error(error), None
        return
    try:
        made = component.resolve(given)
        # First by the schema, which says which parameter it is.
        component.resolve(made.model_dump(mode="json", by_alias=True, warnings="none"))
        defaults = made.model_dump(mode="json", by_alias=True, warnings="error")
        json.dumps(defaults, allow_nan=False)
    except Exception as error:
        said = _list_errors(error) if isinstance(error, ValidationError) else describe_error(error)
        yield (
            f"its defaults do not fit its own schema: {said}",
            "pydantic checks what is given, and no defaults: mend the default, or the type",
        )


def _list_errors(error: ValidationError) -> str:
    """Return what pydantic has against each parameter, by name."""
    return "; ".join(
        f"{'.'.join(map(str, one['loc']))}: {one['msg']}, not {shorten(repr(one['input']), 60)}"
        for one in error.errors()
    )


def _name(kind: str, component: Component, registry: Registry) -> Iterator[tuple[str, str | None]]:
    if (kind, component.name) in registry.conflicts:
        first, second = registry.conflicts[kind, component.name]
        yield (
            f"the name is taken: it is registered by {first} and by {second}",
            "rename it: neither of the two can be used",
        )


def _target(kind: str, component: Component, registry: Registry, where: str) -> Iterator[str]:
    """Check that what it names is there, and of the right sort."""
    try:
        if kind == "recipes":
            load_recipe(recipe_path(component), registry=registry)
            return
        if kind == "sweeps":
            load_sweep(recipe_path(component, "sweep"), registry)
            return
        target = component.load()
    except AdvnetsError as error:
        shipped = kind in ("recipes", "sweeps") and "is not there" in error.message
        hint = (
            "list the file in setup.cfg's package_data, or in pyproject.toml" if shipped else None
        )
        yield _problem(error.message, error.hint or hint, error.where or where)
        return
    except Exception as error:
        yield _problem(describe_error(error), None, where)
        return
    if kind == "commands" and not isinstance(target, click.Command):
        yield _problem(
            f"{component.target} is a {type(target).__name__}, not a click.Command",
            "decorate the function with @click.command(…)",
            where,
        )
    elif not callable(target):
        yield _problem(f"{component.target} cannot be called", None, where)


def _built(kind: str, component: Component, registry: Registry, where: str) -> Iterator[str]:
    """Check that it can be built, of its defaults and what its example says."""
    from .building import build
    from .check import attempt
    from .subject import subject_of

    try:
        attempt(build, subject_of(kind, component, registry=registry))
    except ConformanceError as error:
        text = suggest_example(kind, component.example, f"it cannot be built: {error}")
        yield text if "\n  at " in text else f"{text}\n  at {source_of(component) or where}"


def source_of(component: Component) -> str:
    """Tell where a component's target is defined, ``file:line``; "" if that is not its own code."""
    try:
        target = component.load()
    except AdvnetsError:
        return ""
    callback = getattr(target, "callback", None)  # a command's
    target = target if callback is None else callback
    own = package_of(getattr(target, "__module__", "") or "")
    return find_source(target) if own == package_of(component.target.partition(":")[0]) else ""
