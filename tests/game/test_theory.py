"""The paper's theory on densities that are known: propositions 1 and 2, theorem 1."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

import advnets
from advnets.game import AdversarialGame, Gaussian, Minimax, UpdateRule

SHIFT = 1.5  # p_data = N(0, 1), p_g = N(SHIFT, 1)


class OnlyDiscriminator(UpdateRule):
    """G stays as it is."""

    def round(self, game, real):
        with game.watch("discriminator") as tape:
            play = game.play(real, "discriminator/0")
            loss = game.discriminator_objective(play)
        norm = game.descend("discriminator", tape, loss)
        return game.conclude(play, loss, tf.constant(0.0), norm, tf.constant(0.0))


def normal(x, mean):
    return np.exp(-((x - mean) ** 2) / 2) / math.sqrt(2 * math.pi)


def criterion():
    """C(G) = −log 4 + 2 JSD(p_data ‖ p_g), by numerical integration."""
    x = np.linspace(-10, 10 + SHIFT, 20001)
    p, q = normal(x, 0), normal(x, SHIFT)
    m = (p + q) / 2
    jsd = 0.5 * np.trapezoid(p * np.log(p / m), x) + 0.5 * np.trapezoid(q * np.log(q / m), x)
    return -math.log(4) + 2 * jsd


def test_with_g_frozen_d_becomes_d_star_and_v_becomes_c():
    keras.utils.set_random_seed(0)
    generator = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    generator.set_weights([np.ones((1, 1), "float32"), np.full((1,), SHIFT, "float32")])
    discriminator = keras.Sequential(
        [keras.Input((1,)), keras.layers.Dense(16, "tanh"), keras.layers.Dense(1)]
    )
    game = AdversarialGame(
        generator, discriminator, prior=Gaussian(1), loss=Minimax(), updates=OnlyDiscriminator()
    )
    rate = keras.optimizers.schedules.CosineDecay(0.02, 1500)
    game.compile("sgd", keras.optimizers.Adam(rate), steps_per_execution=100)
    data = np.random.default_rng(0).normal(size=(256 * 1500, 1)).astype("float32")
    game.fit(data, batch_size=256, verbose=0)

    x = np.linspace(-2, 2 + SHIFT, 50)[:, None]
    d = 1 / (1 + np.exp(-discriminator(x).numpy()))
    d_star = normal(x, 0) / (normal(x, 0) + normal(x, SHIFT))  # proposition 1
    np.testing.assert_allclose(d, d_star, atol=0.03)

    fresh = np.random.default_rng(1)
    real = tf.constant(fresh.normal(size=(200_000, 1)), tf.float32)
    value = game.conclude(
        *(game.play(real, "value"), tf.constant(0.0), tf.constant(0.0), 0.0, 0.0)
    )["value"]
    assert float(value) == pytest.approx(criterion(), abs=0.01)  # theorem 1
    np.testing.assert_array_equal(generator.get_weights()[1], [SHIFT])


def test_the_criterion_is_minus_log_4_only_where_the_densities_agree():
    assert criterion() > -math.log(4) + 0.1


def test_the_one_dimensional_game_ends_near_its_solution(tmp_path):
    run = advnets.run("gaussian_1d", {"monitoring.tensorboard": False}, run_dir=tmp_path)
    values = [record["value"] for record in run.metrics[-10:]]
    assert np.mean(values) == pytest.approx(-math.log(4), abs=0.02)
    samples, _ = run.sample(20_000, seed=1)
    assert samples.mean() == pytest.approx(4.0, abs=0.1)
    assert samples.std() == pytest.approx(0.5, abs=0.1)
    x = np.linspace(3, 5, 21, dtype="float32")[:, None]
    d = 1 / (1 + np.exp(-run.discriminator(x).numpy()))
    np.testing.assert_allclose(d, 0.5, atol=0.1)  # D* = 1/2 where p_g = p_data
    density = run.source.density(np.array([[4.0]]))
    assert float(density[0]) == pytest.approx(2 / math.sqrt(2 * math.pi))
