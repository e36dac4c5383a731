"""Variants that are killed, interrupted or saved and restored by hand go on as they would have."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf  # before a plugin has to, within its time limit
from click.testing import CliRunner

import advnets
from advnets.cli.main import cli

sys.path.insert(0, str(Path(__file__).parent))
from on_points import ALL, PLUGINS, recipe

LONG = {
    "training": {"steps": 3000, "batch_size": 16},
    "checkpoints": {"every": 100},
    "monitoring": {
        "log_every": 30,
        "image_every": 700,
        "samples": 16,
        "tensorboard": False,
        "figures": False,
    },
}
"""Long enough for kills at moments that lie apart."""


@pytest.mark.slow
@pytest.mark.parametrize("variant", ["inference", "growing_r1", "replay", "pair", "timed"])
def test_kills_leave_no_trace(
    variant: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An encoder and averages; state in penalties; state of an encounter; an own optimizer; an
    augmentation's probability, schedules and a lazy penalty.
    """
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "recipe.json"
    file.write_text(json.dumps({**recipe(variant), **LONG}))
    plugins = [word for plugin in PLUGINS for word in ("--plugin", plugin)]
    words = ["verify-resume", str(file), "--kills", "3", *plugins]
    done = CliRunner().invoke(cli, words, catch_exceptions=False, standalone_mode=False)
    assert "The same after 3 kills" in done.output


@pytest.mark.slow
def test_kills_leave_no_trace_in_a_conditional_game(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    short = ["training.steps=1500", "checkpoints.every=100", "evaluation.metrics=[]"]
    words = ["verify-resume", "cgan_digits", *short, "--kills", "3"]
    done = CliRunner().invoke(cli, words, catch_exceptions=False, standalone_mode=False)
    assert "The same after 3 kills" in done.output


def resumed(variant: str, folder: Path, **overrides: Any) -> tuple[str, str]:
    """The hash of the state after twelve rounds, at a stretch and interrupted after seven."""
    whole = advnets.run(recipe(variant), overrides, folder / "whole", plugins=PLUGINS)
    seven = {**overrides, "training.steps": 7}
    advnets.run(recipe(variant), seven, folder / "parts", plugins=PLUGINS)
    parts = advnets.run(recipe(variant), overrides, folder / "parts", plugins=PLUGINS)
    return whole.commit.state_sha256, parts.commit.state_sha256


PRECISIONS = [
    # A network with an optimizer of its own, and one with loss scales besides.
    ("reading", "mixed_float16"),
    ("reading", "mixed_bfloat16"),
    ("pair", "mixed_float16"),
    ("growing_r1", "mixed_bfloat16"),
    ("replay", "mixed_float16"),
    ("two_judges", "mixed_float16"),
    ("inference", "mixed_float16"),
    ("timed", "mixed_float16"),
    ("lazily_reading", "mixed_bfloat16"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("variant", "precision"), PRECISIONS)
def test_in_half_precision_it_is_resumed_to_the_bit(
    variant: str, precision: str, tmp_path: Path
) -> None:
    whole, parts = resumed(variant, tmp_path, **{"distribution.precision": precision})
    assert whole == parts


@pytest.mark.slow
@pytest.mark.parametrize("variant", [v for v in ALL if v not in ("inference", "conditional")])
def test_what_leans_on_state_is_resumed_and_streamed_to_the_bit(
    variant: str, tmp_path: Path
) -> None:
    whole, parts = resumed(variant, tmp_path)
    assert whole == parts
    streamed = advnets.run(
        recipe(variant), {"distribution.memory_budget": 0.0}, tmp_path / "stream", plugins=PLUGINS
    )
    assert streamed.commit.state_sha256 == whole


@pytest.mark.parametrize("variant", ["growing_r1", "replay", "pair"])
def test_by_hand_it_goes_on_where_its_state_was_put_back(variant: str) -> None:
    """``fit``, the state taken and put back into a game that was made anew, ``fit`` again."""
    from fitted import made, play

    from advnets.game.state import state_variables

    whole, source = made(variant)
    play(whole, source, 4, eagerly=True)
    first, _ = made(variant)
    play(first, source, 2, eagerly=True)
    taken = {name: value.numpy() for name, value in state_variables(first).items()}
    second, _ = made(variant)
    for name, variable in state_variables(second).items():
        variable.assign(tf.constant(taken[name]))
    play(second, source, 2, eagerly=True, first=2)
    found = {name: value.numpy() for name, value in state_variables(second).items()}
    for name, variable in state_variables(whole).items():
        np.testing.assert_array_equal(found[name], variable.numpy(), err_msg=name)
    held = {"growing_r1": ["penalties.0/", "penalties.1/", "penalties.2/"]}
    for group in held.get(variant, ["encounter/"] if variant == "replay" else ["generator_b_opt"]):
        changed = [name for name in taken if name.startswith(group)]
        assert any(not np.array_equal(taken[name], found[name]) for name in changed), group


def test_a_weight_grows_by_a_hundredth_with_each_step() -> None:
    """0.1 · 1.01ⁿ, where it is held two containers deep as where it is a plain attribute."""
    from fitted import RULES, made, play

    from advnets.game.state import state_variables

    game, source = made("growing_r1", **RULES["k2"])
    play(game, source, 3, eagerly=True)  # six steps of D
    found = {name: float(v) for name, v in state_variables(game).items() if "penalties" in name}
    assert sorted(found) == [
        "penalties.0/0000/parts",
        "penalties.1/0000/gamma",
        "penalties.2/0000/weight",
    ]
    assert found["penalties.0/0000/parts"] == pytest.approx(0.1 * 1.01**6, rel=1e-5)
    assert found["penalties.1/0000/gamma"] == pytest.approx(0.1 * 1.01**6, rel=1e-5)
    assert found["penalties.2/0000/weight"] > 0.1
