"""Whatever comes, there is a Recipe or a RecipeError, and what is written reads back the same."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from advnets import RecipeError
from advnets.plugins.registry import Registry
from advnets.recipe import load_recipe, parse_recipe, read_yaml, write_yaml

BOUNDED = settings(
    max_examples=200,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
FRAGMENTS = (
    "dataset", "loss", "training", "steps", "name", ":", ": ", "\n", "\n  ", "- ", "{", "}", "[",
    "]", ",", "&a", "*a", "!!str", "!", "|", ">", "'", '"', "#", "%", "<<", "?", "---", "...", "0",
    "1e-4", ".nan", "~", "\t", "\\", "é", "\ud800", "\x00", "\u2028", "=", "hinge", "@", "`",
)  # fmt: skip
KEYS = st.sampled_from(
    [
        "name", "seed", "dataset", "latent", "generator", "discriminator", "loss", "penalties",
        "updates", "optimizers", "training", "distribution", "checkpoints", "monitoring",
        "evaluation", "networks", "given", "conditions", "encounter", "encoder",
        "steps", "batch_size", "margin", "offline", "x",
    ]
)  # fmt: skip
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(["faces", "hinge", "dense", "descent", "zero", "cube"])
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=8,
)
PLAIN = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63) + 1, 2**63 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=8), inner, max_size=3
        )
    ),
    max_leaves=10,
)


def is_handled(load: Any) -> None:
    """There is a recipe, or an error that lists problems."""
    try:
        recipe = load()
    except RecipeError as error:
        problems = error.problems
    else:
        assert recipe.identity()
        return
    assert problems
    assert all(problem.message for problem in problems)


@BOUNDED
@given(text=st.text(max_size=200) | st.lists(st.sampled_from(FRAGMENTS), max_size=40).map("".join))
def test_any_text(registry: Registry, text: str) -> None:
    is_handled(lambda: parse_recipe(text, (), registry))


@BOUNDED
@given(content=st.binary(max_size=200))
def test_any_bytes(content: bytes) -> None:
    read_yaml(content, "r.yaml")


@BOUNDED
@given(start=st.integers(0, 400), length=st.integers(0, 30), piece=st.sampled_from(FRAGMENTS))
def test_a_damaged_recipe(
    registry: Registry, good: str, start: int, length: int, piece: str
) -> None:
    start %= len(good)
    is_handled(lambda: parse_recipe(good[:start] + piece + good[start + length :], (), registry))


@BOUNDED
@given(path=st.lists(KEYS, min_size=1, max_size=3), value=VALUES)
def test_a_mapping_with_a_foreign_value(
    registry: Registry, good: str, path: list[str], value: Any
) -> None:
    recipe = copy.deepcopy(read_yaml(good, "r.yaml").value)
    holder = recipe
    for key in path[:-1]:
        if not isinstance(holder.get(key), dict):
            holder[key] = {}
        holder = holder[key]
    holder[path[-1]] = value
    is_handled(lambda: load_recipe(recipe, registry=registry))


@BOUNDED
@given(
    key=st.lists(KEYS | st.sampled_from(["0", "1", "", " "]), max_size=4).map(".".join)
    | st.text(max_size=10),
    value=st.lists(st.sampled_from(FRAGMENTS), max_size=8).map("".join) | st.text(max_size=20),
)
def test_any_override(registry: Registry, good: str, key: str, value: str) -> None:
    is_handled(lambda: parse_recipe(good, [f"{key}={value}"], registry))
    is_handled(lambda: parse_recipe(good, {key: value}, registry))


@BOUNDED
@given(
    value=st.dictionaries(
        st.text(st.characters(exclude_categories=["Cs", "Cc"])), PLAIN, max_size=4
    )
)
def test_what_is_written_reads_back(value: dict[str, Any]) -> None:
    read = read_yaml(write_yaml(value), "r.yaml")
    assert read.problems == []
    assert read.value == value
    assert repr(read.value) == repr(value)


@pytest.mark.parametrize(
    "text", ["\u202e", "\u2028x", "\ufeff", "a\nb", "a\tb", "<<", "=", "0x1f", "-"]
)
def test_awkward_text_reads_back(text: str) -> None:
    assert read_yaml(write_yaml({text: [text]}), "r.yaml").value == {text: [text]}
