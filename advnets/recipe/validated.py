"""Hold what something is made with against its schema, at every door."""

from __future__ import annotations

import functools
import inspect
import json
import os
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ParamSpec, TypeVar

import numpy as np
from pydantic import ValidationError

from ..errors import PluginError
from ..plugins.parameters import Parameters
from .document import Document
from .problems import Findings

P = ParamSpec("P")
R = TypeVar("R")

OPAQUE = object()
"""What stands for a value that recipes cannot hold: a tensor, a network, a function."""
MOST = 1000
"""Numbers in an array that is looked at."""


def validated_by(schema: type[Parameters]) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Hold the arguments of a component's target against the schema of its parameters.

    A recipe's parameters are checked before the target is called. Decorated so, a class or a
    function refuses the same values, in the same words, of whoever calls it by hand: bounds
    stand in the schema alone. Looked at are plain numbers, texts, lists and mappings that the
    schema has a field for; what only Python can give (a tensor, a network) is left to the target.

    Args:
        schema: What the component has as its ``parameters``.

    Returns:
        A decorator of a function, or of an ``__init__``. What it decorates is given numbers of
        NumPy as Python's, and iterators as lists.

    Raises:
        UsageError: From what is decorated, with all that is wrong.
        PluginError: If what is decorated takes nothing that the schema has.

    >>> from pydantic import Field
    >>> class MarginParameters(Parameters):
    ...     margin: float = Field(1.0, gt=0, description="m")
    >>> class Margin:
    ...     @validated_by(MarginParameters)
    ...     def __init__(self, margin=1.0):
    ...         self.margin = margin
    >>> Margin(2).margin
    2
    >>> Margin(-1.0)
    Traceback (most recent call last):
    ...
    advnets.errors.UsageError: Margin cannot be made so: margin: expected more than 0, got -1.0
    """

    if not (isinstance(schema, type) and issubclass(schema, Parameters)):
        raise PluginError(
            f"validated_by is given {schema!r:.100}; a schema of parameters was expected",
            hint="@validated_by(MyParameters), above the function or the __init__",
        )

    def decorate(target: Callable[P, R]) -> Callable[P, R]:
        signature = inspect.signature(target)
        kinds = {parameter.kind for parameter in signature.parameters.values()}
        if inspect.Parameter.VAR_KEYWORD not in kinds and not (
            set(schema.model_fields) & set(signature.parameters)
        ):
            raise PluginError(
                f"{target.__qualname__} takes nothing that {schema.__name__} speaks of: "
                f"{', '.join(schema.model_fields) or 'it has no fields'}"
            )
        of_class = target.__name__ == "__init__"
        made = target.__qualname__.removesuffix(".__init__").rpartition(".")[2]

        @functools.wraps(target)
        def call(*args: P.args, **kwargs: P.kwargs) -> R:
            try:
                bound = signature.bind_partial(*args, **kwargs)
            except TypeError:
                return target(*args, **kwargs)  # which says what does not fit
            arguments = bound.arguments
            for name in arguments.keys() & schema.model_fields.keys():
                arguments[name] = _read(arguments[name])
            looked_at = dict(arguments)
            for name, parameter in signature.parameters.items():
                if parameter.kind is parameter.VAR_KEYWORD:
                    given = looked_at.pop(name, {})
                    # A class hands what it does not know on to Keras.
                    known = schema.model_fields if of_class else given
                    looked_at |= {key: each for key, each in given.items() if key in known}
            takes = signature.parameters.keys() - schema.model_fields.keys()
            check_by_hand(made, schema, {k: v for k, v in looked_at.items() if k not in takes})
            return target(*bound.args, **bound.kwargs)

        vars(call)["__signature__"] = signature  # Keras looks no further, for a layer's arguments
        return call

    return decorate


def check_by_hand(made: str, schema: type[Parameters], arguments: Mapping[str, Any]) -> None:
    """Refuse arguments that a recipe could not have.

    Args:
        made: What is made of them, for the message.
        schema: The schema of its parameters.
        arguments: By name.

    Raises:
        UsageError: With all that is wrong.
    """
    fields = {name: _plain(value) for name, value in arguments.items()}
    given = {name: value for name, value in fields.items() if value is not OPAQUE}
    try:
        schema.model_validate_json(json.dumps(given), strict=True)
        return
    except ValidationError as error:
        wrong = [
            each
            for each in error.errors(include_url=False)
            if not (each["type"] == "missing" and len(each["loc"]) == 1)
            and (each["loc"] or len(given) == len(fields))  # else of fields with their defaults
        ]
    findings = Findings(Document(made))
    findings.take(wrong, schema, given, (), made)
    if findings.problems:
        raise findings.refusal(made)


def _read(value: Any) -> Any:
    """Return an argument as it is passed on: NumPy's numbers as Python's, an iterator as a list."""
    if isinstance(value, np.generic):
        return value.item()
    return list(value) if isinstance(value, Iterator) else value


def _plain(value: Any) -> Any:
    """Return a value as a recipe has it, or ``OPAQUE``."""
    if isinstance(value, np.generic | np.ndarray) and value.size <= MOST:
        value = value.tolist()
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, Mapping):
        held = {key: _plain(each) for key, each in value.items()}
        plain = all(isinstance(key, str) for key in held)
        return OPAQUE if not plain or OPAQUE in held.values() else held
    if isinstance(value, list | tuple):
        items = [_plain(each) for each in value]
        return OPAQUE if any(item is OPAQUE for item in items) else items
    return value if value is None or isinstance(value, bool | int | float | str) else OPAQUE
