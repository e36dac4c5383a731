from __future__ import annotations

from itertools import pairwise

import keras
import numpy as np
import pytest
import tensorflow as tf

from advnets.errors import UsageError
from advnets.game import R1, AdversarialGame
from advnets.networks import BatchNorm, Relu

PAPER = {"channels": 128, "stages": 4}


def shapes(model: keras.Model, prefix: str) -> list[tuple[int, ...]]:
    return [
        layer.output.shape[1:]
        for layer in model.layers
        if layer.name.rstrip("0123456789") == prefix
    ]


def norms(model: keras.Model) -> list[str]:
    return [layer.name for layer in model.layers if isinstance(layer, BatchNorm)]


def test_the_papers_generator(build, generator_context) -> None:
    """Figure 1: 100 → 4×4×1024 → 8×8×512 → 16×16×256 → 32×32×128 → 64×64×3."""
    model = build(generator_context(100, (64, 64, 3)), "dcgan", **PAPER)
    assert model.get_layer("map").output.shape[1:] == (4, 4, 1024)
    assert shapes(model, "deconv_") == [(8, 8, 512), (16, 16, 256), (32, 32, 128)]
    assert model.output_shape == (None, 64, 64, 3)
    assert norms(model) == ["dense_norm", "deconv_0_norm", "deconv_1_norm", "deconv_2_norm"]
    maps = [1024, 512, 256, 128, 3]
    weights = [100 * 16 * 1024, *(25 * a * b for a, b in pairwise(maps))]
    normalised = [16 * 1024, 512, 256, 128]
    trainable = sum(int(np.prod(v.shape)) for v in model.trainable_variables)
    assert trainable == sum(weights) + 2 * sum(normalised)  # γ and β, and no other bias


def test_the_papers_discriminator(build, discriminator_context, mixes) -> None:
    model = build(discriminator_context((64, 64, 3)), "dcgan", **PAPER)
    assert shapes(model, "conv_") == [(32, 32, 128), (16, 16, 256), (8, 8, 512), (4, 4, 1024)]
    assert norms(model) == ["conv_1_norm", "conv_2_norm", "conv_3_norm"]
    assert model.output_shape == (None,)
    maps = [3, 128, 256, 512, 1024]
    weights = [*(25 * a * b for a, b in pairwise(maps)), 4 * 4 * 1024]
    trainable = sum(int(np.prod(v.shape)) for v in model.trainable_variables)
    assert trainable == sum(weights) + 2 * (256 + 512 + 1024)
    slopes = [x.negative_slope for x in model.layers if isinstance(x, Relu) and x.negative_slope]
    assert slopes == [0.2] * 4
    assert mixes(model)


@pytest.mark.parametrize("role", ["generator", "discriminator"])
def test_weights_start_from_the_papers_deviation(
    build, generator_context, discriminator_context, role: str
) -> None:
    shape = (16, 16, 3)
    given = {
        "generator": generator_context(100, shape),
        "discriminator": discriminator_context(shape),
    }
    model = build(given[role], "dcgan", channels=32, stages=2)
    for variable in model.trainable_variables:
        values = variable.numpy()
        if variable.name == "kernel" and values.size > 1000:
            assert values.mean() == pytest.approx(0.0, abs=2e-3)
            assert values.std() == pytest.approx(0.02, rel=0.06)
        elif variable.name == "gamma":
            assert values.mean() == pytest.approx(1.0, abs=0.01)
            assert 0.01 < values.std() < 0.03
        elif variable.name == "beta":
            assert (values == 0).all()


@pytest.mark.parametrize(
    ("shape", "smallest", "stages"),
    [
        ((28, 28, 1), (7, 7), 2),  # 28 = 7·4
        ((32, 32, 3), (4, 4), 3),
        ((64, 64, 3), (4, 4), 4),
        ((48, 32, 1), (6, 4), 3),
        ((8, 8, 1), (4, 4), 1),
        ((30, 30, 1), (15, 15), 1),
        ((2, 2, 1), (1, 1), 1),
    ],
)
def test_the_map_is_as_small_as_can_be_but_not_below_four(
    build, generator_context, discriminator_context, shape, smallest, stages: int
) -> None:
    generator = build(generator_context(5, shape), "dcgan", channels=2)
    assert generator.get_layer("map").output.shape[1:] == (*smallest, 2 * 2 ** (stages - 1))
    assert generator(np.zeros((3, 5), "float32")).shape == (3, *shape)
    discriminator = build(discriminator_context(shape), "dcgan", channels=2, kernel=4)
    assert shapes(discriminator, "conv_")[-1][:2] == smallest
    assert len(shapes(discriminator, "conv_")) == stages
    assert discriminator(np.zeros((3, *shape), "float32")).shape == (3,)


@pytest.mark.parametrize(
    ("size", "colours"), [(8, 1), (16, 4), pytest.param(64, 2, marks=pytest.mark.slow), (128, 3)]
)
def test_it_plays_on_any_power_of_two(
    build, generator_context, discriminator_context, size: int, colours: int
) -> None:
    """A round with R1, whose term is differentiated twice."""
    shape = (size, size, colours)
    discriminator = build(discriminator_context(shape), "dcgan", channels=2)
    game = AdversarialGame(
        build(generator_context(5, shape), "dcgan", channels=2),
        discriminator,
        penalties=[R1(gamma=1.0)],
    )
    game.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1), run_eagerly=True)
    before = discriminator.get_weights()
    draw = np.random.default_rng(0)
    logs = game.train_step(draw.uniform(size=(4, *shape)).astype("float32"))
    assert all(np.isfinite(float(value)) for value in logs.values())
    assert all(np.isfinite(weight).all() for weight in discriminator.get_weights())
    assert any((a != b).any() for a, b in zip(before, discriminator.get_weights(), strict=True))


@pytest.mark.parametrize(
    ("shape", "stages", "message", "hint"),
    [
        ((30, 28, 1), 2, "multiples of 4; these images have 30×28 pixels", "at most 1"),
        ((32, 32, 3), 6, "multiples of 64", "at most 5"),
        ((9, 8, 1), None, "multiples of 2; these images have 9×8 pixels", "another size"),
        ((2,), None, "needs images", "mlp"),
    ],
)
def test_sizes_that_cannot_be_halved_are_refused(
    build, generator_context, discriminator_context, shape, stages, message: str, hint: str
) -> None:
    for context in (generator_context(4, shape), discriminator_context(shape)):
        with pytest.raises(UsageError, match=message) as caught:
            build(context, "dcgan", stages=stages)
        assert hint in caught.value.hint


def test_without_batch_normalisation_every_layer_has_a_bias(
    build, generator_context, discriminator_context, mixes
) -> None:
    for context in (generator_context(4, (8, 8, 1)), discriminator_context((8, 8, 1))):
        model = build(context, "dcgan", channels=2, stages=2, batch_norm=False)
        names = [variable.name for variable in model.variables]
        assert names == ["kernel", "bias"] * 3
        assert not mixes(model)


@pytest.mark.parametrize(
    ("output", "low", "high"), [("tanh", -1, 1), ("sigmoid", 0, 1), ("linear", None, None)]
)
def test_the_generators_range(build, generator_context, output: str, low, high) -> None:
    model = build(generator_context(4, (8, 8, 1)), "dcgan", channels=2, output=output, stddev=5.0)
    values = model(np.random.default_rng(0).normal(size=(20, 4)).astype("float32"), training=True)
    if low is None:
        assert np.abs(values).max() > 2
    else:
        assert np.min(values) == pytest.approx(low, abs=0.05)
        assert np.max(values) == pytest.approx(high, abs=0.05)


def test_weights_depend_on_the_seed_alone(build, generator_context) -> None:
    def weights(seed: int, elsewhere: int) -> list[np.ndarray]:
        keras.utils.set_random_seed(elsewhere)
        context = generator_context(3, (8, 8, 1), seed=seed)
        return build(context, "dcgan", channels=2, stages=2).get_weights()

    first, again, other = weights(1, 5), weights(1, 6), weights(2, 5)
    assert all((a == b).all() for a, b in zip(first, again, strict=True))
    assert any((a != b).any() for a, b in zip(first, other, strict=True))


def test_samples_follow_the_training_batches_through_the_moving_averages(
    build, generator_context
) -> None:
    model = build(generator_context(4, (8, 8, 1)), "dcgan", channels=4, stages=2)
    z = np.random.default_rng(0).normal(size=(64, 4)).astype("float32")
    train = tf.function(lambda: model(z, training=True), autograph=False)
    for _ in range(200):  # 0.9²⁰⁰ = 7e-10 of the variance that they start from, 1
        trained = train()
    assert np.abs(trained).max() > 0.01
    np.testing.assert_allclose(model(z, training=False), trained, atol=1e-4)


def test_it_survives_saving(build, generator_context, tmp_path) -> None:
    context = generator_context(3, (8, 8, 1))
    model = build(context, "dcgan", channels=2, stages=2, synchronized=True)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    z = np.random.default_rng(0).normal(size=(2, 3)).astype("float32")
    np.testing.assert_array_equal(again(z), model(z))
    asked = [layer.get_config()["synchronized"] for layer in again.layers if "norm" in layer.name]
    assert asked == [True, True]


def test_both_roles_in_a_compiled_graph(build, generator_context, discriminator_context) -> None:
    generator = build(generator_context(4, (8, 8, 1)), "dcgan", channels=2)
    discriminator = build(discriminator_context((8, 8, 1)), "dcgan", channels=2)
    judge = tf.function(
        lambda z: discriminator(generator(z, training=True), training=True), autograph=False
    )
    assert judge(tf.zeros([5, 4])).shape == (5,)
