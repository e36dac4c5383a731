"""A recipe given as a Python mapping is copied into the same plain trees."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from advnets.recipe.mapping_reader import read_value


def test_plain_values() -> None:
    given = {
        "a": (1, np.float32(0.5), np.int64(3), np.bool_(True)),
        "b": Path("x") / "y",
        "c": {"d": None},
    }
    read = read_value(given, "recipe")
    assert read.problems == []
    assert read.value == {"a": [1, 0.5, 3, True], "b": "x/y", "c": {"d": None}}
    assert [type(item) for item in read.value["a"]] == [int, float, int, bool]


def test_it_is_a_copy() -> None:
    given = {"a": [1]}
    read = read_value(given, "recipe")
    read.value["a"].append(2)
    assert given == {"a": [1]}


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ({"a": float("nan")}, "recipe: a: nan is not a finite number"),
        ({"a": [2**64]}, "recipe: a.0: the number does not fit into 64 bits"),
        ({"a": {1, 2}}, "recipe: a: a recipe cannot hold a set"),
        ({"a": b"x"}, "recipe: a: a recipe cannot hold a bytes"),
        ({"a": print}, "recipe: a: a recipe cannot hold a builtin_function_or_method"),
        ({1: 2}, "recipe: a key must be text, not 1"),
        ({"a": "\ud800"}, "recipe: a: \\ud800 alone is half a character"),
        ({"\ud800": 1}, "recipe: key"),
    ],
)
def test_refusals(value: Any, problem: str) -> None:
    (found,) = read_value(value, "recipe").problems
    assert str(found).startswith(problem)


def test_a_mapping_that_holds_itself() -> None:
    value: dict[str, Any] = {}
    value["self"] = value
    value["other"] = [value, value]
    assert any("nested more than" in str(p) for p in read_value(value, "recipe").problems)
