"""(d) WGAN-GP on (b)'s networks and data: five critic steps, with second derivatives."""

from __future__ import annotations

from dataclasses import replace

from .game import Adam
from .ring import RING

WGAN_GP = replace(
    RING,
    name="wgan_gp",
    letter="d",
    title="WGAN-GP on the ring, k = 5",
    optimizer=Adam(learning_rate=1e-4, beta_1=0.5, beta_2=0.9),
    loss="wasserstein",
    penalty=0.1,
    steps=5,
    seconds=1.0,
)
