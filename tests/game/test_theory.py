"""The paper's theory on densities that are known: propositions 1 and 2, theorem 1."""

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

import advnets
from advnets.evaluate.estimators.line_game import LineGame
from advnets.game import AdversarialGame, Batch, Gaussian, Minimax, UpdateRule

SHIFT = 1.5  # p_data = N(0, 1), p_g = N(SHIFT, 1)


class OnlyDiscriminator(UpdateRule):
    """G stays as it is."""

    def round(self, game, batches):
        with game.watch("discriminator") as tape:
            play = game.play(batches[0], "discriminator/0")
            loss = game.objective("discriminator", play)
        norm = game.descend("discriminator", tape, loss)
        return game.conclude(play, {"discriminator": loss}, {"discriminator": norm})


def normal(x, mean):
    return np.exp(-((x - mean) ** 2) / 2) / math.sqrt(2 * math.pi)


def on_the_line(game):
    """The game as theory sees it: p_data = N(0, 1), z ~ N(0, 1)."""
    return LineGame(
        density=lambda x: normal(x, 0),
        support=(-4, 4),
        quantile=game.prior.quantile,
        generator=lambda z: game.generator(z).numpy(),
        discriminator=lambda x: game.discriminator(x[:, None].astype("float32")).numpy(),
    ).discretise()


@pytest.fixture(scope="module")
def trained():
    """A game whose G stays as it is, and whose D has converged."""
    keras.utils.set_random_seed(0)
    generator = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    generator.set_weights([np.ones((1, 1), "float32"), np.full((1,), SHIFT, "float32")])
    discriminator = keras.Sequential(
        [keras.Input((1,)), keras.layers.Dense(16, "tanh"), keras.layers.Dense(1)]
    )
    game = AdversarialGame(
        generator, discriminator, prior=Gaussian(1), loss=Minimax(), updates=OnlyDiscriminator()
    )
    before = on_the_line(game)
    rate = keras.optimizers.schedules.CosineDecay(0.02, 1500)
    game.compile("sgd", keras.optimizers.Adam(rate), steps_per_execution=100)
    data = np.random.default_rng(0).normal(size=(256 * 1500, 1)).astype("float32")
    game.fit(data, batch_size=256, verbose=0)
    np.testing.assert_array_equal(generator.get_weights()[1], [SHIFT])
    return game, before, on_the_line(game)


def test_with_g_frozen_d_becomes_d_star(trained):
    game, _, after = trained
    x = np.linspace(-2, 2 + SHIFT, 50)[:, None]
    d = 1 / (1 + np.exp(-game.discriminator(x).numpy()))
    d_star = normal(x, 0) / (normal(x, 0) + normal(x, SHIFT))  # proposition 1
    np.testing.assert_allclose(d, d_star, atol=0.03)
    assert after.discriminator_error < 0.03


def test_with_g_frozen_v_becomes_c(trained):
    """Theorem 1, by integrals: V reaches C(G) from below, and never goes beyond."""
    _, before, after = trained
    log_ratio = (SHIFT**2 - 2 * SHIFT * before.middles) / 2  # log p_data − log p_g
    best = -before.data @ np.logaddexp(0, -log_ratio) - before.generated @ np.logaddexp(
        0, log_ratio
    )
    assert before.criterion == pytest.approx(best, abs=1e-6)  # C(G) = V(D*, G)
    assert after.criterion == before.criterion  # G has not moved
    assert before.gap > 0.1
    assert 0 <= after.gap < 1e-3
    assert after.criterion > -math.log(4) + 0.1


def test_the_value_that_rounds_log_is_the_one_in_expectation(trained):
    game, _, after = trained
    fresh = np.random.default_rng(1)
    real = tf.constant(fresh.normal(size=(200_000, 1)), tf.float32)
    logged = game.conclude(game.play(Batch(real), "value"), {}, {})["value"]
    assert float(logged) == pytest.approx(after.value, abs=0.01)


def test_the_one_dimensional_game_ends_near_its_solution(tmp_path):
    """Theorem 1's other half: C(G) = −log 4, and p_g = p_data, where the game ends."""
    few = {"training.steps": 800, "monitoring.tensorboard": False, "monitoring.figures": False}
    run = advnets.run("gaussian_1d", few, run_dir=tmp_path)
    last = run.metrics[-1]
    assert run.metrics[0]["theory_jsd"] > 0.5
    assert last["theory_jsd"] < 0.01
    assert last["theory_criterion"] == pytest.approx(-math.log(4), abs=0.02)
    assert last["theory_value"] == pytest.approx(-math.log(4), abs=0.02)
    assert 0 <= last["theory_gap"] < 0.02
    samples, _ = run.sample(20_000, seed=1)
    assert samples.mean() == pytest.approx(4.0, abs=0.1)
    assert samples.std() == pytest.approx(0.5, abs=0.1)
    x = np.linspace(3.25, 4.75, 21, dtype="float32")[:, None]  # 87 % of the data
    d = 1 / (1 + np.exp(-run.discriminator(x).numpy()))
    np.testing.assert_allclose(d, 0.5, atol=0.1)  # D* = 1/2 where p_g = p_data
    density = run.source.density(np.array([[4.0]]))
    assert float(density[0]) == pytest.approx(2 / math.sqrt(2 * math.pi))
