"""A generator whose last layer adds what follows a schedule: a plugin of one file."""

from __future__ import annotations

from typing import Any

import keras

import advnets
from advnets.game import scheduled


@keras.saving.register_keras_serializable(package="fading")
class Fade(keras.layers.Layer):
    """Add α, which goes with the rounds."""

    def __init__(self, alpha: Any, **kwargs: Any):
        super().__init__(**kwargs)
        self.alpha = scheduled(alpha)

    def call(self, x: Any) -> Any:
        """Return x + α."""
        return x + self.alpha()

    def get_config(self) -> dict[str, Any]:
        """Return what makes it again."""
        return {**super().get_config(), "alpha": self.alpha.get_config()}


class FadingParameters(advnets.Parameters):
    """Validate the parameters of ``fading``."""

    alpha: advnets.Weight


def make(context: Any, alpha: Any) -> keras.Model:
    """Build it."""
    inputs = context.inputs()
    made = context.dense(context.output_shape[0], "output")(context.joined(inputs))
    return context.model(inputs, Fade(alpha, name="fade")(made))


@advnets.hookimpl
def advnets_architectures() -> list[advnets.Component]:
    return [advnets.Component("fading", f"{__name__}:make", "", FadingParameters)]
