"""What a loss is: one value per example for each player."""

from __future__ import annotations

import tensorflow as tf

from .output import DiscriminatorOutput
from .value_function import value_function


class Loss:
    """Base class of losses: what each player minimises.

    A loss computes; the engine reduces. Both methods get what D said of the real
    examples x and of the generated ones G(z), and return one value per example; batch
    size, replicas and scaling are none of its business.

    Attributes:
        requires: The names it needs in D's output (``logits``, ``energy``, ``features``, …).
        generator_needs_real: Whether :meth:`generator` uses what D said of real
            examples. Under alternating updates G's turn evaluates D(x) only if so;
            ``real`` is ``None`` otherwise.
        variables: State of the loss that training changes (BEGAN's k); saved with the run.
            Make them with ``aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA``.
    """

    requires: tuple[str, ...] = ("logits",)
    generator_needs_real: bool = False
    variables: tuple[tf.Variable, ...] = ()

    def discriminator(self, real: DiscriminatorOutput, fake: DiscriminatorOutput) -> tf.Tensor:
        """What D minimises, float32 ``[N]``."""
        raise NotImplementedError(f"{type(self).__name__} defines no discriminator loss")

    def generator(self, real: DiscriminatorOutput | None, fake: DiscriminatorOutput) -> tf.Tensor:
        """What G minimises, float32 ``[N]``."""
        raise NotImplementedError(f"{type(self).__name__} defines no generator loss")

    def value(self, real: DiscriminatorOutput, fake: DiscriminatorOutput) -> tf.Tensor | None:
        """V(D, G) in nats, ``[N]``, where D's output defines one; whatever the players minimise.

        :func:`advnets.game.value_function.value_function` where D returns logits.
        """
        return value_function(real, fake) if "logits" in self.requires else None

    def probability(self, output: DiscriminatorOutput) -> tf.Tensor | None:
        """The probability that D gives to "real", ``[N]``, where its output defines one."""
        return tf.sigmoid(output.logits) if "logits" in self.requires else None

    def observe(self, real: DiscriminatorOutput, fake: DiscriminatorOutput) -> dict[str, tf.Tensor]:
        """Further things worth logging, by name, each ``[N]``."""
        return {}

    def update(self, real: DiscriminatorOutput, fake: DiscriminatorOutput) -> None:
        """Change the loss's own state after a round. Called once a round, on every replica.

        Each replica is given its own share of the batch. What ``variables`` become must be
        the same on all of them: use :func:`advnets.game.global_mean` for means over examples.
        """

    def __repr__(self) -> str:
        public = {k: v for k, v in vars(self).items() if not k.startswith("_")}
        return f"{type(self).__name__}({', '.join(f'{k}={v!r}' for k, v in public.items())})"
