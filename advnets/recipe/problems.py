"""Turn pydantic's errors into problems at the exact key or value of a document."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar, get_args, get_type_hints

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from ..errors import Problem, RecipeError, UsageError
from ..plugins.components import KIND, Component
from ..plugins.parameters import Parameters
from .document import COMMAND_LINE, Document, Keys, get_at, join_keys
from .schema import RecipeSchema
from .wording import (
    describe_expected,
    describe_value,
    did_you_mean,
    join_alternatives,
    reword,
    suggest_conversion,
)

M = TypeVar("M", bound=BaseModel)

MOST = 200
"""Problems listed of one recipe: more than any honest one has."""


class Findings:
    """Collect the problems found in one document.

    Args:
        document: Where they were found.
    """

    def __init__(self, document: Document):
        self.document = document
        self.problems: list[Problem] = list(document.problems)

    def add(
        self, keys: Keys, message: str, hint: str | None = None, *, at_key: bool = False
    ) -> None:
        """Note a problem with the value (or the key) at ``keys``; once per location and text."""
        if self.document.is_spoiled(keys) or len(self.problems) > MOST:
            return
        problem = self.document.locate(keys, key=at_key).problem(message, hint)
        if problem not in self.problems:
            self.problems.append(problem)

    def error(self, thing: str = "recipe") -> RecipeError:
        """Return all problems as an error, those of files first and in their order."""

        def order(problem: Problem) -> tuple[bool, str, int, int]:
            where = problem.source, problem.line or 0, problem.column or 0
            return problem.source == COMMAND_LINE, *where

        problems = sorted(self.problems, key=order)
        if len(problems) > MOST:
            problems = [*problems[:MOST], Problem("and more", source=self.document.source)]
        return RecipeError(problems, thing)

    def refusal(self, thing: str) -> UsageError:
        """Return all problems as an error of something that stands in no document."""
        found = (f"{p.message} ({p.hint})" if p.hint else p.message for p in self.problems)
        return UsageError(f"{thing} cannot be made so: {'; '.join(found)}")

    def validate(self, schema: type[M], value: Mapping[str, Any], thing: str = "") -> M | None:
        """Return the document's value as a model, or ``None`` if problems were added.

        Args:
            schema: What it must be.
            value: Plain data.
            thing: What it is, for messages; ``""`` for a recipe.
        """
        try:
            return schema.model_validate_json(json.dumps(value), strict=True)
        except ValidationError as error:
            self.take(error.errors(include_url=False), schema, value, (), thing)
        return None

    def take(
        self,
        errors: Sequence[ErrorDetails],
        schema: type[BaseModel],
        value: Mapping[str, Any],
        keys: Keys,
        thing: str,
    ) -> None:
        """Note all that is wrong with a value.

        Args:
            errors: What pydantic says.
            schema: What the value was to be.
            value: Plain data.
            keys: Where it stands in the document.
            thing: What it is, for messages: ``loss 'hinge'``, or ``""`` for the recipe itself.
        """
        located: dict[Keys, list[ErrorDetails]] = {}
        for each in errors[: MOST + 1]:
            name = str(each["loc"][0]) if each["loc"] else ""
            if name in schema.model_fields and name not in value and each["type"] != "missing":
                expected = describe_expected(each)
                refused = f"expected {expected}" if expected else reword(each)
                self.add(
                    keys,
                    f"the default of {name!r} of {thing or 'the recipe'}, "
                    f"{describe_value(each['input'])}, is refused by its own schema: {refused}",
                    f"say another, {join_keys((*keys, name))}=VALUE, and tell who wrote it",
                )
                continue
            located.setdefault(_walk(value, each), []).append(each)
        for sub, here in located.items():
            # Of a union's failures the deepest tells most: the branch that was meant.
            if any(len(other) > len(sub) and other[: len(sub)] == sub for other in located) and (
                all(describe_expected(error) for error in here)
            ):
                continue
            self._report(here, schema, value, keys, sub, thing)

    def _report(
        self,
        errors: list[ErrorDetails],
        schema: type[BaseModel],
        value: Mapping[str, Any],
        keys: Keys,
        sub: Keys,
        thing: str,
    ) -> None:
        """Report one problem for all errors at one location."""
        path = (*keys, *sub)
        section = path[:-1] if len(sub) > 1 or not thing else ()
        owner = (f" in {join_keys(section)}" if section else "") + (f" of {thing}" if thing else "")
        noun = "parameter" if thing else "key"
        siblings = _fields(schema, sub[:-1])
        for error in errors:
            if error["type"] == "missing":
                description = siblings.get(str(sub[-1]), "")
                meaning = f" ({description})" if description else ""
                self.add(path, f"missing {noun} {sub[-1]!r}{owner}{meaning}", at_key=True)
                return
        if any(error["type"] == "extra_forbidden" for error in errors):
            name = str(path[-1])
            hint = (
                self._hint_at_renaming(keys)
                or (None if thing else _hint_at_section(path))
                or did_you_mean(name, siblings)
                or _list_known(siblings, noun, thing)
            )
            self.add(path, f"unknown {noun} {name!r}{owner}", hint, at_key=True)
            return
        got = get_at(value, sub)
        expected = [text for error in errors if (text := describe_expected(error))]
        prefix = f"{join_keys(path)}: " if path else ""
        if self.document.locate(path).override.startswith(f"{join_keys(path)}="):
            prefix = ""  # the override itself says it
        own = [error for error in errors if not describe_expected(error)]
        for error in own:
            self.add(path, f"{prefix}{reword(error)}")
        if expected and not own:  # else it is of the type that was meant
            hint = next((h for text in expected if (h := suggest_conversion(text, got))), None)
            if hint is None and isinstance(got, str):
                hint = did_you_mean(got, _words(expected))
            alternatives = join_alternatives(expected)
            self.add(path, f"{prefix}expected {alternatives}, got {describe_value(got)}", hint)

    def _hint_at_renaming(self, keys: Keys) -> str | None:
        """Return the hint for ``dataset.name=digits``, which keeps the parameters of another."""
        override = self.document.locate((*keys, "name")).override
        start = f"{join_keys(keys)}.name="
        if not keys or not override.startswith(start):
            return None
        return f"{join_keys(keys)}={override.removeprefix(start)} replaces the whole entry"


def resolve_alone(component: Component, kind: str, given: Mapping[str, Any]) -> Parameters:
    """Return the parameters of a component that stands in no recipe; see :meth:`Component.resolve`.

    Raises:
        UsageError: If they do not fit, with all that is wrong.

    >>> from advnets.plugins import load_plugins
    >>> digits = load_plugins(environ={}).component("datasets", "digits")
    >>> resolve_alone(digits, "datasets", {"size": 0})
    Traceback (most recent call last):
    ...
    advnets.errors.UsageError: data set 'digits' cannot be made so: size: expected at least 1, got 0
    """
    thing = f"{KIND[kind]} {component.name!r}"
    findings = Findings(Document(thing))
    try:
        return component.resolve(given)
    except ValidationError as error:
        findings.take(error.errors(include_url=False), component.parameters, given, (), thing)
    raise findings.refusal(thing)


def _walk(value: Any, error: ErrorDetails) -> Keys:
    """Find the path of an error in the data: pydantic's location, without branches' names."""
    keys: list[str | int] = []
    loc = error["loc"]
    for depth, key in enumerate(loc):
        if isinstance(value, Mapping) and key in value:
            value = value[str(key)]
        elif isinstance(value, list) and isinstance(key, int) and key < len(value):
            value = value[key]
        elif not (error["type"] == "missing" and depth == len(loc) - 1):
            continue
        keys.append(key)
    return tuple(keys)


def _fields(schema: Any, keys: Keys) -> dict[str, str]:
    """Return the fields (and their descriptions) of the models at ``keys`` within a schema."""
    models = _models(schema)
    for key in keys:
        if not isinstance(key, int):
            fields = [m.model_fields[key] for m in models if key in m.model_fields]
            each = [field.annotation for field in fields]
            if not fields:  # a name of the recipe's choice, where it may choose names
                each = [get_type_hints(m).get("__pydantic_extra__") for m in models if _is_open(m)]
            models = [model for annotation in each for model in _models(annotation)]
    return {
        field.alias or name: field.description or ""
        for model in models
        for name, field in model.model_fields.items()
    }


def _is_open(model: type[BaseModel]) -> bool:
    return model.model_config.get("extra") == "allow"


def _models(annotation: Any) -> list[type[BaseModel]]:
    """Return the models that an annotation allows: itself, or a member of a union or of a list."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for part in get_args(annotation) for model in _models(part)]


def _list_known(siblings: Mapping[str, str], noun: str, thing: str) -> str | None:
    if siblings:
        return f"the {noun}s are {', '.join(siblings)}"
    return f"{thing} has no parameters" if thing else None


def _hint_at_section(path: Keys) -> str | None:
    """Return the hint for a key at the top of a recipe that belongs into a section."""
    for section, field in RecipeSchema.model_fields.items():
        if len(path) == 1 and path[0] in getattr(field.annotation, "model_fields", {}):
            return f"did you mean '{section}.{path[0]}'?"
    return None


def _words(expected: list[str]) -> list[str]:
    """Return the literals named by expectations."""
    return [word for text in expected for word in text.split("'")[1::2]]
