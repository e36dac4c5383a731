"""Find out whether a network's output for an example depends on the others in its batch."""

from __future__ import annotations

import keras


def mixes_examples(model: keras.Model) -> bool:
    """Tell whether any layer of ``model`` lets the examples of a batch influence each other.

    If none does, a discriminator may see real and generated examples as one batch. A layer
    declares that it does by an attribute ``mixes_examples = True``; batch normalisation is known.

    >>> x = keras.Input((3,))
    >>> mixes_examples(keras.Model(x, keras.layers.Dense(2)(x)))
    False
    >>> mixes_examples(keras.Model(x, keras.layers.BatchNormalization()(x)))
    True
    """
    return any(
        isinstance(layer, keras.layers.BatchNormalization)
        or getattr(layer, "mixes_examples", False)
        for layer in model._flatten_layers()
    )
