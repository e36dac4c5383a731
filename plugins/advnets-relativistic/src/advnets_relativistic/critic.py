"""Share what the relativistic losses have in common."""

from __future__ import annotations

from advnets.game import Loss


class RelativisticLoss(Loss):
    """Look only at differences of C between real and generated examples.

    C's output taken alone is defined up to a constant, so that there is neither V(D, G) nor
    a probability of a single example to be real: its logits are no log-odds.
    """

    requires = ("logits",)
    needs_real = True
