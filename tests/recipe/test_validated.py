"""What a schema refuses is refused of who makes it by hand: in Python, in a game, after a file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import numpy as np
import pytest
from pydantic import Field, model_validator

from advnets import Names, Parameters, PluginError, UsageError, Weight, validated_by


class SpanParameters(Parameters):
    """Two numbers, one of them above the other."""

    low: float = Field(0.0, ge=-1, description="the lower end")
    high: float = Field(1.0, le=1, description="the upper end")
    weight: Weight = Field(1.0, description="a number, or a schedule")
    maps: Annotated[list[str | dict[str, Any]], Names("augmentations")] = Field(
        ["mirror"], min_length=1, description="augmentations"
    )

    @model_validator(mode="after")
    def _is_a_span(self) -> SpanParameters:
        if self.low >= self.high:
            raise ValueError(f"low ({self.low}) must be less than high ({self.high})")
        return self


class Span:
    @validated_by(SpanParameters)
    def __init__(self, low=0.0, high=1.0, weight=1.0, maps=("mirror",), *, seed=0, **others):
        self.held = low, high, weight, maps, seed, others


@validated_by(SpanParameters)
def span(context: Any, **parameters: Any) -> Any:
    """Take parameters that its signature does not list."""
    return context, parameters


class Narrow(Span):
    """Is made by another signature, and makes the first by it."""

    def __init__(self, width):
        super().__init__(-width, width)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"low": -2.0}, r"Span cannot be made so: low: expected at least -1, got -2\.0$"),
        ({"low": 0.5, "high": 0.25}, r"low \(0\.5\) must be less than high \(0\.25\)"),
        ({"low": "0"}, "low: expected a number, got the text '0'"),
        ({"weight": {"from": 0.0, "rounds": 10}}, "to"),
        ({"weight": float("nan")}, "weight: expected a finite number"),
        ({"maps": []}, "maps: expected at least 1 entry"),
        ({"low": -2.0, "high": 2.0}, "low: .*; high: "),
    ],
)
def test_what_a_recipe_cannot_have_is_refused(given: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        Span(**given)
    with pytest.raises(UsageError, match=said.replace("Span", "span")):
        span(None, **given)


def test_what_only_python_has_is_left_alone() -> None:
    """A path is a text, a tuple a list; of an object in a list nothing is known."""
    made = Span(0, maps=(object(),), seed="any", low_=-5.0)
    assert made.held[0] == 0
    assert made.held[4:] == ("any", {"low_": -5.0})
    with pytest.raises(UsageError, match="high"):  # though another is an object
        Span(high=7.0, maps=[object()])
    assert Span(2.0, maps=[object()], high=object()).held[0] == 2.0  # of high nothing is known


def test_numbers_of_numpy_are_numbers_and_an_iterator_a_list() -> None:
    """A study over np.linspace plays what it says, and bounds hold for it."""
    made = Span(np.float32(0.5), np.int64(1), np.float64(2), (one for one in ("mirror", "mirror")))
    assert [type(one) for one in made.held[:4]] == [float, int, float, list]
    assert made.held[3] == ["mirror", "mirror"]
    for wrong in (np.float32(-2), np.array(-2.0), np.array([0.5, 0.5])):
        with pytest.raises(UsageError, match="low: expected"):
            Span(wrong)


def test_a_function_does_not_take_a_name_that_is_none() -> None:
    """A class hands on what it does not know, to Keras say."""
    with pytest.raises(UsageError, match="unknown parameter 'hihg' of span .*did you mean 'high'"):
        span(None, hihg=0.5)
    assert Span(hihg=0.5).held[-1] == {"hihg": 0.5}


def test_what_no_schema_is_of_is_a_fault_of_the_author() -> None:
    with pytest.raises(PluginError, match="a schema of parameters was expected"):
        validated_by(span)
    with pytest.raises(PluginError, match="takes nothing that SpanParameters speaks of"):
        validated_by(SpanParameters)(lambda lo: lo)


def test_python_says_what_does_not_fit_the_signature() -> None:
    with pytest.raises(TypeError, match="positional"):
        Span(1, 2, 3, 4, 5, 6)
    with pytest.raises(UsageError, match="low"):  # before it says that the context is missing
        span(low=-2.0)
    with pytest.raises(TypeError, match="context"):
        span(low=0.0)


def test_a_subclass_with_arguments_of_its_own_is_held_by_what_it_makes() -> None:
    assert Narrow(0.5).held[:2] == (-0.5, 0.5)
    with pytest.raises(UsageError, match="high: expected at most 1, got 3"):
        Narrow(3)


def test_a_game_by_hand_and_a_file_of_one_refuse_what_recipes_refuse(tmp_path: Path) -> None:
    keras = pytest.importorskip("keras")
    from advnets.game import R1, AdversarialGame, Minimax

    def dense(size: int) -> Any:
        return keras.Sequential([keras.Input((size,)), keras.layers.Dense(1)])

    with pytest.raises(UsageError, match="R1 cannot be made so: gamma: expected at least 0"):
        AdversarialGame(dense(2), dense(1), penalties=[R1(-1.0)])
    with pytest.raises(UsageError, match="Minimax cannot be made so: discriminator_weight"):
        Minimax.from_config({"discriminator_weight": 0.0})
    layer = pytest.importorskip("advnets_architectures.spectral_norm").SpectralNorm
    config = layer(keras.layers.Dense(1)).get_config()
    with pytest.raises(UsageError, match="iterations: expected at least 1, got 0"):
        layer.from_config({**config, "iterations": 0})
