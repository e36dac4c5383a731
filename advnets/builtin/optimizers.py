"""Register the optimizers that ship with advnets: their parameters, without TensorFlow."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, model_validator

from ..plugins.components import Component, list_components
from ..plugins.hookspecs import hookimpl
from ..plugins.parameters import Parameters
from ..plugins.schedule import Positive, Schedule

RATE = "learning rate: a number, or {from, to, rounds, shape, begin, warm_up}"
Coefficient = Annotated[float, Field(ge=0, lt=1)]


class Decay(Parameters):
    """Let a learning rate fall at every round."""

    learning_rate: Positive = Field(0.1, description=RATE)
    decay: float = Field(
        1.0, ge=1, lt=2, description="divisor of the learning rate per round; 1 for none"
    )
    minimum_learning_rate: float = Field(0.0, ge=0, description="the decay's floor")

    @model_validator(mode="after")
    def _check_one_of_both(self) -> Decay:
        if isinstance(self.learning_rate, Schedule) and self.decay != 1.0:
            raise ValueError("learning_rate is a schedule, which takes no `decay` besides")
        return self


class Ramp(Parameters):
    """Let a coefficient rise linearly from epoch 1 to epoch ``epochs``."""

    start: Coefficient = Field(0.5, description="m in the first epoch")
    final: Coefficient | None = Field(None, description="m from epoch `epochs` on")
    epochs: int = Field(1, ge=1, description="length of the rise in epochs")


def _as_ramp(value: Any) -> Any:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return {"start": value}
    return value


class MomentumParameters(Decay):
    """Validate the parameters of momentum: v ← m·v − lr·g; θ ← θ + v."""

    momentum: Annotated[Ramp, BeforeValidator(_as_ramp, json_schema_input_type=float | Ramp)] = (
        Field(
            Ramp.model_validate({}),
            description="m: a number, or {start, final, epochs} for a linear rise",
        )
    )


class SgdParameters(Decay):
    """Validate the parameters of ``sgd``: θ ← θ − lr·g."""


class AdamParameters(Parameters):
    """Validate the parameters of ``adam``."""

    learning_rate: Positive = Field(1e-3, description=RATE)
    beta_1: Coefficient = Field(0.9, description="decay of the mean of the gradient")
    beta_2: Coefficient = Field(0.999, description="decay of the mean of its square")
    epsilon: float = Field(1e-7, gt=0, description="added to the root, against division by zero")


class RmspropParameters(Parameters):
    """Validate the parameters of ``rmsprop``."""

    learning_rate: Positive = Field(1e-3, description=RATE)
    rho: Coefficient = Field(0.9, description="decay of the mean of the squared gradient")
    momentum: Coefficient = Field(0.0, description="momentum of the scaled gradient")
    epsilon: float = Field(1e-7, gt=0, description="added under the root")


@hookimpl
def advnets_optimizers() -> list[Component]:
    """Register momentum with the authors' schedules, and three of Keras's optimizers."""
    return list_components(
        "advnets.optimizers:{name}",
        momentum=(
            "classical momentum, with an epoch ramp and a floored learning-rate decay",
            MomentumParameters,
        ),
        sgd=("plain gradient descent", SgdParameters),
        adam=("Adam", AdamParameters),
        rmsprop=("RMSprop", RmspropParameters),
    )
