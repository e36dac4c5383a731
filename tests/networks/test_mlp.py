from __future__ import annotations

import keras
import numpy as np
import pytest

from advnets.errors import DataError

A1 = {
    "irange": 0.05,
    "layers": [{"units": 1200, "activation": "relu"}, 1200],
    "output": {"activation": "sigmoid", "bias": "marginals"},
}


def test_the_papers_mnist_generator(build, generator_context) -> None:
    mean = np.linspace(0, 1, 784).reshape(28, 28, 1)
    model = build(generator_context(100, (28, 28, 1), mean), "mlp", **A1)
    assert model.count_params() == 2_503_984
    assert model.output_shape == (None, 28, 28, 1)
    for layer in ("hidden_0", "hidden_1", "output"):
        kernel = model.get_layer(layer).kernel.numpy()
        assert 0.0499 < np.abs(kernel).max() <= 0.05
    assert (model.get_layer("hidden_0").bias.numpy() == 0).all()
    # Whatever comes in, the bias alone already makes the data's mean.
    bias = model.get_layer("output").bias.numpy().astype("float64")
    np.testing.assert_allclose(1 / (1 + np.exp(-bias)), mean.ravel(), atol=2e-7)
    assert bias[0] == pytest.approx(np.log(1e-7 / (1 - 1e-7)), rel=1e-6)  # clipped


def test_a_forward_pass_by_hand(build, generator_context) -> None:
    model = build(
        generator_context(2, (2,)),
        "mlp",
        layers=[{"units": 2, "activation": "leaky_relu", "bias": 0.5}],
        slope=0.1,
        output={"activation": "tanh", "bias": -1},
    )
    model.get_layer("hidden_0").kernel.assign([[1, -2], [3, 1]])
    model.get_layer("output").kernel.assign([[1, 0], [0, 2]])
    # (1, -1) → (-2, -3) + 0.5 → 0.1·(-1.5, -2.5) → (-0.15, -0.5) - 1 → tanh
    np.testing.assert_allclose(
        model(np.array([[1.0, -1.0]], "float32")), np.tanh([[-1.15, -1.5]]), rtol=1e-6
    )


def test_a_discriminator_returns_one_logit_per_example(build, discriminator_context) -> None:
    model = build(discriminator_context((4, 4, 3)), "mlp", layers=[5], dropout=[0.2, 0.5])
    assert model(np.zeros((7, 4, 4, 3), "float32")).shape == (7,)
    assert model.count_params() == 48 * 5 + 5 + 5 + 1
    dropouts = [layer for layer in model.layers if isinstance(layer, keras.layers.Dropout)]
    rates = {layer.name: layer.rate for layer in dropouts}
    assert rates == {"dropout_0": 0.2, "dropout_1": 0.5}
    assert [layer.stream for layer in dropouts] == [
        "discriminator/dropout_0",
        "discriminator/dropout_1",
    ]


def test_weights_depend_on_the_seed_alone(build, generator_context) -> None:
    def weights(seed: int, elsewhere: int) -> list[np.ndarray]:
        keras.utils.set_random_seed(elsewhere)
        context = generator_context(3, (5,), seed=seed)
        return build(context, "mlp", layers=[4, 4]).get_weights()

    first, again, other = weights(1, 5), weights(1, 6), weights(2, 5)
    assert all((a == b).all() for a, b in zip(first, again, strict=True))
    assert any((a != b).any() for a, b in zip(first, other, strict=True))


def test_layers_of_one_shape_start_differently(build, generator_context) -> None:
    model = build(generator_context(4, (4,)), "mlp", layers=[4, 4])
    kernels = [layer.kernel.numpy() for layer in model.layers if hasattr(layer, "kernel")]
    assert len(kernels) == 3
    assert (kernels[0] != kernels[1]).any()
    assert (kernels[1] != kernels[2]).any()


def test_a_layers_own_keys_go_before_the_networks(build, generator_context) -> None:
    model = build(
        generator_context(50, (20,)),
        "mlp",
        irange=0.01,
        max_col_norm=1.5,
        layers=[{"units": 30, "sparse": 10}, {"units": 30, "max_col_norm": 0.7}],
    )
    first, second, output = (model.get_layer(n) for n in ("hidden_0", "hidden_1", "output"))
    assert ((first.kernel.numpy() != 0).sum(axis=0) == 10).all()
    assert np.abs(second.kernel.numpy()).max() <= 0.01
    assert [layer.kernel.constraint.limit for layer in (first, second, output)] == [1.5, 0.7, 1.5]


@pytest.mark.parametrize(("where", "after"), [("before", "hidden_0"), ("after", None)])
def test_batch_normalisation_stands_where_asked(
    build, generator_context, where: str, after: str | None
) -> None:
    model = build(
        generator_context(3, (4,)),
        "mlp",
        batch_norm=where,
        layers=[6, {"units": 6, "batch_norm": "none"}],
    )
    names = [layer.name for layer in model.layers]
    before = names[names.index("hidden_0_norm") - 1]
    assert before == (after or "hidden_0_activation")
    assert "hidden_1_norm" not in names


def test_no_hidden_layer_is_a_linear_model(build, discriminator_context) -> None:
    assert build(discriminator_context((3,)), "mlp").count_params() == 4


@pytest.mark.parametrize(
    ("activation", "mean", "bias"),
    [("sigmoid", 0.25, np.log(1 / 3)), ("tanh", -0.5, np.arctanh(-0.5)), ("linear", 7.0, 7.0)],
)
def test_bias_from_marginals_inverts_the_activation(
    build, generator_context, activation: str, mean: float, bias: float
) -> None:
    output = {"activation": activation, "bias": "marginals"}
    model = build(generator_context(2, (3,), mean), "mlp", output=output)
    np.testing.assert_allclose(model.get_layer("output").bias, np.full(3, bias), rtol=1e-6)
    np.testing.assert_allclose(model(np.zeros((1, 2), "float32")), np.full((1, 3), mean), rtol=1e-5)


def test_marginals_that_the_output_cannot_reach_are_refused(build, generator_context) -> None:
    with pytest.raises(DataError, match=r"needs data in \[0, 1\].*-0.5") as caught:
        build(generator_context(2, (3,), -0.5), "mlp", **A1)
    assert "preprocess" in caught.value.hint


def test_it_survives_saving(build, generator_context, tmp_path) -> None:
    model = build(
        generator_context(3, (4, 4, 1)), "mlp", **{**A1, "layers": [8], "max_col_norm": 1}
    )
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    z = np.random.default_rng(0).normal(size=(2, 3)).astype("float32")
    np.testing.assert_array_equal(again(z), model(z))
