"""(c) A DCGAN at 32×32 with batch normalisation in both players, in two precisions.

G: 100 → 4×4×256, then 4×4 transposed convolutions of stride 2 to 128, 64 and 3 channels; batch
normalisation and ReLU after all but the last, which has a tanh. D: 4×4 convolutions of stride
2 to 64, 128 and 256 channels, batch normalisation before the LeakyReLU (0.2) of the second and
third, then one linear unit. No biases. advnets calls it ``dcgan`` with ``kernel: 4``.

The images are random bytes: what they show makes no difference to the time.
"""

from __future__ import annotations

from dataclasses import replace

from .game import Adam, Game

CHANNELS = (64, 128, 256)
KERNEL = 4
SLOPE = 0.2

DCGAN = Game(
    name="dcgan",
    letter="c",
    title="DCGAN 32×32, batch normalisation, alternating",
    networks="dcgan",
    shape=(32, 32, 3),
    stored="uint8",
    prior="gaussian",
    latent=100,
    batch=64,
    examples=10_000,
    optimizer=Adam(learning_rate=2e-4, beta_1=0.5),
    joint=False,
    seconds=2.5,
)

DCGAN_BFLOAT16 = replace(
    DCGAN,
    name="dcgan_bfloat16",
    title="DCGAN 32×32, mixed_bfloat16",
    precision="mixed_bfloat16",
)
