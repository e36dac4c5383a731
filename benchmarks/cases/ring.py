"""(b) A ring of eight Gaussians: two small MLPs, so that a round is all overhead.

G: 2 → 128 ReLU → 128 ReLU → 2. D: 2 → 128 ReLU → 128 ReLU → 1.
"""

from __future__ import annotations

from .game import Adam, Game

HIDDEN = (128, 128)

RING = Game(
    name="ring",
    letter="b",
    title="8-Gaussian ring, MLPs of 2×128, alternating",
    networks="mlp",
    shape=(2,),
    stored="float32",
    prior="gaussian",
    latent=2,
    batch=256,
    examples=100_000,
    optimizer=Adam(learning_rate=1e-3, beta_1=0.5),
    seconds=1.0,
)
