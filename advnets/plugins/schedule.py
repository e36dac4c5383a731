"""Validate a number that changes with the rounds of a run."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, ConfigDict, Field, model_validator

from .parameters import Parameters

SHAPES = ("linear", "cosine", "exponential")


class Schedule(Parameters):
    """Validate a number that goes from one value to another within some rounds.

    >>> Schedule.model_validate({"from": 0.0, "to": 10.0, "rounds": 1000}).last
    1000
    """

    model_config = ConfigDict(serialize_by_alias=True)

    start: float = Field(alias="from", description="the value up to round `begin`")
    end: float = Field(alias="to", description="the value from round `begin + rounds` on")
    rounds: int = Field(ge=1, description="how many rounds the way takes")
    shape: Literal["linear", "cosine", "exponential"] = Field(
        "linear", description="of the way; an exponential one multiplies by the same every round"
    )
    begin: int = Field(0, ge=0, description="the round in which it begins")
    warm_up: int = Field(
        0, ge=0, description="rounds in which the value rises to that, in equal steps; 0 for none"
    )

    @model_validator(mode="after")
    def _check_exponential(self) -> Schedule:
        if self.shape == "exponential" and self.start * self.end <= 0:
            raise ValueError(
                f"an exponential way from {self.start:g} to {self.end:g} does not exist: both are "
                "more than 0, or both less"
            )
        return self

    @property
    def last(self) -> int:
        """The round from which on nothing changes."""
        return max(self.begin + self.rounds, self.warm_up)


def _refuse_negative(schedule: Schedule) -> Schedule:
    if min(schedule.start, schedule.end) < 0:
        raise ValueError("both ends of the schedule are to be at least 0")
    if schedule.start == schedule.end == 0:
        raise ValueError("the schedule is 0 at both ends")
    return schedule


_NotNegative = Annotated[Schedule, AfterValidator(_refuse_negative)]

Weight: TypeAlias = Annotated[float, Field(ge=0)] | _NotNegative
"""A parameter that weighs a term: a number, at least 0, or a :class:`Schedule` of such."""

Positive: TypeAlias = Annotated[float, Field(gt=0)] | _NotNegative
"""A parameter above 0, such as a learning rate: a number, or a :class:`Schedule`."""
