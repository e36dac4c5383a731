from __future__ import annotations

import keras

from advnets.networks import mixes_examples


def test_batch_normalisation_is_found_inside_nested_models(build, discriminator_context) -> None:
    plain = build(discriminator_context((3,)), "mlp", layers=[4], dropout=[0.1, 0.1])
    mixing = build(discriminator_context((3,)), "mlp", layers=[4], batch_norm="after")
    assert not mixes_examples(plain)
    assert mixes_examples(mixing)
    x = keras.Input((3,))
    assert mixes_examples(keras.Model(x, keras.Sequential([mixing])(x)))


def test_a_layer_can_declare_it() -> None:
    class MinibatchStatistics(keras.layers.Layer):
        mixes_examples = True

        def call(self, x):
            return x

    x = keras.Input((3,))
    assert mixes_examples(keras.Model(x, MinibatchStatistics()(x)))


def test_layer_normalisation_does_not_mix() -> None:
    x = keras.Input((3,))
    assert not mixes_examples(keras.Model(x, keras.layers.LayerNormalization()(x)))
