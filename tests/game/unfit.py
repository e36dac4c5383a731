"""Networks, a prior and a loss whose output does not fit: a plugin of one file."""

import math

from advnets import Component, Parameters, hookimpl


class How(Parameters):
    """What is wrong."""

    how: str


class Latent(How):
    """What is wrong with a prior."""

    size: int = 3


@hookimpl
def advnets_architectures():
    """Register the networks."""
    return [
        Component("unfit_d", "unfit:make", "a discriminator", How, ("discriminator",)),
        Component("unfit_g", "unfit:make", "a generator", How, ("generator",)),
    ]


@hookimpl
def advnets_losses():
    """Register the loss."""
    return [Component("unfit_loss", "unfit:make_loss", "a loss", How)]


@hookimpl
def advnets_priors():
    """Register the prior."""
    return [Component("unfit_prior", "unfit:make_prior", "a prior", Latent)]


def make(context, how):
    """Make a network that is a class of its author's."""
    import keras
    import tensorflow as tf

    shape = context.output_shape

    class Unfit(keras.Model):
        def __init__(self):
            super().__init__()
            self.dense = keras.layers.Dense(math.prod(shape))
            self.dense.build((None, *context.input_shape))
            self.built = True

        def call(self, x, training=False):
            y = tf.reshape(self.dense(x), [-1, *(shape or (1,))])
            return {
                "fits": lambda: y,
                "a list": lambda: [y],
                "two": lambda: (y, y),
                "none": lambda: None,
                "text": lambda: "real",
                "nan": lambda: y * math.nan,
                "first alone": lambda: y[:1],
                "twice": lambda: tf.concat([y, y], 0),
                "a scalar": lambda: tf.reduce_mean(y),
                "ten": lambda: tf.tile(y, [1, 10]),
                "whole numbers": lambda: tf.cast(y, tf.int32),
                "no logits": lambda: {"score": y},
                "logits are none": lambda: {"logits": None},
                "a word of other rows": lambda: {"logits": y, "features": y[:1]},
                "another shape": lambda: y[:, :1],
                "a mapping": lambda: {"example": y},
            }[how]()

    return Unfit()


def make_loss(how):
    """Make a loss that reads what D does not say, or returns one number."""
    import tensorflow as tf

    from advnets.game import NonSaturating

    class Unfit(NonSaturating):
        requires = ("logits", "features") if how == "features" else ("logits",)

        def generator(self, real, fake):
            value = super().generator(real, fake)
            return tf.reduce_mean(value) if how == "a mean" else value

    return Unfit()


def make_prior(how, size):
    """Make a prior that draws points of another shape."""
    from advnets.game import Uniform

    class Unfit(Uniform):
        def sample(self, draw, stream, examples):
            return super().sample(draw, stream, examples)[:, : 2 if how == "short" else None]

    return Unfit(size)
