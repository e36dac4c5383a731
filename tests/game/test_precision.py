"""Half precision: what stays float32, how near the float32 game it is, what overflow does."""

import os
import subprocess
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

from advnets.game import R1, AdversarialGame, Alternating, Batch, NonSaturating, Simultaneous
from advnets.game.finiteness import all_finite
from advnets.game.loss_scale import INITIAL, LARGEST, LossScale
from advnets.networks import NetworkContext, under_policy
from advnets.networks.conv_maxout import conv_maxout
from advnets.networks.dcgan import dcgan
from advnets.networks.maxout import maxout
from advnets.networks.mlp import mlp
from advnets.networks.transposed_conv import transposed_conv

HALF = ("mixed_bfloat16", "mixed_float16")
IMAGE = (8, 8, 1)
CONVOLUTION = {"channels": 3, "pieces": 2, "kernel": 3, "padding": 1, "pool": 3, "pool_stride": 2}
PLAYERS = {
    "mlp": (
        lambda c: mlp(c, layers=[8], batch_norm="before", output={"activation": "tanh"}),
        lambda c: mlp(c, layers=[8], activation="leaky_relu", max_col_norm=2.0),
    ),
    "maxout": (
        lambda c: mlp(c, layers=[8], output={"activation": "sigmoid", "bias": "marginals"}),
        lambda c: maxout(c, layers=[6, 6], pieces=3, dropout=[0.2, 0.5, 0.5]),
    ),
    "conv": (
        lambda c: transposed_conv(
            c,
            maps={"channels": 2},
            layers=[{"units": 8, "sparse": 2}],
            output={"activation": "sigmoid", "bias": "marginals"},
        ),
        lambda c: conv_maxout(c, convolutions=[CONVOLUTION], layers=[4], pieces=2),
    ),
    "dcgan": (lambda c: dcgan(c, channels=4, stages=1), lambda c: dcgan(c, channels=4, stages=1)),
    "linear": (lambda c: mlp(c, layers=[4]), lambda c: mlp(c, layers=[4])),
}


def players(names, policy):
    """Both networks of ``names``, with the same weights whatever the policy."""
    keras.utils.set_random_seed(1)
    mean = np.full(IMAGE, 0.3, "float32")
    with under_policy(policy):
        return (
            PLAYERS[names][0](
                NetworkContext("generator", (5,), IMAGE, marginals=lambda: mean, seed=1)
            ),
            PLAYERS[names][1](NetworkContext("discriminator", IMAGE, (), seed=1)),
        )


def make_game(policy, names="mlp", rate=0.1, **options):
    game = AdversarialGame(*players(names, policy), loss=NonSaturating(), seed=3, **options)
    game.compile(keras.optimizers.SGD(rate, momentum=0.5), keras.optimizers.SGD(rate))
    return game


def images(n=8, seed=0):
    return tf.constant(np.random.default_rng(seed).uniform(size=(n, *IMAGE)), tf.float32)


def trained_values(game):
    groups = (
        game.generator,
        game.discriminator,
        game.generator_optimizer,
        game.discriminator_optimizer,
    )
    return [variable.numpy() for group in groups for variable in group.variables]


def weights(game):
    networks = (game.generator, game.discriminator)
    return [v.numpy() for network in networks for v in network.trainable_variables]


@pytest.mark.parametrize("policy", HALF)
@pytest.mark.parametrize("names", PLAYERS)
def test_every_architecture_plays_near_its_float32_game(names, policy):
    exact, half = make_game("float32", names), make_game(policy, names)
    start = weights(half)
    for before, same in zip(weights(exact), start, strict=True):
        np.testing.assert_array_equal(before, same)
    logs = half.train_step(images())
    expected = exact.train_step(images())
    for name in ("d_loss", "g_loss", "value", "d_gradient_norm"):
        assert float(logs[name]) == pytest.approx(float(expected[name]), rel=0.03, abs=0.01), name
    moved = np.concatenate([(b - a).ravel() for a, b in zip(start, weights(half), strict=True)])
    wanted = np.concatenate([(b - a).ravel() for a, b in zip(start, weights(exact), strict=True)])
    # bfloat16 has 8 bits; where maxout's pieces tie in it, they share a gradient.
    assert np.linalg.norm(moved - wanted) < 0.1 * np.linalg.norm(wanted)
    for network in (half.generator, half.discriminator):
        assert {v.dtype for v in network.weights} == {"float32"}
        computed = {layer.compute_dtype for layer in network._flatten_layers()}
        assert policy.removeprefix("mixed_") in computed
    assert {v.dtype for v in half.generator_optimizer.variables[2:]} == {"float32"}
    play = half.play(Batch(images()), "generator")
    assert play.fake.example.dtype == play.fake.logits.dtype == tf.float32
    assert half.generator(tf.zeros([2, 5])).dtype == tf.float32
    assert half.discriminator(images(2)).dtype == tf.float32
    assert half.generate(3)[0].dtype == np.float32


@pytest.mark.parametrize("policy", HALF)
@pytest.mark.parametrize("names", ["maxout", "dcgan"])
def test_penalties_see_a_discriminator_in_float32(names, policy):
    """R1's gradient, a second derivative, is that of the float32 game, to float32's accuracy."""

    def gradient(policy):
        game = make_game(policy, names, penalties=[R1(2.0)])
        play = game.play(Batch(images()), "discriminator/0")
        with game.watch("discriminator") as tape:
            penalty = game._penalties("discriminator", play)
        return game.gradients("discriminator", tape, penalty)

    pairs = list(zip(gradient(policy), gradient("float32"), strict=True))
    assert any(exact is not None for _, exact in pairs)
    for half, exact in pairs:
        if exact is not None:
            np.testing.assert_allclose(half, exact, rtol=1e-4, atol=1e-6)


def test_a_discriminator_with_penalties_is_saved_as_it_was(tmp_path):
    game = make_game("mixed_bfloat16", "maxout", penalties=[R1()])
    game.discriminator.save(tmp_path / "d.keras")
    loaded = keras.models.load_model(tmp_path / "d.keras")
    assert loaded.get_layer("maxout_0").dtype_policy == keras.DTypePolicy("mixed_bfloat16")
    np.testing.assert_array_equal(loaded(images()), game.discriminator(images()))


def test_who_has_a_loss_scale():
    def scaled(generator, discriminator):
        return set(
            AdversarialGame(
                players("mlp", generator)[0], players("mlp", discriminator)[1]
            ).loss_scales
        )

    assert scaled("float32", "mixed_bfloat16") == set()
    # What overflows in G reaches D, and G's gradient passes through D.
    for policies in (("mixed_float16", "float32"), ("float32", "mixed_float16")):
        assert scaled(*policies) == {"generator", "discriminator"}


def test_the_loss_scale_by_hand():
    scale = LossScale(growth_steps=3)
    assert float(scale.scale) == INITIAL == 32768
    seen = []
    for finite in (True, True, False, True, True, True, True):
        scale.learn(tf.constant(finite))
        seen.append((float(scale.scale), int(scale.good_steps)))
    halved = INITIAL / 2
    grown = [(INITIAL, 1), (INITIAL, 2), (halved, 0), (halved, 1), (halved, 2), (INITIAL, 0)]
    assert seen == [*grown, (INITIAL, 1)]
    scale.scale.assign(LARGEST)
    for _ in range(3):
        scale.learn(tf.constant(True))
    assert float(scale.scale) == LARGEST
    scale.scale.assign(4.0)
    true = scale.unscale([tf.constant([8.0, np.inf]), None, tf.constant(2.0, tf.float16)])
    assert true[0].numpy().tolist() == [2.0, np.inf]
    assert true[1] is None
    assert (float(true[2]), true[2].dtype) == (0.5, tf.float32)
    assert not all_finite([tf.constant([0.0, np.nan]), tf.zeros([2])])


def test_scaling_keeps_gradients_that_float16_would_lose():
    """A loss of 10⁻⁶ of a loss: its gradient at a logit is below float16's smallest number."""

    class Faint(NonSaturating):
        def discriminator(self, real, fake):
            return 1e-6 * super().discriminator(real, fake)

    def gradient(policy):
        game = AdversarialGame(*players("mlp", policy), loss=Faint(), seed=3)
        with game.watch("discriminator") as tape:
            play = game.play(Batch(images()), "discriminator/0")
            loss = game.objective("discriminator", play)
        return np.concatenate([np.ravel(g) for g in game.gradients("discriminator", tape, loss)])

    exact, half = gradient("float32"), gradient("mixed_float16")
    assert np.linalg.norm(half - exact) < 0.02 * np.linalg.norm(exact)


@pytest.mark.parametrize(
    ("rule", "jit"), [(Alternating, False), (Simultaneous, False), (Simultaneous, True)]
)
def test_an_overflow_skips_the_step_and_halves_the_scale(rule, jit):
    game = make_game("mixed_float16", "linear", updates=rule())
    step = tf.function(game.train_step, jit_compile=jit, autograph=False)
    logs = step(images())
    assert float(logs["d_skipped"]) == float(logs["g_skipped"]) == 0
    before = weights(game)
    moves = int(game.discriminator_optimizer.iterations.numpy())
    game.loss_scales["discriminator"].scale.assign(2.0**40)  # overflows on the way back
    logs = step(images())
    assert np.isnan(float(logs["d_gradient_norm"]))
    assert np.isfinite(float(logs["d_loss"]))
    assert float(logs["d_skipped"]) == 1
    assert float(logs["d_loss_scale"]) == 2.0**39
    count = len(game.discriminator.trainable_variables)
    for old, new in zip(before[-count:], weights(game)[-count:], strict=True):
        np.testing.assert_array_equal(old, new)
    assert int(game.discriminator_optimizer.iterations.numpy()) == moves
    # The other player moved.
    assert float(logs["g_skipped"]) == 0
    assert np.isfinite(float(logs["g_gradient_norm"]))
    assert int(game.generator_optimizer.iterations.numpy()) == 2
    assert any((o != n).any() for o, n in zip(before, weights(game), strict=True))


def test_fit_in_a_notebook_under_a_global_policy():
    with under_policy("mixed_float16"):
        game = make_game("mixed_float16", "linear")
        history = game.fit(images().numpy(), batch_size=4, epochs=2, verbose=0).history
    assert history["d_loss_scale"][-1] == INITIAL
    assert history["g_skipped"][-1] == 0


def test_an_overflow_on_one_replica_skips_the_step_on_all_and_a_bad_weight_is_told_by_all(
    preloaded,
):
    """In a process of its own, with two logical devices."""
    script = Path(__file__).with_name("one_replica_only.py")
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"}
    done = subprocess.run(
        [*preloaded, str(script)], env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert done.stdout.split() == ["Alternating", "Simultaneous"], done.stdout
