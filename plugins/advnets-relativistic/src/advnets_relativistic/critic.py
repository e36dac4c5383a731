"""Share what the relativistic losses have in common."""

from __future__ import annotations

from advnets import PluginError
from advnets.game import DiscriminatorOutput, Loss


class RelativisticLoss(Loss):
    """Look only at differences of C between real and generated examples.

    C's output taken alone is defined up to a constant, so that there is neither V(D, G) nor
    a probability of a single example to be real.
    """

    requires = ("logits",)
    generator_needs_real = True

    def value(self, real: DiscriminatorOutput, fake: DiscriminatorOutput) -> None:
        """Return ``None``: no example is real by itself."""

    def probability(self, output: DiscriminatorOutput) -> None:
        """Return ``None``: no example is real by itself."""


def of_both(
    real: DiscriminatorOutput | None, fake: DiscriminatorOutput
) -> tuple[DiscriminatorOutput, DiscriminatorOutput]:
    """Return D's output for either side to G, which is given both since it requires them."""
    if real is None:
        raise PluginError(
            "a relativistic loss needs D's output for real examples to compute G's loss",
            hint="an update rule passes judge_real=game.generator_needs_real to game.play",
        )
    return real, fake
