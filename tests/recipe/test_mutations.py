"""Shipped recipes spoilt at random: a recipe comes out, or problems with places in the file."""

from __future__ import annotations

import sys
from pathlib import Path
from random import Random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from advnets.plugins import load_plugins
from advnets.plugins.registry import Registry

sys.path.insert(0, str(Path(__file__).parent))
from mutations import Mutator, outcome, play, shipped

FEW = settings(
    max_examples=100,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="module")
def everything() -> Registry:
    """All that is installed."""
    return load_plugins(environ={})


@FEW
@given(random=st.randoms(use_true_random=True))
def test_spoilt_recipes(everything: Registry, tmp_path: Path, random: Random) -> None:
    mutator = Mutator(random, shipped(everything))
    content = mutator.content()
    outcome(tmp_path / "r.yaml", content, mutator.overrides(content), everything)


@pytest.mark.slow
def test_ten_thousand_spoilt_recipes(everything: Registry) -> None:
    """What `docs/reliability.md` tells of; ``python tests/recipe/mutations.py`` prints it."""
    result = play(10_000, 0, everything)
    assert result["tracebacks"] == []
    assert result["valid"] > 100
    assert result["problems"] > 5_000
