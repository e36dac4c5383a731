"""Register the optimizers that ship with advnets: their parameters, without TensorFlow."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from ..plugins.components import Component, Parameters, list_components
from ..plugins.hookspecs import hookimpl

Rate = Annotated[float, Field(gt=0, description="learning rate at the first update")]
Coefficient = Annotated[float, Field(ge=0, lt=1)]


class Decay(Parameters):
    """Let a learning rate fall at every update."""

    decay: float = Field(
        1.0, ge=1, lt=2, description="divisor of the learning rate per update; 1 for none"
    )
    minimum_learning_rate: float = Field(0.0, ge=0, description="the decay's floor")


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

    learning_rate: Rate = 0.1
    momentum: Annotated[Ramp, BeforeValidator(_as_ramp, json_schema_input_type=float | Ramp)] = (
        Field(
            Ramp.model_validate({}),
            description="m: a number, or {start, final, epochs} for a linear rise",
        )
    )


class SgdParameters(Decay):
    """Validate the parameters of ``sgd``: θ ← θ − lr·g."""

    learning_rate: Rate = 0.1


class AdamParameters(Parameters):
    """Validate the parameters of ``adam``."""

    learning_rate: Rate = 1e-3
    beta_1: Coefficient = Field(0.9, description="decay of the mean of the gradient")
    beta_2: Coefficient = Field(0.999, description="decay of the mean of its square")
    epsilon: float = Field(1e-7, gt=0, description="added to the root, against division by zero")


class RmspropParameters(Parameters):
    """Validate the parameters of ``rmsprop``."""

    learning_rate: Rate = 1e-3
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
