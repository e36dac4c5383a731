"""What happens in an encounter of the players."""

from __future__ import annotations

from dataclasses import dataclass

import tensorflow as tf

from ..errors import PluginError
from .output import DiscriminatorOutput


@dataclass(frozen=True)
class Play:
    """One encounter of the players: a batch of each side, and what D said of it.

    Attributes:
        real: Examples x ~ p_data, ``[N, ...]``.
        generated: G(z), z ~ p_z, ``[N, ...]``.
        real_output: What D said of x, or ``None`` where nobody asked.
        fake_output: What D said of G(z).
        stage: The part of the round, which names its random streams.
    """

    real: tf.Tensor
    generated: tf.Tensor
    real_output: DiscriminatorOutput | None
    fake_output: DiscriminatorOutput
    stage: str

    @property
    def judged(self) -> tuple[DiscriminatorOutput, DiscriminatorOutput]:
        """What D said of x and of G(z).

        Raises:
            PluginError: If D was not asked about x.
        """
        if self.real_output is None:
            raise PluginError(
                f"in {self.stage!r} D's judgement of real examples is used, but was not asked for",
                hint="an update rule passes judge_real=True to game.play",
            )
        return self.real_output, self.fake_output
