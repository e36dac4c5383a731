"""What of a recipe may be changed on the way."""

from __future__ import annotations

from typing import Any

import pytest

from advnets.recipe.identity import find_changes


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("loss", {"name": "f_gan", "divergence": "kl"}, {"name": "f_gan", "divergence": "pearson"}),
        ("loss", {"name": "w", "loss": {"name": "a"}}, {"name": "w", "loss": {"name": "b"}}),
        ("penalties", [{"name": "c", "of": ["a"]}], [{"name": "c", "of": ["b"]}]),
        ("penalties", [{"name": "o", "network": "generator"}], [{"name": "o", "network": "q"}]),
        ("penalties", [{"name": "o", "unit": False}], [{"name": "o", "unit": True}]),
        ("augmentations", [{"name": "ada", "maps": ["a"]}], [{"name": "ada", "maps": ["b"]}]),
    ],
)
def test_what_is_no_number_cannot_be_changed_on_the_way(kind: str, one: Any, other: Any) -> None:
    changes, refused = find_changes({kind: one}, {kind: other})
    assert (changes, len(refused)) == ([], 1)


@pytest.mark.parametrize("value", [2, 0.5, None, {"from": 1.0, "to": 0.0, "rounds": 5}])
def test_numbers_and_schedules_can(value: Any) -> None:
    before, after = ({"penalties": [{"name": "r1", "gamma": each}]} for each in (1.0, value))
    assert find_changes(before, after) == (
        [{"key": "penalties.0.gamma", "old": 1.0, "new": value}],
        [],
    )
