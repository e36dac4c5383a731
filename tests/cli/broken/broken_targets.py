"""Make what no game, run or recipe can use; TensorFlow is imported where it is needed."""

from __future__ import annotations

import click


def loss():
    """Make a right one."""
    from advnets.game import Minimax

    return Minimax()


def loss_class():
    """Forget to make it."""
    from advnets.game import Minimax

    return Minimax


def exits():
    """End the process."""
    raise SystemExit(3)


def nothing():
    """Make nothing, of nothing."""


def raises(context):
    """Ask the context for what it has not."""
    return context.no_such_thing


def penalty():
    """Make a right one."""
    from advnets.game import R1

    return R1(1.0)


def a_layer(context):
    """Make no model."""
    import keras

    return keras.layers.Dense(3)


def prior(size):
    """Make a right one."""
    from advnets.game import Gaussian

    return Gaussian(size)


def outer(context, inner):
    """Make what is named."""
    return context.make("priors", inner)


def no_field():
    """Make a condition that does not say what it draws."""
    from advnets.game import Condition

    return Condition()


def encounter():
    """Make a right one."""
    from advnets.game import Generated

    return Generated()


def no_role():
    """Declare a word in place of a role."""
    made = encounter()
    made.roles = {"generator": "latent"}
    return made


def no_player():
    """Declare a player that there is not."""
    from advnets.game import Role

    made = encounter()
    made.roles = {"encoder": Role("example", "latent", player="nobody")}
    return made


def optimizer_class(context):
    """Forget to make it."""
    import keras

    return keras.optimizers.SGD


def argument(path):
    """Need what no recipe gives."""


def not_in_runs():
    """Make a callback for which a run has something else."""
    import keras

    return keras.callbacks.TerminateOnNaN()


def changes():
    """Make a callback that changes the game, unsaid."""
    import keras

    return keras.callbacks.ReduceLROnPlateau(monitor="d_loss")


def remembers():
    """Make a callback whose variable no checkpoint has."""
    import keras

    class Remembers(keras.callbacks.Callback):
        def __init__(self):
            super().__init__()
            self.seen = keras.Variable(0.0)

    return Remembers()


def line(preprocess):
    """Make a right one."""
    import numpy as np

    from advnets.data import DataSpec, Examples, Source

    class Line(Source):
        name = "line"
        spec = DataSpec((1,), "float32", 0, 1)
        splits = ("train",)

        def read(self, split):
            return Examples(np.linspace(0, 1, 20, dtype="float32")[:, None])

    return Line()


def no_spec(preprocess):
    """Declare a shape alone."""
    made = line(preprocess)
    type(made).spec = (1,)
    return made


def no_split(preprocess):
    """Declare a split that there is not."""
    made = line(preprocess)
    type(made).splits = ("training",)
    return made


def fails_to_look(preprocess):
    """Fail where it is to say whether the data are there."""
    made = line(preprocess)
    type(made).available = lambda self: 1 / 0
    return made


@click.command("imports-nothing")
def imports_nothing():
    """Import what is not there, when it is called."""
    import broken_nowhere

    broken_nowhere.go()
