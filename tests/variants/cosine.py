"""Adam whose rate falls to nothing by the end of the run, as a plugin of one file."""

from __future__ import annotations

from typing import Any

from pydantic import Field

import advnets


class CosineAdamParameters(advnets.Parameters):
    """Validate the parameters of ``cosine_adam``."""

    learning_rate: float = Field(1e-3, gt=0, description="at the first update")
    beta_1: float = Field(0.5, ge=0, lt=1, description="decay of the mean of the gradient")


@advnets.hookimpl
def advnets_optimizers() -> list[advnets.Component]:
    summary = "Adam, its rate falling to 0 by half a cosine"
    return [
        advnets.Component("cosine_adam", f"{__name__}:make", summary, CosineAdamParameters),
    ]


def make(context: Any, learning_rate: float, beta_1: float) -> Any:
    import keras

    rate = keras.optimizers.schedules.CosineDecay(learning_rate, context.total_steps)
    return keras.optimizers.Adam(rate, beta_1=beta_1)
