"""Define the keys of a sweep's file, their types, ranges and defaults."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from ..plugins.parameters import Parameters
from ..recipe.schema import LARGEST_COUNT, LARGEST_SEED, NAME_PATTERN

MOST_CHOICES = 1000
MOST_TRIALS = 10_000
RANGES = ("choices", "uniform", "log_uniform", "integers")

Dotted = Annotated[str, Field(min_length=1, max_length=200)]
Seed = Annotated[int, Field(ge=0, le=LARGEST_SEED)]


class SpaceEntry(Parameters):
    """Define the values of one parameter; a list alone is short for ``choices``."""

    choices: Annotated[list[Any], Field(min_length=1, max_length=MOST_CHOICES)] | None = Field(
        None, description="the values to choose from, as a recipe has them"
    )
    uniform: tuple[float, float] | None = Field(
        None, description="numbers from [low, high], equally likely"
    )
    log_uniform: tuple[float, float] | None = Field(
        None, description="numbers from [low, high], their logarithms equally likely"
    )
    integers: tuple[int, int] | None = Field(None, description="whole numbers from low to high")
    step: Annotated[int, Field(ge=1)] = Field(1, description="between two of the integers")
    keys: Annotated[list[Dotted], Field(min_length=1, max_length=20)] | None = Field(
        None, description="the recipe's keys that get the value; the parameter's name by default"
    )

    @model_validator(mode="after")
    def _one_range(self) -> SpaceEntry:
        given = [name for name in RANGES if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(
                f"give one of {', '.join(RANGES)}, not {' and '.join(given) or 'none'}"
            )
        for name in RANGES[1:]:
            ends = getattr(self, name)
            if ends is not None and not ends[0] < ends[1]:
                raise ValueError(f"{name} goes from low to high, not from {ends[0]} to {ends[1]}")
        if self.log_uniform is not None and self.log_uniform[0] <= 0:
            raise ValueError(f"log_uniform begins above 0, not at {self.log_uniform[0]}")
        return self


class Objective(Parameters):
    """Define the score that trials are judged by."""

    metric: Annotated[str, Field(min_length=1, max_length=100)] = Field(
        description="the name of a score that the recipe's metrics compute"
    )
    mode: Literal["max", "min"] = Field("max", description="which scores are better")
    at: Literal["last", "best"] = Field(
        "last", description="which of a run's scores counts: that of its last step, or the best"
    )


class Grid(Parameters):
    """Try every combination of the choices."""

    name: Literal["grid"]
    shuffle: bool = Field(False, description="whether they come in a random order")


class Random(Parameters):
    """Draw values independently."""

    name: Literal["random"]


class Tpe(Parameters):
    """Draw more values like those of good trials, by a tree-structured Parzen estimator."""

    name: Literal["tpe"]
    startup_trials: Annotated[int, Field(ge=1, le=MOST_TRIALS)] = Field(
        10, description="random trials before it"
    )


class Median(Parameters):
    """End a trial that is worse than the median of those before, at the same step."""

    name: Literal["median"]
    startup_trials: Annotated[int, Field(ge=1, le=MOST_TRIALS)] = Field(
        5, description="trials that are finished in any case"
    )
    warmup_steps: Annotated[int, Field(ge=0, le=LARGEST_COUNT)] = Field(
        0, description="rounds in which none is ended"
    )


class SuccessiveHalving(Parameters):
    """Continue, at each rung, only the best of the trials that reached it."""

    name: Literal["successive_halving"]
    first_rung: Annotated[int, Field(ge=1, le=LARGEST_COUNT)] | None = Field(
        None, description="rounds before the first rung; those between two evaluations by default"
    )
    factor: Annotated[int, Field(ge=2, le=100)] = Field(
        3, description="one of so many continues, to a rung so many times further"
    )


class SweepSchema(Parameters):
    """Define a sweep: one recipe, many values."""

    name: Annotated[str, Field(pattern=NAME_PATTERN, max_length=100)] = Field(
        description="of the sweep's folder; the file's name by default"
    )
    recipe: Annotated[str, Field(min_length=1, max_length=1000)] = Field(
        description="a shipped recipe's name, or a file: next to this one, or in the current folder"
    )
    overrides: dict[Dotted, Any] = Field({}, description="values of the recipe, fixed for all")
    space: Annotated[dict[Dotted, SpaceEntry], Field(min_length=1, max_length=100)] = Field(
        description="what each parameter may be"
    )
    seeds: Annotated[list[Seed], Field(min_length=1, max_length=1000)] | None = Field(
        None, description="of a trial's runs, whose mean counts; the recipe's seed by default"
    )
    objective: Objective = Field(description="what trials are judged by")
    sampler: Annotated[Grid | Random | Tpe, Field(discriminator="name")] = Field(
        default_factory=lambda: Tpe.model_validate({"name": "tpe"}),
        description="how values are chosen",
    )
    sampler_seed: Seed = Field(0, description="of the sampler")
    trials: Annotated[int, Field(ge=1, le=MOST_TRIALS)] | None = Field(
        None, description="how many; a grid's size by default"
    )
    pruning: Annotated[Median | SuccessiveHalving, Field(discriminator="name")] | None = Field(
        None, description="which trials are ended before their time; none by default"
    )
