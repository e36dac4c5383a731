"""Encounters: further networks, duels and their weights, and who is refused by name."""

from typing import ClassVar

import keras
import numpy as np
import pytest
import tensorflow as tf

from advnets.errors import PluginError, UsageError
from advnets.game import (
    R1,
    AdversarialGame,
    Alternating,
    Duel,
    Encounter,
    Loss,
    Penalty,
    Role,
    Simultaneous,
    Uniform,
)

RATE = 0.1


class Critic(Loss):
    """D minimises C(fake) − C(real), and G (and E) C(real) − C(fake)."""

    needs_real = True

    def discriminator(self, real, fake):
        return fake.logits - real.logits

    def generator(self, real, fake):
        return real.logits - fake.logits


class Inference(Encounter):
    """D judges pairs: (x, E(x)) against (G(z), z) (Donahue et al., Dumoulin et al. 2017)."""

    roles: ClassVar = {
        "encoder": Role("example", "latent"),
        "discriminator": Role(("example", "latent"), "logits"),
    }

    def real(self, scene):
        x = super().real(scene)
        return x.having(latent=scene.call("encoder", x))


def scale(weight):
    """x ↦ w x."""
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    model.set_weights([np.full((1, 1), weight, "float32")])
    return model


def product(weight):
    """C(x, z) = w x z."""
    x, z = keras.Input((1,), name="example"), keras.Input((1,), name="latent")
    layer = keras.layers.Dense(1, use_bias=False)
    model = keras.Model({"example": x, "latent": z}, layer(keras.layers.Multiply()([x, z])))
    layer.set_weights([np.full((1, 1), weight, "float32")])
    return model


def inference(updates, optimizers=None, **options):
    """G(z) = 2 z, E(x) = 0.5 x and C(x, z) = 3 x z."""
    game = AdversarialGame(
        scale(2.0),
        product(3.0),
        networks={"encoder": scale(0.5)},
        encounter=Inference(),
        prior=Uniform(1),
        loss=Critic(),
        updates=updates,
        **options,
    )
    game.compile(keras.optimizers.SGD(RATE), keras.optimizers.SGD(RATE), optimizers=optimizers)
    return game


def weight(network):
    return float(network.get_weights()[0].ravel()[0])


def squares(game, stage, n):
    """The mean of z²."""
    return float(np.mean(np.square(game.prior.sample(game.draw(), f"latent/{stage}", n))))


def test_inference_simultaneous_by_hand():
    """C(x, E(x)) = w e x² and C(G(z), z) = w g z²."""
    game = inference(Simultaneous())
    x = np.array([1.0, -2.0, 0.5, 1.5], "float32")
    xx, zz = np.mean(x**2), squares(game, "both", 4)
    logged = game.fit(x[:, None], batch_size=4, verbose=0).history
    assert logged["d_loss"][0] == pytest.approx(3 * (2 * zz - 0.5 * xx), rel=1e-5)
    assert logged["g_loss"][0] == pytest.approx(-3 * (2 * zz - 0.5 * xx), rel=1e-5)
    assert weight(game.discriminator) == pytest.approx(3 - RATE * (2 * zz - 0.5 * xx), rel=1e-5)
    assert weight(game.generator) == pytest.approx(2 + RATE * 3 * zz, rel=1e-5)
    assert weight(game.networks["encoder"]) == pytest.approx(0.5 - RATE * 3 * xx, rel=1e-5)
    norm = 3 * np.hypot(zz, xx)  # of G and E together
    assert logged["g_gradient_norm"][0] == pytest.approx(norm, rel=1e-5)


def test_inference_alternating_by_hand():
    """Two steps of D on batches of their own; G and E move on the last, against the new D."""
    game = inference(Alternating(discriminator_steps=2))
    x = np.array([1.0, -2.0, 0.5, 1.5], "float32")
    w, xx = 3.0, [np.mean(x[:2] ** 2), np.mean(x[2:] ** 2)]
    for i in range(2):
        w -= RATE * (2 * squares(game, f"discriminator/{i}", 2) - 0.5 * xx[i])
    zz = squares(game, "generator", 2)
    game.fit(x[:, None], batch_size=4, shuffle=False, verbose=0)
    assert weight(game.discriminator) == pytest.approx(w, rel=1e-5)
    assert weight(game.generator) == pytest.approx(2 + RATE * w * zz, rel=1e-5)
    assert weight(game.networks["encoder"]) == pytest.approx(0.5 - RATE * w * xx[1], rel=1e-5)


def test_a_further_network_with_an_optimizer_of_its_own():
    game = inference(Simultaneous(), {"encoder": keras.optimizers.SGD(10 * RATE)})
    x = np.array([1.0, -2.0, 0.5, 1.5], "float32")
    xx, zz = np.mean(x**2), squares(game, "both", 4)
    game.fit(x[:, None], batch_size=4, verbose=0)
    assert weight(game.networks["encoder"]) == pytest.approx(0.5 - 10 * RATE * 3 * xx, rel=1e-5)
    assert weight(game.generator) == pytest.approx(2 + RATE * 3 * zz, rel=1e-5)
    assert int(game.own_optimizers["encoder"].iterations) == 1


@pytest.mark.parametrize("name", ["decoder", "generator"])
def test_an_optimizer_for_nobody(name):
    with pytest.raises(UsageError, match=f"an optimizer for '{name}'"):
        inference(Simultaneous(), {name: "sgd"})


def test_r1_is_of_x_alone_and_the_judge_is_told_the_rest():
    """∂C/∂x = w E(x) = 3 · 0.5 x."""
    game = inference(Simultaneous(), penalties=[R1(gamma=2.0)])
    x = np.array([1.0, -2.0, 0.5, 1.5], "float32")
    xx, zz = np.mean(x**2), squares(game, "both", 4)
    logs = game.train_step(tf.constant(x[:, None]))
    expected = 3 * (2 * zz - 0.5 * xx) + 1.5**2 * xx
    assert float(logs["d_loss"]) == pytest.approx(expected, rel=1e-5)


def test_samples_need_no_encoder():
    samples, told = inference(Simultaneous()).generate(5)
    assert told.keys() == {"latent"}
    np.testing.assert_allclose(samples, 2 * told["latent"], rtol=1e-6)


class Twice(Encounter):
    """x against G(z) for half, and for three times against −G(z), to D alone."""

    def meet(self, scene):
        real, fake = self.real(scene), self.fake(scene)
        mirrored = fake.having(example=-fake.example)
        return {
            "plain": Duel(real, fake, weight=0.5),
            "mirrored": Duel(real, mirrored, weight=3.0, players=("discriminator",)),
        }


def test_two_duels_with_weights_by_hand():
    """G(z) = 2 z and C(x) = 3 x; x is judged once for both."""
    game = AdversarialGame(
        scale(2.0),
        scale(3.0),
        encounter=Twice(),
        prior=Uniform(1),
        loss=Critic(),
        updates=Simultaneous(),
    )
    game.compile(keras.optimizers.SGD(RATE), keras.optimizers.SGD(RATE))
    x = np.array([1.0, -2.0, 0.5, 1.5], "float32")
    z = np.mean(game.prior.sample(game.draw(), "latent/both", 4))
    made, real = 2 * z, np.mean(x)
    logs = game.train_step(tf.constant(x[:, None]))
    d_loss = 0.5 * 3 * (made - real) + 3.0 * 3 * (-made - real)
    assert float(logs["d_loss"]) == pytest.approx(d_loss, rel=1e-4)
    assert float(logs["g_loss"]) == pytest.approx(0.5 * 3 * (real - made), rel=1e-4)
    gradient = 0.5 * (made - real) + 3.0 * (-made - real)
    assert weight(game.discriminator) == pytest.approx(3 - RATE * gradient, rel=1e-5)
    assert weight(game.generator) == pytest.approx(2 + RATE * 0.5 * 3 * z, rel=1e-5)


class Counting(Penalty):
    """How often it is called."""

    requires = ("logits",)

    def __init__(self, once):
        self.once, self.calls = once, []

    def __call__(self, play):
        self.calls.append((play.player, sorted(play.duels)))
        return 0.0 * play.fake.logits


def test_a_penalty_is_called_for_each_duel_or_once(make_game, points):
    each, once = Counting(False), Counting(True)
    make_game(encounter=Twice(), penalties=[each, once], loss=Critic()).train_step(points)
    called = ("discriminator", ["mirrored", "plain"])
    assert each.calls == [called, called]
    assert once.calls == [called]


def test_a_loss_with_a_state_judges_one_duel(make_game, points):
    class Remembering(Critic):
        def update(self, real, fake):
            pass

    with pytest.raises(PluginError, match="Remembering has a state, which 2 duels cannot share"):
        make_game(encounter=Twice(), loss=Remembering()).train_step(points)


class Idle(Encounter):
    """An encoder that is called, and whose answer nobody uses."""

    roles: ClassVar = {"encoder": Role("example", "latent")}

    def real(self, scene):
        x = super().real(scene)
        scene.call("encoder", x)
        return x


def game_of(encounter, **networks):
    game = AdversarialGame(scale(2.0), scale(3.0), networks=networks, encounter=encounter)
    game.compile("sgd", "sgd")
    return game


@pytest.mark.parametrize("player", ["generator", "discriminator", None])
def test_a_network_that_nothing_reaches_is_refused_by_name(player):
    encounter = Idle()
    encounter.roles = {"encoder": Role("example", "latent", player)}
    game = game_of(encounter, encoder=scale(0.5))
    if player is None:  # it never moves
        game.train_step(tf.ones([4, 1]))
        assert weight(game.networks["encoder"]) == 0.5
        return
    with pytest.raises(PluginError, match=f"the {player}'s loss does not depend on the encoder"):
        game.train_step(tf.ones([4, 1]))


def test_networks_and_roles_that_lack_each_other():
    with pytest.raises(UsageError, match="the game needs a network 'encoder'"):
        game_of(Idle())
    with pytest.raises(UsageError, match="nothing in the game calls the network 'critic'"):
        game_of(Idle(), encoder=scale(1.0), critic=scale(1.0))
    with pytest.raises(UsageError, match="'discriminator' takes example, latent, but its inputs"):
        game_of(Inference(), encoder=scale(1.0))


class Broken(Encounter):
    def __init__(self, meet):
        self.meet = meet


@pytest.mark.parametrize(
    ("meet", "message"),
    [
        (lambda scene: None, "returns duels by name, not NoneType"),
        (lambda scene: {}, "returns duels by name"),
        (lambda scene: {"a": scene.batch.side()}, "the duel 'a' is no Duel but Side"),
        (
            lambda scene: {"a": Duel(scene.batch.side(), scene.batch.split(2)[0].side())},
            "unequal sides: 4 real examples, 2 fake",
        ),
        (
            lambda scene: {"a": Duel(scene.batch.side(), scene.batch.side(), "critic")},
            "the duel 'a' is judged by 'critic', which is no network",
        ),
        (
            lambda scene: {"a": Duel(scene.batch.side(), scene.call("discriminator", z=1.0))},
            "'discriminator' is called with z, but takes example",
        ),
    ],
)
def test_what_an_encounter_may_not_do(meet, message):
    with pytest.raises(PluginError, match=message):
        game_of(Broken(meet)).train_step(tf.ones([4, 1]))


def test_one_that_makes_no_examples():
    encounter = Encounter()
    encounter.sample = None
    with pytest.raises(UsageError, match="Encounter makes no examples"):
        game_of(encounter).generate(3)
