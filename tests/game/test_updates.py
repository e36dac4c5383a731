"""Who moves when: fresh batches under Algorithm 1, old parameters when simultaneous."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from advnets.game import AdversarialGame, Alternating, Minimax, Simultaneous, Uniform

RATE = 0.1


def scalar_game(updates):
    """G(z) = a z + b and C(x) = w x + c, all from 0.5: gradients can be written down."""

    def affine():
        model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
        model.set_weights([np.full((1, 1), 0.5, "float32"), np.full((1,), 0.5, "float32")])
        return model

    game = AdversarialGame(affine(), affine(), prior=Uniform(1), loss=Minimax(), updates=updates)
    game.compile(keras.optimizers.SGD(RATE), keras.optimizers.SGD(RATE))
    return game


def sigmoid(c):
    return 1 / (1 + np.exp(-c))


def d_gradient(w, c, x, fake):
    """∇ of −mean log D(x) − mean log(1 − D(fake)) in (w, c)."""
    on_real, on_fake = sigmoid(w * x + c) - 1, sigmoid(w * fake + c)
    return np.mean(on_real * x) + np.mean(on_fake * fake), np.mean(on_real) + np.mean(on_fake)


def g_gradient(w, c, a, b, z):
    """∇ of mean log(1 − D(a z + b)) in (a, b)."""
    slope = -sigmoid(w * (a * z + b) + c) * w
    return np.mean(slope * z), np.mean(slope)


def weights(network):
    return [float(w.ravel()[0]) for w in network.get_weights()]


def latents(game, stage, n):
    return game.prior.sample(game.draw(), f"latent/{stage}", n).numpy().ravel().astype("float64")


def test_alternating_by_hand_with_fresh_batches_and_noise():
    game = scalar_game(Alternating(discriminator_steps=3))
    data = np.arange(6.0, dtype="float32")[:, None] - 2
    w = c = a = b = 0.5
    for i, x in enumerate(np.split(data.ravel().astype("float64"), 3)):
        fake = a * latents(game, f"discriminator/{i}", 2) + b
        dw, dc = d_gradient(w, c, x, fake)
        w, c = w - RATE * dw, c - RATE * dc
    da, db = g_gradient(w, c, a, b, latents(game, "generator", 2))
    a, b = a - RATE * da, b - RATE * db
    game.train_step(tf.constant(data))
    np.testing.assert_allclose(weights(game.discriminator), [w, c], rtol=1e-5)
    np.testing.assert_allclose(weights(game.generator), [a, b], rtol=1e-5)


def test_the_latents_of_every_step_differ():
    game = scalar_game(Alternating(discriminator_steps=2))
    drawn = [latents(game, s, 4) for s in ("discriminator/0", "discriminator/1", "generator")]
    game.rounds.assign_add(1)
    drawn.append(latents(game, "generator", 4))
    assert len({tuple(z) for z in drawn}) == 4


def test_simultaneous_uses_the_old_parameters():
    game = scalar_game(Simultaneous())
    x = np.array([-1.0, 0.5, 2.0])
    z = latents(game, "both", 3)
    fake = 0.5 * z + 0.5
    dw, dc = d_gradient(0.5, 0.5, x, fake)
    da, db = g_gradient(0.5, 0.5, 0.5, 0.5, z)  # at D's parameters from before its move
    game.train_step(tf.constant(x[:, None], tf.float32))
    np.testing.assert_allclose(
        weights(game.discriminator), [0.5 - RATE * dw, 0.5 - RATE * dc], rtol=1e-5
    )
    np.testing.assert_allclose(
        weights(game.generator), [0.5 - RATE * da, 0.5 - RATE * db], rtol=1e-5
    )


def test_what_a_round_logs_by_hand():
    game = scalar_game(Simultaneous())
    x = np.array([-1.0, 0.5, 2.0])
    fake = 0.5 * latents(game, "both", 3) + 0.5
    logs = game.train_step(tf.constant(x[:, None], tf.float32))
    d_real, d_fake = sigmoid(0.5 * x + 0.5), sigmoid(0.5 * fake + 0.5)
    value = np.mean(np.log(d_real)) + np.mean(np.log(1 - d_fake))
    expected = {
        "value": value,
        "d_loss": -value,
        "g_loss": np.mean(np.log(1 - d_fake)),
        "d_real": d_real.mean(),
        "d_fake": d_fake.mean(),
        "d_accuracy_real": np.mean(d_real > 0.5),
        "d_accuracy_fake": np.mean(d_fake <= 0.5),
        "d_gradient_norm": np.hypot(*d_gradient(0.5, 0.5, x, fake)),
    }
    for name, number in expected.items():
        assert float(logs[name]) == pytest.approx(number, rel=1e-4), name
