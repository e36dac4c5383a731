"""Check what was read from a JSON file of ours against a model of what is written there."""

from __future__ import annotations

import functools
from typing import Annotated, Any, TypeVar, cast

from pydantic import BeforeValidator, Field, TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from ..recipe.wording import describe_expected, describe_value, reword
from ..safe_io.wording import shorten

T = TypeVar("T")

MOST_ENTRIES = 100_000
"""Of a mapping whose values are checked: all faults are collected before one is reported."""


def validate(kind: type[T], value: Any) -> T:
    """Return a JSON value as a model, a dataclass or a typed dictionary.

    Raises:
        ValueError: If it is none; one sentence says where, what came and what was expected.

    >>> validate(dict[str, Count], {"step": 3})
    {'step': 3}
    >>> validate(dict[str, Count], {"../step": "3"})
    Traceback (most recent call last):
    ...
    ValueError: ['../step']: expected an integer, got the text '3'
    """
    try:
        return cast("T", _adapter(kind).validate_python(value))  # type: ignore[arg-type]
    except ValidationError as error:
        raise ValueError(_in_words(error.errors(include_url=False)[0])) from None


@functools.cache
def _adapter(kind: Any) -> TypeAdapter[Any]:
    return TypeAdapter(kind)


def _in_words(error: ErrorDetails) -> str:
    keys = [key for key in error["loc"] if key != "[key]"]
    place = "".join(
        f".{shorten(key, 100)}" if str(key).isidentifier() else f"[{shorten(repr(key), 100)}]"
        for key in keys
    )
    if error["type"] == "missing":
        return f"{place[1:]} is missing"
    expected = describe_expected(error)
    got = describe_value(error["input"])
    text = f"expected {expected}, got {got}" if expected else reword(error)
    return f"{place.removeprefix('.')}: {text}" if place else text


def at_most(most: int) -> BeforeValidator:
    """Return a validator of mappings that refuses too many entries before it looks at them."""

    def check(value: Any) -> Any:
        if isinstance(value, dict) and len(value) > most:
            raise ValueError(f"it has {len(value):,} entries; {most:,} are the most")
        return value

    return BeforeValidator(check)


Flag = Annotated[bool, Field(strict=True)]
Count = Annotated[int, Field(strict=True, ge=0)]
Number = Annotated[float, Field(strict=True)]
Seconds = Annotated[float, Field(strict=True, ge=0, lt=1e12)]
Few = at_most(MOST_ENTRIES)
Numbers = Annotated[dict[str, Number], Few]
