"""(a) The MNIST game of Goodfellow et al. 2014, the shipped recipe ``goodfellow2014``.

G: 100 → 1200 ReLU → 1200 ReLU → 784 sigmoid. D: 784 → maxout 240×5 → maxout 240×5 → 1, with
dropout 0.2, 0.5, 0.5 at its layers' inputs, for both players. Both variants are timed: the
paper's Algorithm 1, and the simultaneous updates of the authors' code.
"""

from __future__ import annotations

from dataclasses import replace

from .game import Game, Momentum

GENERATOR = (1200, 1200)
PIECES = 5
MAXOUT = (240, 240)
DROPOUT = (0.2, 0.5, 0.5)

MNIST = Game(
    name="mnist",
    letter="a",
    title="MNIST, maxout D with dropout, alternating",
    networks="maxout",
    shape=(28, 28, 1),
    stored="uint8",
    prior="uniform",
    latent=100,
    batch=100,
    examples=50_000,
    optimizer=Momentum(),
    discriminator_weight=0.5,
)

MNIST_SIMULTANEOUS = replace(
    MNIST,
    name="mnist_simultaneous",
    title="MNIST, maxout D with dropout, simultaneous",
    updates="simultaneous",
)
