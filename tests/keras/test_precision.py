"""Networks that compute in float16, as their policies say."""

import keras
import numpy as np
import pytest
from keras_lines import works


@pytest.fixture
def half_and_single(make_game, make_network):
    def make():
        for policy in ("mixed_float16", "float32"):
            networks = make_network(3, 2, dtype=policy), make_network(2, 1, 7, dtype=policy)
            game = make_game(*networks)
            game.compile(keras.optimizers.SGD(0.5), keras.optimizers.SGD(0.5), run_eagerly=True)
            yield game

    return make


@works(
    "precision",
    "`mixed_float16` by policy",
    "Each player's loss is scaled and its gradient divided by the scale, once: moves are those of "
    "float32 to the digits of float16. What optimizers are given is not scaled.",
)
def test_moves_in_half_precision(half_and_single, points):
    half, single = half_and_single()
    before = [weight.numpy() for weight in half.trainable_weights]
    for game in (half, single):
        game.fit(points, batch_size=10, shuffle=False, verbose=0)
    assert set(half.loss_scales) == {"generator", "discriminator"}
    assert not single.loss_scales
    for old, one, other in zip(
        before, half.trainable_weights, single.trainable_weights, strict=True
    ):
        moved = other.numpy() - old
        np.testing.assert_allclose(one.numpy() - old, moved, atol=0.02 * np.abs(moved).max())


@works("precision", "a gradient that overflows", "Its step is skipped, and its scale halved.")
def test_an_overflow(half_and_single, points):
    half, _ = half_and_single()
    scale = half.loss_scales["discriminator"].scale
    scale.assign(2.0**100)
    before = half.discriminator.get_weights(), half.generator.get_weights()
    history = half.fit(points, batch_size=10, shuffle=False, verbose=0).history
    assert (history["d_skipped"], history["g_skipped"]) == ([1.0], [0.0])
    assert float(scale) == 2.0**99
    for old, new in zip(before[0], half.discriminator.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    assert any(
        (old != new).any() for old, new in zip(before[1], half.generator.get_weights(), strict=True)
    )
