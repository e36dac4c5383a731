"""Drop inputs by a mask that is a pure function of the run's seed, the step and the example."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from ... import random


@keras.saving.register_keras_serializable(package="advnets")
class Dropout(keras.layers.Dropout):
    """Set each input to zero with probability ``rate``; scale the others by 1/(1 − rate).

    Inside a scope of ``advnets.random`` the mask comes from the named stream, so that it
    is the same on any number of replicas and after a resumption, and the same for both
    players' objectives in one round. Outside of one (a notebook, ``model.fit``) it comes
    from Keras's own seed generator.

    Args:
        rate: Probability of dropping an input, in [0, 1).
        stream: Name of the stream of random numbers, unique within the game, such as
            ``"discriminator/dropout_0"``.
        seed: Seed of Keras's generator, for use outside of a scope.

    Source: Goodfellow et al. 2014 use rates 0.2 (the discriminator's input) and 0.5.

    >>> import numpy as np
    >>> layer = Dropout(0.5, "discriminator/dropout_0", seed=1)
    >>> sorted(set(np.ravel(layer(np.ones((4, 8)), training=True)).tolist()))
    [0.0, 2.0]
    >>> float(np.mean(layer(np.ones((4, 8)))))
    1.0
    """

    def __init__(self, rate: float, stream: str, seed: int | None = None, **kwargs: Any):
        super().__init__(rate, seed=seed, **kwargs)
        self.stream = stream

    def call(self, inputs: tf.Tensor, training: bool = False) -> tf.Tensor:
        """Drop inputs if ``training``; shape and dtype stay the same."""
        if not training or self.rate == 0 or random.current() is None:
            return super().call(inputs, training=training)
        kept = random.segmented_at_least(self.stream, inputs, self.rate)
        # A product with a mask that no gradient flows into costs one pass forward and one
        # back; a select would add a zeros tensor to each.
        return inputs * (tf.cast(kept, inputs.dtype) * (1.0 / (1.0 - self.rate)))

    def get_config(self) -> dict[str, Any]:
        """Return the layer's arguments, for serialisation."""
        return {**super().get_config(), "stream": self.stream}
