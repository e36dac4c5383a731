"""Two replicas in float16, of which only the second overflows, or holds a weight that is not
finite: run by test_precision.
"""

import keras
import numpy as np
import tensorflow as tf

from advnets.game import AdversarialGame, Alternating, Simultaneous
from advnets.networks import under_policy


def network(size_in, size_out):
    layers = [keras.layers.Dense(4, "tanh"), keras.layers.Dense(size_out)]
    return keras.Sequential([keras.Input((size_in,)), *layers])


def main(rule):
    strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
    keras.utils.set_random_seed(1)
    with strategy.scope():
        with under_policy("mixed_float16"):
            players = network(3, 2), network(2, 1)
        game = AdversarialGame(*players, updates=rule())
        game.compile(keras.optimizers.Adam(0.01), keras.optimizers.SGD(0.1, momentum=0.5))
    examples = np.random.default_rng(0).normal(size=(8, 2)).astype("float32")

    def round_that_tells(*names):
        """A compiled round; what each replica logs under each of the names."""

        @tf.function(autograph=False)
        def play(data):
            def body(done, _):
                logs = strategy.run(game.train_step, (data,))
                told = [strategy.experimental_local_results(logs[name]) for name in names]
                return done + 1, tf.stack([tf.stack(values) for values in told])

            start = (tf.constant(0), tf.zeros([len(names), 2]))
            return tf.while_loop(lambda done, _: done < 1, body, start)[1]

        return play

    play = round_that_tells("d_skipped")

    def skipped(overflow):
        (told,) = half_each(play, overflow)
        return told

    def half_each(play, overflow=False):
        batch = examples.copy()
        if overflow:
            batch[-1] = 1e30  # the second replica's; infinite in float16

        def half(context):
            first = 4 * context.replica_id_in_sync_group
            return tf.constant(batch[first : first + 4])

        return play(strategy.experimental_distribute_values_from_function(half)).numpy().tolist()

    def state():
        owners = (game.discriminator.trainable_variables, game.discriminator_optimizer.variables)
        copies = [
            [copy.numpy() for copy in strategy.experimental_local_results(v.value)]
            for owner in owners
            for v in owner
        ]
        assert all((first == second).all() for first, second in copies), "replicas differ"
        return [first for first, _ in copies]

    scale = game.loss_scales["discriminator"]
    assert skipped(overflow=False) == [0, 0]
    before = state()
    assert skipped(overflow=True) == [1, 1]
    assert all((old == new).all() for old, new in zip(before, state(), strict=True)), "moved"
    for copy in strategy.experimental_local_results(scale.scale):
        assert float(copy) == 2.0**14
    assert int(game.generator_optimizer.iterations.numpy()) == 2
    assert skipped(overflow=False) == [0, 0]
    assert any((old != new).any() for old, new in zip(before, state(), strict=True)), "stuck"

    bias = game.discriminator.trainable_variables[1].value  # tanh hides it: no loss tells of it
    game.sees_weights, game.norms_every = True, 10
    sees = round_that_tells("d_weights", "g_weights", "d_loss")
    assert half_each(sees)[:2] == [[0, 0], [0, 0]]
    strategy.experimental_local_results(bias)[1].assign([-np.inf, 0, 0, 0])
    d_weights, g_weights, d_loss = half_each(sees)
    assert np.isnan(d_weights).all()
    assert g_weights == [0, 0]
    assert np.isfinite(d_loss).all()
    print(rule.__name__)


if __name__ == "__main__":  # a module that doctests are looked for in is imported
    [cpu] = tf.config.list_physical_devices("CPU")
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    for rule in (Alternating, Simultaneous):
        main(rule)
