"""Theorem 1 of Zhao et al. on densities that are known.

Point by point D minimises p_data(x) E(x) + p_g(x) [m − E(x)]⁺ by E = 0 where p_data > p_g and
E = m elsewhere, so that min_D V = m ∫ min(p_data, p_g): m where p_g = p_data (theorem 1, with
lemma 1), and less by m times their distance in total variation everywhere else.
"""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from advnets_ebgan.margin import EbganMargin
from scipy.stats import norm

from advnets.game import AdversarialGame, Gaussian, UpdateRule

MARGIN, ROUNDS, BATCH = 10.0, 1500, 256


class OnlyDiscriminator(UpdateRule):
    """G stays as it is."""

    def round(self, game, batches):
        with game.watch("discriminator") as tape:
            play = game.play(batches[0], "discriminator/0")
            loss = game.objective("discriminator", play)
        norm = game.descend("discriminator", tape, loss)
        return game.conclude(play, {"discriminator": loss}, {"discriminator": norm})


def overlap(shift: float) -> float:
    """∫ min(p_data, p_g) of two normal densities that far apart: they meet half way."""
    return float(2 * norm.cdf(-shift / 2))


@pytest.mark.parametrize("shift", [0.0, 1.5])
def test_with_g_frozen_v_becomes_m_times_what_the_densities_share(shift: float) -> None:
    keras.utils.set_random_seed(0)
    generator = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    generator.set_weights([np.ones((1, 1), "float32"), np.full((1,), shift, "float32")])
    x = keras.Input((1,))
    energy = keras.layers.Dense(1, "softplus")(keras.layers.Dense(32, "tanh")(x))
    discriminator = keras.Model(x, {"energy": keras.layers.Reshape(())(energy)})
    game = AdversarialGame(
        generator,
        discriminator,
        prior=Gaussian(1),
        loss=EbganMargin(MARGIN),
        updates=OnlyDiscriminator(),
    )
    rate = keras.optimizers.schedules.CosineDecay(0.05, ROUNDS)
    game.compile("sgd", keras.optimizers.Adam(rate), steps_per_execution=100)
    data = np.random.default_rng(0).normal(size=(BATCH * ROUNDS, 1)).astype("float32")
    game.fit(data, batch_size=BATCH, verbose=0)

    fresh = np.random.default_rng(1).normal(size=(200_000, 1))
    energies = (discriminator(tf.constant(side, tf.float32)) for side in (fresh, fresh + shift))
    real, fake = (said["energy"].numpy() for said in energies)
    value = np.mean(real + np.maximum(MARGIN - fake, 0.0))
    assert value == pytest.approx(MARGIN * overlap(shift), abs=0.02 * MARGIN)
    if shift:
        clear = np.array([[-1.5], [shift + 1.5]], np.float32)
        low, high = discriminator(clear)["energy"].numpy()
        assert low < 0.1 * MARGIN < 0.9 * MARGIN < high
