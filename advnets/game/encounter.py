"""Let the players meet: a batch of each side, and D's output for it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import keras
import tensorflow as tf

from .. import random
from ..errors import PluginError
from ..networks import in_float32
from ..random import Draw
from . import batch
from .losses import Loss
from .output import DiscriminatorOutput
from .penalties import Penalty


@dataclass(frozen=True)
class Play:
    """Hold one encounter of the players: a batch of each side, and D's output for it.

    Attributes:
        real: Examples x ~ p_data, ``[N, ...]``.
        generated: G(z), z ~ p_z, ``[N, ...]``.
        real_output: D's output for x, or ``None`` where nobody needs it.
        fake_output: D's output for G(z).
        stage: The part of the round, which names its random streams.
    """

    real: tf.Tensor
    generated: tf.Tensor
    real_output: DiscriminatorOutput | None
    fake_output: DiscriminatorOutput
    stage: str

    @property
    def judged(self) -> tuple[DiscriminatorOutput, DiscriminatorOutput]:
        """D's outputs for x and for G(z).

        Raises:
            PluginError: If D did not judge x.
        """
        if self.real_output is None:
            raise PluginError(
                f"in {self.stage!r} D's judgement of real examples is used, but was not requested",
                hint="an update rule passes judge_real=True to game.play",
            )
        return self.real_output, self.fake_output


def judge(
    discriminator: keras.Model, x: tf.Tensor, draw: Draw, stage: str, segments: random.Segments
) -> DiscriminatorOutput:
    """Return D's output for x in training mode.

    Args:
        discriminator: A built Keras model.
        x: Examples, ``[N, ...]``.
        draw: The random numbers of the round.
        stage: The part of the round.
        segments: Which examples x is made of; each name has dropout masks of its own.
    """
    with random.scope(draw, stage, segments):
        return DiscriminatorOutput(discriminator(x, training=True))


def critic_of(
    discriminator: keras.Model, draw: Draw, stage: str
) -> Callable[[tf.Tensor], DiscriminatorOutput]:
    """Return D as penalties see it: in float32, with dropout of its own in every call."""
    calls = itertools.count()

    def critic(x: tf.Tensor) -> DiscriminatorOutput:
        segments = [(f"penalty/{next(calls)}", batch.size(x))]
        with in_float32():  # Second derivatives of half precision are too coarse.
            return judge(discriminator, x, draw, stage, segments)

    return critic


def check_what_is_needed(output: DiscriminatorOutput, who: Iterable[Loss | Penalty]) -> None:
    """Refuse a loss or penalty whose needs D's output does not meet.

    Raises:
        PluginError: It names the component, and what is missing.
    """
    for component in who:
        missing = [name for name in component.requires if name not in output]
        if missing:
            raise PluginError(
                f"{type(component).__name__} needs {', '.join(missing)} from the "
                f"discriminator, which returns {', '.join(sorted(output))}",
                hint="choose a discriminator that returns it, or another loss",
                module=type(component).__module__,
            )
