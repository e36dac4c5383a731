"""Encoders that are learned with G, and after it."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from advnets_inference.cycle_consistency import CycleConsistency
from advnets_inference.inference import Inference
from advnets_inference.inversion import Inversion
from advnets_inference.latent_nearest_neighbour import latent_nearest_neighbour
from advnets_inference.latent_regression import LatentRegression
from advnets_inference.reconstruction import reconstruction
from advnets_inference.stochastic_inference import StochasticInference

import advnets
from advnets import PluginError, RecipeError
from advnets.evaluate import Data, MetricContext, Players
from advnets.game import AdversarialGame, Batch, Gaussian, NonSaturating
from advnets.recipe import load_recipe

MLP = {"name": "mlp", "layers": [16], "activation": "leaky_relu"}


def linear(factor: float, size: int = 2) -> keras.Model:
    layer = keras.layers.Dense(size, use_bias=False)
    model = keras.Sequential([keras.Input((size,)), layer])
    layer.set_weights([factor * np.eye(size)])
    return model


def judge(**inputs: int) -> keras.Model:
    taken = {name: keras.Input((size,), name=name) for name, size in inputs.items()}
    joined = list(taken.values())
    x = keras.layers.Concatenate()(joined) if len(joined) > 1 else joined[0]
    return keras.Model(taken if len(joined) > 1 else joined[0], keras.layers.Dense(1)(x))


def played(**options: Any) -> Any:
    """A play of G(z) = 2 z, E(x) = 3 x, of x = (1, -1)."""
    game = AdversarialGame(
        linear(2.0), networks={"encoder": linear(3.0)}, prior=Gaussian(2), **options
    )
    game.compile("adam", "adam")
    return game, game.play(Batch(tf.constant([[1.0, -1.0]]), {}), "check")


def test_d_judges_pairs() -> None:
    _, play = played(
        discriminator=judge(example=2, latent=2), encounter=Inference(), loss=NeedsReal()
    )
    np.testing.assert_allclose(play.real.latent, [[3.0, -3.0]])
    np.testing.assert_allclose(play.fake.example, 2.0 * play.fake.latent)
    assert play.real.logits.shape == play.fake.logits.shape == (1,)


class NeedsReal(NonSaturating):
    needs_real = True

    def generator(self, real: Any, fake: Any) -> tf.Tensor:
        return tf.nn.softplus(-fake.logits) + tf.nn.softplus(real.logits)


def test_a_code_is_drawn_of_what_the_encoder_says() -> None:
    wide = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2, kernel_initializer="zeros")])
    wide.layers[0].set_weights([np.zeros((2, 2)), np.full(2, np.log(4.0))])
    game = AdversarialGame(
        linear(2.0),
        judge(example=2, latent=2),
        networks={"encoder": linear(1.0), "log_variance": wide},
        encounter=StochasticInference(),
        loss=NeedsReal(),
        prior=Gaussian(2),
    )
    game.compile("adam", "adam")
    many = tf.ones([4000, 2]) * tf.constant([5.0, -1.0])
    code = game.play(Batch(many, {}), "check").real.latent.numpy()
    np.testing.assert_allclose(code.mean(0), [5.0, -1.0], atol=0.15)
    np.testing.assert_allclose(code.std(0), 2.0, atol=0.15)
    again = game.play(Batch(many, {}), "check").real.latent.numpy()
    np.testing.assert_array_equal(code, again)


def test_terms_of_an_encoder_are_known() -> None:
    _, play = played(
        discriminator=judge(example=2), encounter=Inversion(), penalties=[LatentRegression(0.5)]
    )
    z = play.fake.latent.numpy()
    seen = play.for_player("generator")
    # E(G(z)) - z = 5 z
    np.testing.assert_allclose(LatentRegression(0.5)(seen), 0.5 * 25 * (z**2).sum(1), rtol=1e-5)
    # x - G(E(x)) = -5 x
    np.testing.assert_allclose(CycleConsistency(2.0)(seen), [2.0 * 5.0])


def test_the_generator_is_held_still() -> None:
    game, _ = played(
        discriminator=judge(example=2), encounter=Inversion(), penalties=[LatentRegression()]
    )
    x = np.random.default_rng(0).normal(size=(33, 2)).astype("float32")
    before = {name: net.get_weights() for name, net in game.networks.items()}
    game.fit(x, batch_size=8, epochs=2, verbose=0)
    after = {name: net.get_weights() for name, net in game.networks.items()}
    np.testing.assert_array_equal(before["generator"], after["generator"])
    for name in ("encoder", "discriminator"):
        assert np.all(before[name][0] != after[name][0])


def test_regression_inverts_a_linear_generator() -> None:
    game, _ = played(
        discriminator=judge(example=2), encounter=Inversion(), penalties=[LatentRegression()]
    )
    game.compile(keras.optimizers.Adam(0.05), keras.optimizers.Adam(1e-3))
    x = np.zeros((512, 2), "float32")
    game.fit(x, batch_size=16, epochs=10, verbose=0)
    np.testing.assert_allclose(
        game.networks["encoder"].get_weights()[0], 0.5 * np.eye(2), atol=0.02
    )


def test_an_encoder_is_trained_after_another_runs_generator(
    small: dict[str, Any], tmp_path: Any
) -> None:
    first = advnets.run(small, run_dir=tmp_path / "first")
    recipe = {
        **small,
        "encounter": "inversion",
        "networks": {"encoder": MLP},
        "penalties": ["latent_regression"],
        "start": {"generator": {"run": str(tmp_path / "first")}},
        "averaging": {"decay": 0.9},
    }
    run = advnets.run(recipe, run_dir=tmp_path / "after")
    for one, other in zip(first.generator.get_weights(), run.generator.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    assert [*run.game.averages] == ["encoder"]
    scores = {score.metric: score for score in run.evaluate(
        ["reconstruction", "latent_nearest_neighbour"]
    )}  # fmt: skip
    assert scores["reconstruction"].value > 0
    assert 0 < scores["latent_nearest_neighbour"].value <= 1
    told = {
        weights: [s.protocol for s in run.evaluate(["reconstruction", "parzen"], weights=weights)]
        for weights in ("averaged", "current")
    }
    (codes, samples), (own_codes, own_samples) = told["averaged"], told["current"]
    assert codes["averaging"] == {"decay": 0.9, "every": 1}
    assert samples["averaging"] == "none is kept of the generator"
    assert own_codes["averaging"] is own_samples["averaging"] is None
    hashes = [each["weights_sha256"] for each in (codes, own_codes, samples, own_samples)]
    assert len(set(hashes)) == 3
    assert hashes[2] == hashes[3]  # that of G, which has one set of weights alone
    advnets.run(recipe, {"training.steps": 2}, tmp_path / "resumed")
    again = advnets.run(recipe, {}, tmp_path / "resumed")
    assert again.commit.state_sha256 == run.commit.state_sha256


def test_a_generator_held_still_is_all_that_a_game_needs(
    small: dict[str, Any], tmp_path: Any
) -> None:
    """D alone moves: V(D, G) says how far G is from the data."""
    run = advnets.run({**small, "encounter": "inversion"}, run_dir=tmp_path)
    last = run.metrics[-1]
    assert (last["g_loss"], last["g_gradient_norm"]) == (0.0, 0.0)
    assert last["d_gradient_norm"] > 0


def test_a_generator_that_nobody_trained_is_warned_of(
    small: dict[str, Any], tmp_path: Any, caplog: pytest.LogCaptureFixture
) -> None:
    recipe = {
        **small,
        "encounter": "inversion",
        "networks": {"encoder": MLP},
        "penalties": ["latent_regression"],
    }
    with caplog.at_level("WARNING", "advnets"):
        advnets.run(recipe, run_dir=tmp_path)
    (said,) = [each for each in caplog.messages if "nobody moves" in each]
    assert "the generator" in said
    assert "start: {generator: {run: RUN}}" in said


@pytest.mark.parametrize("stochastic", [False, True])
def test_inference_plays_by_a_recipe(
    small: dict[str, Any], tmp_path: Any, stochastic: bool
) -> None:
    networks: dict[str, Any] = {"encoder": MLP}
    if stochastic:
        networks["log_variance"] = {**MLP, "output": {"bias": -2.0}}
    recipe = {
        **small,
        "encounter": "stochastic_inference" if stochastic else "inference",
        "networks": networks,
        "loss": "symmetric",
        "penalties": ["cycle_consistency"],
    }
    run = advnets.run(recipe, run_dir=tmp_path / "run")
    assert run.sample(3)[0].shape == (3, 8, 8, 1)
    (score,) = run.evaluate(["reconstruction"])
    assert score.value > 0
    for name in networks:
        assert run.network(name)(np.zeros((2, 8, 8, 1), "float32")).shape == (2, 4)


def test_a_loss_that_does_not_read_the_real_side_is_refused(
    small: dict[str, Any], tmp_path: Any
) -> None:
    recipe = {**small, "encounter": "inference", "networks": {"encoder": MLP}}
    with pytest.raises(PluginError, match="does not depend on the encoder"):
        advnets.run(recipe, run_dir=tmp_path / "run")


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"penalties": [{"name": "latent_regression", "weight": -1.0}]}, "weight"),
        ({"penalties": [{"name": "cycle_consistency", "weight": -1.0}]}, "weight"),
        ({"encounter": "stochastic_inference"}, "log_variance"),
        ({"encounter": "inference", "networks": {}}, "encoder"),
    ],
)
def test_bad_parameters_are_problems_of_the_recipe(
    small: dict[str, Any], changed: dict[str, Any], message: str
) -> None:
    with pytest.raises(RecipeError, match=message):
        load_recipe({**small, "networks": {"encoder": MLP}, **changed})


def context() -> MetricContext:
    """E(x) = x + 1, G(z) = z, of points on the line with classes 0 and 1."""
    points = {"train": np.array([0.0, 1.0, 10.0]), "test": np.array([0.2, 0.9, 9.0, 5.4])}
    labels = {"train": np.array([0, 0, 1]), "test": np.array([0, 1, 1, 0])}

    def network(name: str, **given: np.ndarray) -> Any:
        (value,) = given.values()
        return value if name == "generator" else value + 1.0

    return MetricContext(
        data=Data(
            load=lambda split: points[split][:, None].astype("float32"),
            splits=("train", "test"),
            field=lambda split, name: labels[split],
        ),
        players=Players(networks=network),
    )


def test_scores_of_known_codes() -> None:
    (score,) = reconstruction(context())
    np.testing.assert_allclose(score.value, 1.0, rtol=1e-6)
    np.testing.assert_allclose(score.error, 0.0, atol=1e-6)
    mean = np.mean([0.2, 0.9, 9.0, 5.4])
    expected = np.abs(np.array([0.2, 0.9, 9.0, 5.4]) - mean).mean()
    np.testing.assert_allclose(score.protocol["of_mean"], expected, rtol=1e-6)
    # Nearest to 0.2, 0.9, 9 and 5.4 are 0, 1, 10 and 1, of classes 0, 0, 1, 0: one is wrong.
    (score,) = latent_nearest_neighbour(context())
    assert score.value == 0.75
