"""State on two replicas, held by a penalty and by nobody: run by test_unsaved."""

import contextlib

import keras
import numpy as np
import tensorflow as tf

from advnets.errors import PluginError
from advnets.game import R1, AdversarialGame, state
from advnets.game.state import copies, state_variables


class Growing(R1):
    """Its weight is 1 + the number of rounds played."""

    def __init__(self):
        super().__init__(1.0)
        self.weight = state(1.0)

    def __call__(self, play):
        self.weight.assign_add(1.0)
        return self.weight * super().__call__(play)


def closure():
    weight = state(1.0)

    class Closure(R1):
        def __call__(self, play):
            weight.assign_add(1.0)
            return weight * super().__call__(play)

    return Closure()


def played(penalty):
    """The game after three rounds."""
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    with strategy.scope():
        networks = [keras.Sequential([keras.Input((2,)), keras.layers.Dense(n)]) for n in (2, 1)]
        game = AdversarialGame(*networks, penalties=[penalty()])
        game.compile(keras.optimizers.Adam(0.01), keras.optimizers.SGD(0.1))
    game.fit(np.ones([12, 2], "float32"), batch_size=4, verbose=0)
    return game


def main():
    with contextlib.suppress(PluginError):
        played(closure)
        print("not ", end="")
    print("refused")
    weight = state_variables(played(Growing))["penalties.0/0000/weight"]
    print(*(float(copy) for copy in copies(weight)))


if __name__ == "__main__":  # a module that doctests are looked for in is imported
    [cpu] = tf.config.list_physical_devices("CPU")
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    main()
