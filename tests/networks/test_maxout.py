from __future__ import annotations

import keras
import numpy as np

A1 = {"layers": [240, 240], "pieces": 5, "irange": 0.005, "dropout": [0.2, 0.5, 0.5]}


def test_the_papers_mnist_discriminator(build, discriminator_context, mixes) -> None:
    model = build(discriminator_context((28, 28, 1)), "maxout", **A1)
    assert model.count_params() == 1_231_441
    assert model.output_shape == (None,)
    assert [layer.rate for layer in model.layers if isinstance(layer, keras.layers.Dropout)] == [
        0.2,
        0.5,
        0.5,
    ]
    # Dropout stands at the input of each layer, the output layer's included.
    names = [layer.name for layer in model.layers]
    for dropout, layer in zip(
        ["dropout_0", "dropout_1", "dropout_2"], ["maxout_0", "maxout_1", "output"], strict=True
    ):
        assert names.index(layer) == names.index(dropout) + 1
    for layer in ("maxout_0", "maxout_1", "output"):
        kernel = model.get_layer(layer).kernel.numpy()
        assert 0.0049 < np.abs(kernel).max() <= 0.005
    assert not mixes(model)


def test_a_forward_pass_by_hand(build, discriminator_context) -> None:
    model = build(discriminator_context((2,)), "maxout", layers=[1], pieces=2)
    model.get_layer("maxout_0").kernel.assign([[1, -1], [0, 0]])
    model.get_layer("output").kernel.assign([[3]])
    model.get_layer("output").bias.assign([1])
    np.testing.assert_allclose(model(np.array([[2, 9], [-4, 9]], "float32")), [7, 13])


def test_a_layer_may_have_pieces_of_its_own(build, discriminator_context) -> None:
    model = build(
        discriminator_context((3,)), "maxout", layers=[{"units": 2, "pieces": 7}, 4], pieces=2
    )
    assert model.get_layer("maxout_0").kernel.shape == (3, 14)
    assert model.get_layer("maxout_1").kernel.shape == (2, 8)


def test_the_norm_of_every_piece_is_bounded(build, discriminator_context) -> None:
    model = build(discriminator_context((3,)), "maxout", layers=[4], max_col_norm=1.9365)
    limits = [w.constraint.limit for w in model.weights if w.constraint is not None]
    assert limits == [1.9365, 1.9365]


def test_it_can_generate_too(build, generator_context) -> None:
    model = build(generator_context(3, (2, 2, 1)), "maxout", layers=[4])
    assert model.output_shape == (None, 2, 2, 1)
