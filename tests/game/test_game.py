"""The game through its public surface: gradients, joint batches, refusals, fit."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from advnets.errors import PluginError, UsageError
from advnets.game import (
    R1,
    AdversarialGame,
    Batch,
    Gaussian,
    Loss,
    Minimax,
    NonSaturating,
    Penalty,
    Simultaneous,
    Uniform,
)
from advnets.networks import Dropout

STAGES = {"discriminator": "discriminator/0", "generator": "generator"}


def objective(game, player, points):
    return game.objective(player, game.play(Batch(points), STAGES[player]))


@pytest.mark.parametrize("player", ["discriminator", "generator"])
@pytest.mark.parametrize(
    "options",
    [
        {"loss": Minimax()},
        {"loss": NonSaturating(0.5)},
        {"loss": NonSaturating(), "penalties": [R1(0.3)], "prior": Gaussian(3)},
    ],
    ids=["minimax", "non_saturating", "with_r1"],
)
def test_gradients_against_finite_differences(make_game, points, player, options):
    game = make_game(**options)
    variables = getattr(game, player).trainable_variables
    with game.watch(player) as tape:
        loss = objective(game, player, points)
    gradients = game.gradients(player, tape, loss)
    width = 1e-2
    for variable, gradient in zip(variables, gradients, strict=True):
        start = variable.numpy()
        for index in list(np.ndindex(start.shape))[:6]:
            sides = []
            for sign in (1, -1):
                moved = start.copy()
                moved[index] += sign * width
                variable.assign(moved)
                sides.append(float(objective(game, player, points)))
            variable.assign(start)
            numeric = (sides[0] - sides[1]) / (2 * width)
            assert float(gradient[index]) == pytest.approx(numeric, abs=2e-3)


def test_one_player_does_not_move_the_other(make_game, points):
    game = make_game()
    for player, other in (("discriminator", "generator"), ("generator", "discriminator")):
        before = [v.numpy() for v in getattr(game, other).trainable_variables]
        with game.watch(player) as tape:
            loss = objective(game, player, points)
        game.descend(player, tape, loss)
        after = [v.numpy() for v in getattr(game, other).trainable_variables]
        assert all((b == a).all() for b, a in zip(before, after, strict=True))


def test_a_joint_pass_equals_two_passes(make_game, points):
    def network():
        return keras.Sequential(
            [
                keras.Input((2,)),
                Dropout(0.5, "a"),
                keras.layers.Dense(8, "relu", kernel_initializer=keras.initializers.HeNormal(3)),
                Dropout(0.5, "b"),
                keras.layers.Dense(1, kernel_initializer=keras.initializers.HeNormal(4)),
            ]
        )

    game = make_game(discriminator=network())
    assert game.joint == {"discriminator"}
    together = game.play(Batch(points), "discriminator/0")
    apart = game.play(Batch(points), "discriminator/0", together=False)
    np.testing.assert_allclose(together.real.logits, apart.real.logits, rtol=1e-5)
    np.testing.assert_allclose(together.fake.logits, apart.fake.logits, rtol=1e-5)
    # The two sides get different masks, and another round gets others again.
    game.rounds.assign_add(1)
    later = game.play(Batch(points), "discriminator/0")
    assert (later.real.logits.numpy() != together.real.logits.numpy()).any()


def test_batch_statistics_rule_out_a_joint_pass(make_game):
    normalised = keras.Sequential(
        [keras.Input((2,)), keras.layers.BatchNormalization(), keras.layers.Dense(1)]
    )
    assert not make_game(discriminator=normalised).joint


def test_fit_in_a_notebook(make_game, points):
    game = make_game(prior=Uniform(3))
    seen = []

    class Watch(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            seen.append(logs["value"])

    dataset = tf.data.Dataset.from_tensor_slices(points).repeat(4).batch(8)
    history = game.fit(dataset, epochs=2, verbose=0, callbacks=[Watch()])
    assert int(game.rounds.numpy()) == 8 == len(seen)
    logged = history.history
    assert {"d_loss", "g_loss", "value", "d_real", "d_fake"} < set(logged)
    assert logged["d_loss"][0] == pytest.approx(-logged["value"][0], rel=1e-5)


def test_fit_takes_labelled_data(make_game, points):
    make_game().fit(points.numpy(), np.zeros(8), batch_size=4, verbose=0)


def test_equal_seeds_play_equal_games(make_game, points):
    def play(seed):
        game = make_game(seed=seed)
        game.fit(points.numpy(), batch_size=8, epochs=3, verbose=0, shuffle=False)
        return game.generate(5)[0]

    np.testing.assert_array_equal(play(1), play(1))
    assert (play(1) != play(2)).any()


def test_fewer_samples_are_a_prefix_of_more(make_game):
    game = make_game()
    many, told = game.generate(20, seed=3, chunk=7)
    few, told_few = game.generate(5, seed=3)
    assert told.keys() == told_few.keys() == {"latent"}
    latents = told["latent"]
    np.testing.assert_array_equal(latents[:5], told_few["latent"])
    np.testing.assert_allclose(many[:5], few, rtol=1e-6)
    assert np.abs(latents).max() <= 3**0.5


def test_refusals_say_what_was_expected(make_game, points, dense):
    class Energy(Loss):
        requires = ("energy",)

    class Scalar(Loss):
        def discriminator(self, real, fake):
            return tf.reduce_mean(fake.logits)

    class Constant(Minimax):
        def generator(self, real, fake):
            return tf.stop_gradient(fake.logits)

    class Square(Penalty):
        def __call__(self, play):
            return tf.zeros([3, 3])

    with pytest.raises(PluginError, match=r"Energy needs energy .* returns logits"):
        make_game(loss=Energy()).train_step(points)
    with pytest.raises(PluginError, match=r"Scalar\(\)\.discriminator returned shape \(\)"):
        make_game(loss=Scalar()).train_step(points)
    with pytest.raises(PluginError, match="generator's loss does not depend"):
        make_game(loss=Constant(), updates=Simultaneous()).train_step(points)
    with pytest.raises(PluginError, match="Square returned shape"):
        make_game(penalties=[Square()]).train_step(points)
    with pytest.raises(UsageError, match=r"\(5,\), the network that takes them wants"):
        make_game(prior=Uniform(5))
    with pytest.raises(UsageError, match="not built"):
        AdversarialGame(keras.Sequential([keras.layers.Dense(1)]), dense(1, 1))
    shared = keras.optimizers.SGD(0.1)
    with pytest.raises(UsageError, match="share one optimizer"):
        make_game().compile(shared, shared)


@pytest.mark.parametrize("when", [True, tf.constant(True)], ids=["always", "where it may stay"])
def test_weights_that_nothing_reaches_are_named_once(points, caplog, recwarn, when):
    """D gives features, which the loss reads, and logits, which it does not."""

    class OfFeatures(Loss):
        requires = ("features",)

        def discriminator(self, real, fake):
            return fake.features[:, 0] - real.features[:, 0]

        def generator(self, real, fake):
            return -fake.features[:, 0]

    x = keras.Input((2,))
    features = keras.layers.Dense(3, name="body")(x)
    logits = keras.layers.Dense(1, name="head")(features)
    discriminator = keras.Model(x, {"logits": logits, "features": features})
    generator = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    game = AdversarialGame(generator, discriminator, prior=Gaussian(3), loss=OfFeatures())
    game.compile("adam", "adam")
    head, body = (discriminator.get_layer(name).kernel for name in ("head", "body"))
    began = head.numpy(), body.numpy()
    with caplog.at_level("WARNING", "advnets"):
        for _ in range(2):
            with game.watch("discriminator") as tape:
                loss = objective(game, "discriminator", points)
            game.apply("discriminator", game.gradients("discriminator", tape, loss), when=when)
    [said] = [record.message for record in caplog.records if "stay as" in record.message]
    assert "the discriminator's head/kernel, head/bias stay as they began" in said
    assert not [str(one.message) for one in recwarn if "Gradients do not exist" in str(one.message)]
    np.testing.assert_array_equal(head, began[0])
    assert np.any(body.numpy() != began[1])
