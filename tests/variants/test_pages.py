"""Five published variants, each written on one page from the documentation alone."""

from __future__ import annotations

import importlib
import math
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

import advnets
from advnets.game import AdversarialGame, Batch, Gaussian, NonSaturating

PAGES = Path(__file__).with_name("pages")
VARIANTS = ("alpha_gan", "rotation", "distillation", "recurrent", "vae_gan")
IN_SHORT = [
    pytest.param(variant, marks=[pytest.mark.slow] if variant == "recurrent" else [])
    for variant in VARIANTS
]
"""Every variant; the one whose rounds take longest to compile where there is time."""
WAYS: dict[str, dict[str, Any]] = {
    "k2": {"updates": {"name": "alternating", "discriminator_steps": 2}},
    "simultaneous": {"updates": "simultaneous"},
}
Played = Callable[..., advnets.Run]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    """What plays a variant, each run once."""
    folder, runs = tmp_path_factory.mktemp("pages"), {}

    def play(
        variant: str, way: str = "plain", teacher: Path | None = None, **overrides: Any
    ) -> advnets.Run:
        if (variant, way) not in runs or overrides:
            if variant == "distillation":
                pretrained = {} if teacher is None else {"pretrained": {"file": str(teacher)}}
                taught = {"name": "mlp", "layers": [32, 32], **pretrained}
                overrides["networks.teacher"] = taught
            plugins = [str(PAGES / f"{variant}.py")]
            overrides.update(WAYS.get(way, {}))
            recipe, place = PAGES / f"{variant}.yaml", folder / f"{variant}-{way}"
            runs[variant, way] = advnets.run(recipe, overrides, place, plugins=plugins)
        return runs[variant, way]

    return play


@pytest.fixture(scope="module")
def page() -> Iterator[Callable[[str], ModuleType]]:
    """What imports a plugin, as the target of a component does."""
    sys.path.insert(0, str(PAGES))
    yield importlib.import_module
    sys.path.remove(str(PAGES))


@pytest.mark.parametrize("variant", IN_SHORT)
def test_it_plays_and_samples(variant: str, played: Played) -> None:
    run = played(variant)
    last = run.metrics[-1]
    assert last["step"] == 12
    assert all(math.isfinite(value) for value in last.values())
    samples, told = run.sample(5)
    assert samples.shape == (5, *run.source.spec.shape)
    assert len(told["latent"]) == 5


@pytest.mark.slow
@pytest.mark.parametrize("variant", VARIANTS)
def test_interrupted_and_resumed_it_is_the_same(variant: str, played: Played) -> None:
    played(variant, "resumed", **{"training.steps": 7})
    resumed = played(variant, "resumed", **{"training.steps": 12})
    assert resumed.commit.state_sha256 == played(variant).commit.state_sha256


@pytest.mark.slow
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("variant", VARIANTS)
def test_it_plays_in_every_way(
    variant: str, way: str, played: Played, request: pytest.FixtureRequest
) -> None:
    last = played(variant, way).metrics[-1]
    assert last["step"] == 12
    assert all(math.isfinite(value) for value in last.values())


def met(run: advnets.Run, n: int = 6) -> Any:
    """Let the players of a run meet over its first examples, outside of a round."""
    some = run.source.take("train", range(n))
    x = tf.constant(run.source.preprocess.apply(some.examples))
    return run.game.play(Batch(x, {k: tf.constant(v) for k, v in some.fields.items()}), "check")


def softplus(x: Any) -> Any:
    return tf.math.softplus(tf.reshape(x, [len(x), -1]))


def objective(run: advnets.Run, player: str, play: Any) -> float:
    return float(run.game.objective(player, play))


def mean(x: Any) -> float:
    return float(tf.reduce_mean(x))


def test_alpha_gan_is_the_sum_of_its_terms(played: Played) -> None:
    run = played("alpha_gan")
    e, g, d, c = map(run.network, ("encoder", "generator", "discriminator", "code_judge"))
    play = met(run)
    x, z = play.real.example, play.fake.latent
    by_d = 2 * softplus(-d(x)) + softplus(d(g(z))) + softplus(d(g(e(x))))
    by_c = softplus(-c(z)) + softplus(c(e(x)))
    assert objective(run, "discriminator", play) == pytest.approx(mean(by_d + by_c), rel=1e-5)
    deceived = -d(g(z)) - d(g(e(x))) - c(e(x))
    off = tf.reduce_sum(abs(x - g(e(x))), 1, keepdims=True)
    made = mean(tf.reshape(deceived, [-1, 1]) + off)
    assert objective(run, "generator", play) == pytest.approx(made, rel=1e-5)


def test_alpha_gan_does_not_teach_e_what_d_says(played: Played) -> None:
    run = played("alpha_gan")
    e, g, c = map(run.network, ("encoder", "generator", "code_judge"))
    e_in_game = run.game.networks["encoder"].trainable_variables
    with tf.GradientTape() as tape:
        play = met(run)
        x = play.real.example
        loss = run.game.objective("generator", play)
    with tf.GradientTape() as by_hand:
        code = e(x)
        off = tf.reduce_sum(abs(x - g(code)), 1)
        hers = tf.reduce_mean(off - tf.reshape(c(code), [-1]))
    expected = by_hand.gradient(hers, e.trainable_variables)
    for one, other in zip(tape.gradient(loss, e_in_game), expected, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def test_rotation_turns_what_each_player_shows(played: Played) -> None:
    run = played("rotation")
    play, d = met(run), run.network("discriminator")

    def found(x: Any) -> float:
        p = [tf.nn.softmax(d(np.rot90(x, r, (1, 2)))["rotation"])[:, r] for r in range(4)]
        return -mean(tf.math.log(p))

    real, fake = play.real.example.numpy(), play.fake.example.numpy()
    told = softplus(-play.real.logits) + softplus(play.fake.logits)
    assert objective(run, "discriminator", play) == pytest.approx(mean(told) + found(real), 1e-5)
    made = mean(softplus(-play.fake.logits)) + 0.2 * found(fake)
    assert objective(run, "generator", play) == pytest.approx(made, rel=1e-5)


def test_distillation_compares_what_the_same_z_became(played: Played) -> None:
    run = played("distillation")
    play, g, d = met(run), run.network("generator"), run.network("discriminator")
    z = play.fake.latent
    off = abs(run.network("teacher")(z) - g(z))
    made = mean(softplus(-d(g(z)))) + 10 * mean(off)
    assert objective(run, "generator", play) == pytest.approx(made, rel=1e-5)


@pytest.mark.slow
def test_the_teacher_stays_as_it_was(played: Played, tmp_path: Path) -> None:
    from advnets.networks import save_weights

    first = advnets.run(PAGES / "teacher.yaml", (), tmp_path / "teacher")
    save_weights(first.generator, tmp_path / "teacher.npz")
    run = played("distillation", "taught", tmp_path / "teacher.npz")
    weights = first.generator.get_weights(), run.network("teacher").get_weights()
    for one, other in zip(*weights, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.slow
def test_the_recurrent_judge_has_a_word_for_each_step(played: Played) -> None:
    run = played("recurrent")
    play = met(run)
    assert play.real.logits.shape == (6, 12)
    told = softplus(-play.real.logits) + softplus(play.fake.logits)
    assert objective(run, "discriminator", play) == pytest.approx(mean(told), rel=1e-5)
    ones, told = run.sample(4, given={"label": 1})
    twos, same = run.sample(4, given={"label": 2})
    np.testing.assert_array_equal(told["latent"], same["latent"])
    assert not np.allclose(ones, twos)
    with pytest.raises(advnets.UsageError, match="label is 3 for a sample"):
        run.sample(4, given={"label": 3})


def test_vae_gan_weighs_the_similarity_for_g_alone(played: Played) -> None:
    run = played("vae_gan")
    e, g, d = map(run.network, ("encoder", "generator", "discriminator"))
    mine = run.game.networks["encoder"].trainable_variables
    hers = run.game.generator.trainable_variables
    with tf.GradientTape(persistent=True) as tape:
        play = met(run)
        loss = run.game.objective("generator", play)
    coded = play.duels["reconstructed"].fake
    x, z = play.real.example, play.fake.latent
    q = coded.fields
    noise = (coded.latent - q["mean"]) * tf.exp(-0.5 * q["log_variance"])
    with tf.GradientTape(persistent=True) as by_hand:
        q = e(x)
        again = g(q["mean"] + tf.exp(0.5 * q["log_variance"]) * noise)
        off = d(x)["features"] - d(again)["features"]
        alike = tf.reduce_mean(tf.reduce_sum(off**2, 1)) / 2
        each = tf.exp(q["log_variance"]) + q["mean"] ** 2 - 1 - q["log_variance"]
        prior = tf.reduce_mean(tf.reduce_sum(each, 1)) / 2
        said = tf.reduce_mean(softplus(-d(g(z))["logits"]) + softplus(-d(again)["logits"]))
        of_e, of_g = prior + alike, said + 2 * alike
    assert float(loss) == pytest.approx(float(prior + said + 2 * alike), rel=1e-5)
    for variables, network, expected in ((mine, e, of_e), (hers, g, of_g)):
        others = by_hand.gradient(expected, network.trainable_variables)
        for one, other in zip(tape.gradient(loss, variables), others, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def dense(takes: int, gives: int) -> keras.Model:
    """Make a small network of Keras's layers."""
    hidden = [keras.layers.Dense(6, "tanh"), keras.layers.Dense(gives)]
    return keras.Sequential([keras.Input((takes,)), *hidden])


def saying(size: int | tuple[int, ...], **words: int) -> keras.Model:
    """Make a network that says several things by name."""
    inputs = keras.Input((size,) if isinstance(size, int) else size)
    hidden = keras.layers.Dense(6, "tanh")(keras.layers.Flatten()(inputs))
    return keras.Model(inputs, {k: keras.layers.Dense(n)(hidden) for k, n in words.items()})


@pytest.mark.slow
def test_by_hand_on_points(page: Callable[[str], ModuleType]) -> None:
    keras.utils.set_random_seed(1)
    x = np.random.default_rng(0).normal(size=(32, 2)).astype("float32")
    alpha, vae, taught = map(page, ("alpha_gan", "vae_gan", "distillation"))
    games = {
        "alpha_gan": AdversarialGame(
            dense(3, 2),
            dense(2, 1),
            networks={"encoder": dense(2, 3), "code_judge": dense(3, 1)},
            encounter=alpha.encounter(),
            loss=alpha.loss(),
            penalties=[alpha.reconstruction(1.0)],
        ),
        "vae_gan": AdversarialGame(
            dense(3, 2),
            saying(2, logits=1, features=4),
            networks={"encoder": saying(2, mean=3, log_variance=3)},
            encounter=vae.encounter(),
            prior=Gaussian(3),
            loss=NonSaturating(),
            penalties=[vae.kl(), vae.similarity(2.0)],
        ),
        "distillation": AdversarialGame(
            dense(3, 2),
            dense(2, 1),
            networks={"teacher": dense(3, 2)},
            encounter=taught.encounter(),
            loss=NonSaturating(),
            penalties=[taught.imitation(1.0)],
        ),
    }
    for name, game in games.items():
        before = {key: network.get_weights() for key, network in game.networks.items()}
        game.compile(keras.optimizers.Adam(1e-3), keras.optimizers.Adam(1e-3))
        logs = game.fit(x, batch_size=16, epochs=2, verbose=0).history
        assert all(math.isfinite(value[-1]) for value in logs.values()), name
        for key, network in game.networks.items():
            pairs = zip(before[key], network.get_weights(), strict=True)
            moved = any(not np.array_equal(one, other) for one, other in pairs)
            assert moved == (key != "teacher"), (name, key)
        assert game.generate(3)[0].shape == (3, 2)
