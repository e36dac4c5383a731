"""Components of several families in one game do what each says, against values by hand."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from advnets_architectures.pac import pac
from advnets_augmentations.ada import Ada
from advnets_augmentations.colour import Colour
from advnets_augmentations.diff_augment import DiffAugment
from advnets_inference.inversion import Inversion
from advnets_inference.latent_regression import LatentRegression
from advnets_penalties.balanced_consistency import BalancedConsistency
from advnets_penalties.consistency import Consistency
from advnets_penalties.label_smoothing import LabelSmoothing
from advnets_penalties.lecam import LeCam
from advnets_penalties.r2 import R2
from advnets_semi_supervised.weighted import Weighted
from advnets_updates.consensus import Consensus
from advnets_updates.optimistic import Optimistic
from advnets_updates.unrolled import Unrolled
from advnets_wgan.gradient_penalty import GradientPenalty
from advnets_wgan.wasserstein import Wasserstein

import advnets
from advnets import DataError, PluginError, UsageError
from advnets.game import (
    AdversarialGame,
    Duel,
    Encounter,
    InstanceNoise,
    Minimax,
    Mirror,
    NonSaturating,
    Penalty,
    Role,
    Scene,
    Simultaneous,
    Translation,
    UpdateRule,
    state,
)
from advnets.networks import NetworkContext
from advnets.networks.mlp import mlp
from advnets.testing import play_of


def sgd(rate: float = 1e-9) -> keras.optimizers.Optimizer:
    return keras.optimizers.SGD(rate)


def line(kernel: float = 0.0, bias: float = 0.0, *before: keras.layers.Layer) -> keras.Model:
    """The network w x + b."""
    constant = keras.initializers.Constant
    last = keras.layers.Dense(
        1, kernel_initializer=constant(kernel), bias_initializer=constant(bias)
    )
    return keras.Sequential([keras.Input((1,)), *before, last])


def made(generator: Any, discriminator: Any, rate: float = 1e-9, **more: Any) -> AdversarialGame:
    game = AdversarialGame(generator, discriminator, **more)
    game.compile(sgd(rate), sgd(rate))
    return game


# ------------------------------------------------------------------------------------------- pac


def of_pairs() -> keras.Model:
    """C(a, b) = a + 10 b of packs of two."""

    def linear(context: NetworkContext) -> keras.Model:
        inputs = context.inputs()
        return context.model(inputs, context.dense(1, "output")(context.joined(inputs)))

    model = pac(NetworkContext("discriminator", (1,)), network=linear, m=2)
    model.set_weights([np.array([[1.0], [10.0]]), np.zeros(1)])
    return model


@pytest.mark.parametrize("door", ["train_step", "fit"])
def test_real_and_generated_examples_never_meet_in_a_pack(door: str) -> None:
    """Of 1, 2, 3 packs are (1, 2) and (3, 1): 21, 21, 13. All of G's are 0."""
    x = np.array([[1.0], [2.0], [3.0]], "float32")
    game = made(line(), of_pairs(), loss=Wasserstein())
    assert game.joint == set()
    if door == "fit":
        history = game.fit(x, batch_size=3, shuffle=False, verbose=0).history
        logs: Mapping[str, Any] = {name: values[0] for name, values in history.items()}
    else:
        logs = game.train_step(tf.constant(x))
    assert float(logs["critic_real"]) == pytest.approx((21 + 21 + 13) / 3, abs=1e-4)
    assert float(logs["critic_fake"]) == pytest.approx(0.0, abs=1e-4)


@pytest.mark.parametrize("batch", [4, 3])
@pytest.mark.parametrize("door", ["train_step", "fit"])
def test_dropout_within_a_pac_drops_of_packs(batch: int, door: str) -> None:
    context = NetworkContext("discriminator", (2,))
    dropping = partial(mlp, layers=[6], dropout=[0.2, 0.4])
    discriminator = pac(context, network=dropping, m=2)
    generator = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    game = made(generator, discriminator, loss=NonSaturating())
    x = np.random.default_rng(0).normal(size=[batch, 2]).astype("float32")
    if door == "fit":
        logs = {k: v[0] for k, v in game.fit(x, batch_size=batch, verbose=0).history.items()}
    else:
        logs = game.train_step(tf.constant(x))
    assert np.isfinite(float(logs["d_loss"]))


def test_theory_refuses_a_d_that_is_no_function_of_x(tmp_path: Path) -> None:
    changed = {
        "discriminator": {"name": "pac", "network": {"name": "mlp", "layers": [32]}, "m": 2},
        "training.steps": 4,
        "evaluation": {"every": 0, "metrics": []},
        "monitoring.figures": False,
    }
    run = advnets.run("gaussian_1d", changed, tmp_path / "run")
    with pytest.raises(DataError, match="no function of x"):
        run.evaluate(["theory"])


# ------------------------------------------------------------------- penalties, losses and rules


@pytest.mark.parametrize(
    ("loss", "weight"),
    [
        (Minimax(discriminator_weight=0.5), "0.5"),
        (Weighted(NonSaturating(), discriminator=2.0), "2"),
        (Weighted(NonSaturating(), discriminator=0.0), "0"),
        (NonSaturating({"from": 1.0, "to": 0.25, "rounds": 10}), "0.25"),
    ],
)
def test_labels_are_smoothed_beside_a_weight_of_one_only(loss: Any, weight: str) -> None:
    """s C(x) beside w · −log D(x) would be a label of 1 − s/w."""
    with pytest.raises(UsageError, match=f"weight of {weight} by {type(loss).__name__}"):
        AdversarialGame(line(), line(), loss=loss, penalties=[LabelSmoothing(0.1)])
    AdversarialGame(line(), line(), loss=NonSaturating(), penalties=[LabelSmoothing(0.1)])


class HalfADuel(Encounter):
    """The game as ever, at half its weight."""

    def meet(self, scene: Scene) -> Mapping[str, Duel]:
        return {"": Duel(self.real(scene), self.fake(scene), weight=0.5)}


def test_labels_are_smoothed_by_the_weight_of_their_duel() -> None:
    """D says 2 of everything: of half of the loss, s C(x) is half of 0.1 · 2."""
    game = made(line(), line(bias=2.0), encounter=HalfADuel(), penalties=[LabelSmoothing(0.1)])
    logs = game.train_step(tf.ones([4, 1]))
    assert float(logs["d_penalties.0"]) == pytest.approx(0.1)


class Power(keras.layers.Layer):
    """w x^p."""

    def __init__(self, value: float, power: int):
        super().__init__()
        self.value, self.power = value, power

    def build(self, shape: Any) -> None:
        start = keras.initializers.Constant(self.value)
        self.kernel = self.add_weight(name="kernel", shape=(1, 1), initializer=start)

    def call(self, x: tf.Tensor) -> tf.Tensor:
        return self.kernel * tf.pow(x, self.power)


def test_consensus_follows_r2_through_what_g_makes() -> None:
    """D = w x², G = θ; R2 = (γ/2) (2wθ)². v_D = θ² − x² + 4γwθ², v_G = −2wθ; each player moves
    along its own and λ times the derivative of ½ (v_D² + v_G²).
    """
    w, theta, x, gamma, weight, rate = 0.7, 1.5, 2.0, 0.4, 0.3, 1e-2
    generator = keras.Sequential([keras.Input((1,)), Power(theta, 0)])
    discriminator = keras.Sequential([keras.Input((1,)), Power(w, 2)])
    rules = {"loss": Wasserstein(), "penalties": [R2(gamma)], "updates": Consensus(weight)}
    game = made(generator, discriminator, rate, **rules)
    game.train_step(tf.fill([2, 1], x))
    v_d, v_g = theta**2 - x**2 + 4 * gamma * w * theta**2, -2 * w * theta
    moves_g = v_g + weight * (v_d * (2 * theta + 8 * gamma * w * theta) - 2 * w * v_g)
    moves_d = v_d + weight * (v_d * 4 * gamma * theta**2 - 2 * theta * v_g)
    found_g = (theta - float(generator.weights[0][0, 0])) / rate
    found_d = (w - float(discriminator.weights[0][0, 0])) / rate
    assert found_g == pytest.approx(moves_g, rel=1e-3)
    assert found_d == pytest.approx(moves_d, rel=1e-3)


@pytest.mark.parametrize(
    "penalty", [R2(10.0), GradientPenalty(), BalancedConsistency([InstanceNoise(1.0)])]
)
def test_terms_at_what_g_makes_move_d_alone(penalty: Penalty) -> None:
    """Where both players' gradients are taken of one play, too."""
    moved = []
    for penalties in ([], [penalty]):
        game = made(line(2.0), line(3.0), 0.1, penalties=penalties, updates=Simultaneous())
        game.train_step(tf.ones([4, 1]))
        moved.append((game.generator.get_weights(), game.discriminator.get_weights()))
    (plain, critic), (penalised, other) = moved
    for one, same in zip(plain, penalised, strict=True):
        np.testing.assert_array_equal(one, same)
    assert any((one != another).any() for one, another in zip(critic, other, strict=True))


def told_masks(*maps: Any) -> np.ndarray:
    """What D is told of a mask where consistency shows it T(x)."""
    draw = np.random.default_rng(0)
    x = tf.constant(draw.uniform(size=(4, 6, 6, 1)), tf.float32)
    mask = tf.constant(draw.integers(0, 2, (4, 6, 6, 1)), tf.float32)
    told = []

    def judge(inputs: Mapping[str, tf.Tensor]) -> tf.Tensor:
        told.append(inputs["mask"].numpy())
        return tf.reduce_sum(inputs["example"], [1, 2, 3])

    play = play_of(judge, x, x, fields={"mask": mask}, takes=("example", "mask"))
    Consistency(list(maps))(play)
    return told[-1]


def test_consistency_moves_a_mask_along_and_leaves_its_colours() -> None:
    moving = Translation(0.25)
    for maps in ([moving, Colour()], [DiffAugment([moving, Colour()])]):
        assert set(np.unique(told_masks(*maps))) <= {0.0, 1.0}
    assert (told_masks(DiffAugment([moving, Colour()])) != told_masks(Colour())).any()


def test_consistency_moves_the_state_of_its_maps() -> None:
    """D takes all for real, r = 1 > 0.6: p rises by 10/100 a round."""
    ada = Ada([Mirror()], images=100, interval=1)
    images = keras.Input((4, 4, 1))
    start = keras.initializers.Constant(5.0)
    judged = keras.layers.Dense(1, kernel_initializer="zeros", bias_initializer=start)
    discriminator = keras.Model(images, judged(keras.layers.Flatten()(images)))
    generator = keras.Sequential(
        [keras.Input((2,)), keras.layers.Dense(16), keras.layers.Reshape((4, 4, 1))]
    )
    game = made(generator, discriminator, loss=NonSaturating(), penalties=[Consistency([ada])])
    for _ in range(3):
        logs = game.train_step(tf.zeros([10, 4, 4, 1]))
    assert float(ada.p) == pytest.approx(0.3)
    assert float(logs["augmentation_p"]) == pytest.approx(0.2)


class TwoJudges(Encounter):
    """Two judges of the same."""

    roles = {"second": Role("example", "logits")}

    def meet(self, scene: Scene) -> Mapping[str, Duel]:
        real, fake = self.real(scene), self.fake(scene)
        return {"": Duel(real, fake), "second": Duel(real, fake, judge="second")}


def test_one_state_is_not_of_two_duels() -> None:
    penalties = [LeCam(begin=1)]
    networks = {"second": line(bias=10.0)}
    game = made(line(), line(), networks=networks, encounter=TwoJudges(), penalties=penalties)
    with pytest.raises(PluginError, match="LeCam has a state, which 2 duels cannot share"):
        game.train_step(tf.ones([4, 1]))
    stateless = [Consistency([Translation()])]
    AdversarialGame(line(), line(), networks=networks, encounter=TwoJudges(), penalties=stateless)


# ----------------------------------------------------------------------------------- update rules


@pytest.mark.parametrize("rule", [Simultaneous(), Optimistic(), Consensus(0.5)])
def test_a_row_that_is_read_twice_counts_twice(rule: UpdateRule) -> None:
    """Labels 0, 0, 0, 1: ∂L/∂e = (−¾, −¼), of norm √10/4; Keras gives the gradient in parts."""
    label, latent = keras.Input((), name="label", dtype="int64"), keras.Input((1,), name="latent")
    rows = keras.layers.Embedding(2, 1, embeddings_initializer="zeros")
    still = keras.layers.Dense(1, kernel_initializer="zeros", use_bias=False)(latent)
    generator = keras.Model({"latent": latent, "label": label}, rows(label) + 0.0 * still)
    discriminator = line(kernel=1.0)
    game = made(generator, discriminator, loss=Wasserstein(), updates=rule)
    n = game.updates.batches
    logs = game.train_step((tf.zeros([4 * n, 1]), tf.constant([0, 0, 0, 1] * n)))
    if not isinstance(rule, Simultaneous):
        assert np.isfinite(float(logs["g_gradient_norm"]))
        return
    assert float(logs["g_gradient_norm"]) == pytest.approx(np.sqrt(10) / 4, rel=1e-5)


def test_a_skipped_round_leaves_nothing_to_optimistic() -> None:
    game = made(line(1.0), line(1.0), 0.1, loss=NonSaturating(), updates=Optimistic())
    game.skips = True
    good, bad = tf.constant([[1.0], [2.0]]), tf.constant([[np.nan], [2.0]])
    skipped = [float(game.train_step(x)["d_skipped"]) for x in (good, bad, good, good)]
    assert skipped == [0.0, 1.0, 0.0, 0.0]


@keras.saving.register_keras_serializable(package="interactions")
class Counting(keras.layers.Layer):
    """Count calls in a variable that Keras does not know of."""

    def __init__(self, **options: Any):
        super().__init__(**options)
        self.calls = state(0.0)

    def call(self, x: tf.Tensor, training: bool = False) -> tf.Tensor:
        if training:
            self.calls.assign_add(1.0)
        return x


def test_looking_ahead_leaves_no_trace_in_what_layers_hold() -> None:
    counted = []
    for steps in (0, 3):
        counting = Counting()
        game = made(line(), line(0.0, 0.0, counting), updates=Unrolled(steps))
        game.discriminator_calls = "two"
        game.train_step(tf.ones([4, 1]))
        counted.append(float(counting.calls))
    assert counted[0] == counted[1]


# ---------------------------------------------------------------------------------------- sampling


def conditional() -> tuple[keras.Model, keras.Model]:
    label, latent = keras.Input((), name="label", dtype="int64"), keras.Input((1,), name="latent")
    both = keras.layers.Concatenate()([latent, keras.layers.Embedding(3, 1)(label)])
    return keras.Model({"latent": latent, "label": label}, keras.layers.Dense(1)(both)), line()


def test_a_g_that_stands_still_is_told_its_class_all_the_same() -> None:
    generator, discriminator = conditional()
    parts = {"networks": {"encoder": line()}, "encounter": Inversion()}
    game = made(generator, discriminator, penalties=[LatentRegression()], **parts)
    game.train_step((tf.zeros([4, 1]), tf.constant([0, 1, 2, 0])))
    assert set(game.told) == {"latent", "label"}
    assert game.generate(4, given={"label": 1})[0].shape == (4, 1)
