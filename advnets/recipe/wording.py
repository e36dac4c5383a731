"""Word a validation error for the person who wrote the recipe."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pydantic_core import ErrorDetails

from ..builtin.datasets import TFDS_IDENTIFIER
from ..safe_io.wording import pluralise, shorten
from .schema import FIELD_PATTERN, NAME_PATTERN

PATTERNS = {
    NAME_PATTERN: "lower-case letters, digits, _ and -, a letter or a digit first",
    FIELD_PATTERN: "lower-case letters, digits and _, a letter first",
    TFDS_IDENTIFIER: "a TFDS data set's id, such as mnist:3.0.1",
}
MAPPING_TYPES = ("dict_type", "dataclass_type", "model_type", "model_attributes_type")
EXPECTED: dict[str, Callable[[Mapping[str, Any]], str]] = {
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float"), lambda c: "an integer"),
    "int_parsing_size": lambda c: "a smaller integer",
    **dict.fromkeys(("float_type", "float_parsing"), lambda c: "a number"),
    "finite_number": lambda c: "a finite number",
    **dict.fromkeys(("bool_type", "bool_parsing"), lambda c: "true or false"),
    "string_type": lambda c: "text",
    "string_too_short": lambda c: f"text of at least {pluralise(c['min_length'], 'character')}",
    "string_too_long": lambda c: f"text of at most {pluralise(c['max_length'], 'character')}",
    "string_pattern_mismatch": lambda c: (
        PATTERNS.get(c["pattern"]) or f"text that matches {c['pattern']}"
    ),
    **dict.fromkeys(("list_type", "tuple_type", "set_type"), lambda c: "a list"),
    **dict.fromkeys(MAPPING_TYPES, lambda c: "a mapping"),
    "none_required": lambda c: "null",
    **dict.fromkeys(("literal_error", "enum"), lambda c: str(c["expected"])),
    "greater_than": lambda c: f"more than {format_number(c['gt'])}",
    "greater_than_equal": lambda c: f"at least {format_number(c['ge'])}",
    "less_than": lambda c: f"less than {format_number(c['lt'])}",
    "less_than_equal": lambda c: f"at most {format_number(c['le'])}",
    "multiple_of": lambda c: f"a multiple of {format_number(c['multiple_of'])}",
    "too_short": lambda c: f"at least {pluralise(c['min_length'], 'entry')}",
    "too_long": lambda c: f"at most {pluralise(c['max_length'], 'entry')}",
    "path_type": lambda c: "a path",
}
"""What was expected, by pydantic's type of error."""


def describe_expected(error: ErrorDetails) -> str | None:
    """Return what was expected, if a few words can say it."""
    say = EXPECTED.get(error["type"])
    try:
        return say(error.get("ctx", {})) if say else None
    except KeyError:
        return None


def reword(error: ErrorDetails) -> str:
    """Return the message of an error that a validator worded itself."""
    own = error["type"] in ("value_error", "assertion_error")
    cause = error.get("ctx", {}).get("error") if own else None
    text = " ".join((error["msg"] if cause is None else str(cause)).split())
    return text[:1].lower() + text[1:] if text else error["type"]


def describe_value(value: Any) -> str:
    """Write the value that came in the recipe's notation, shortened.

    >>> describe_value("3"), describe_value(True), describe_value({"gcn": 55}), describe_value(None)
    ("the text '3'", 'true', 'a mapping', 'nothing')
    """
    if value is None:
        return "nothing"
    if isinstance(value, str):
        return f"the text {shorten(value, 60)!r}"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return f"a list of {pluralise(len(value), 'entry')}"
    return str(value)


THOUSANDS = re.compile(r"[+-]?\d{1,3}(,\d{3})+(\.\d*)?")
"""A number whose thousands are set apart by commas."""


def suggest_conversion(expected: str, value: Any) -> str | None:
    """Return how to write the value that is obviously meant by one of the wrong type.

    >>> suggest_conversion("a number", "3")
    'remove the quotes: 3'
    >>> suggest_conversion("an integer", 50000.0)
    'write 50000'
    >>> suggest_conversion("an integer", "50_000")
    'write 50000'
    >>> suggest_conversion("a number", "0,5"), suggest_conversion("a number", "50,000")
    ('write 0.5', 'write 50000')
    >>> suggest_conversion("true or false", "yes")
    'write true'
    """
    if value is None:
        return "remove the key, or give it a value"
    if expected == "a list":
        return "put it in brackets: [...]" if not isinstance(value, list) else None
    if expected == "true or false" and isinstance(value, str):
        word = value.lower()
        if word in ("yes", "on", "true", "y"):
            return "write true"
        return "write false" if word in ("no", "off", "false", "n") else None
    if expected not in ("an integer", "a number"):
        return None
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return f"write {int(value)}"
    if isinstance(value, str):
        plain = value.replace("_", "").replace(" ", "")
        if THOUSANDS.fullmatch(plain):
            plain = plain.replace(",", "")
        elif expected == "a number":
            plain = plain.replace(",", ".")
        try:
            (int if expected == "an integer" else float)(plain)
        except ValueError:
            return None
        return f"remove the quotes: {value}" if plain == value else f"write {plain}"
    return None


def format_number(value: Any) -> str:
    """Write a number as in a recipe.

    >>> format_number(0.0), format_number(9007199254740992), format_number(1e-05)
    ('0', '9007199254740992', '1e-05')
    """
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    return str(value) if not isinstance(value, dict | list) else json.dumps(value)


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """Return the nearest known word, as a hint; one that holds the whole word before any other.

    >>> did_you_mean("stesp", ["steps", "batch_size"])
    "did you mean 'steps'?"
    >>> did_you_mean("float16", ["float32", "mixed_float16"])
    "did you mean 'mixed_float16'?"
    """
    known = list(known)
    near = sorted((name for name in known if len(word) > 3 and word in name), key=len)
    near = near or difflib.get_close_matches(word[:100], known, n=1)
    return f"did you mean {near[0]!r}?" if near else None


def join_alternatives(texts: Iterable[str]) -> str:
    """Join alternatives in words.

    >>> join_alternatives(["a list", "'none'", "a list"])
    "a list or 'none'"
    """
    unique = list(dict.fromkeys(texts))
    if len(unique) < 3:
        return " or ".join(unique)
    return f"{', '.join(unique[:-1])} or {unique[-1]}"
