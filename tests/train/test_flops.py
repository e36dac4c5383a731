"""Operations counted against hand-computed ones."""

import keras
import pytest
import tensorflow as tf

from advnets.game import AdversarialGame, Penalty, Simultaneous
from advnets.train.flops import cost


def mlp(*sizes):
    layers = [keras.layers.Dense(size, "relu") for size in sizes[1:]]
    return keras.Sequential([keras.Input((sizes[0],)), *layers])


def test_a_product_and_its_gradients():
    def both(x, w):
        with tf.GradientTape() as tape:
            tape.watch([x, w])
            y = tf.matmul(x, w)
        return tape.gradient(y, [x, w])

    x, w = tf.TensorSpec([5, 7]), tf.TensorSpec([7, 3])
    assert cost(both, x, w).matrix == 2 * 2 * 5 * 7 * 3  # dx and dw; y itself is not needed


def test_a_convolution_and_its_gradients():
    def all_three(x, w):
        with tf.GradientTape() as tape:
            tape.watch([x, w])
            y = tf.nn.conv2d(x, w, strides=2, padding="SAME")
        return y, *tape.gradient(y, [x, w])

    counted = cost(all_three, tf.TensorSpec([4, 8, 8, 3]), tf.TensorSpec([5, 5, 3, 6]))
    assert counted.convolution == 3 * 2 * (4 * 4 * 4 * 6) * (5 * 5 * 3)
    assert counted.matrix == 0


def test_what_nobody_needs_is_not_counted_and_of_branches_the_dearer_is():
    def function(x):
        tf.matmul(x, x)
        return tf.cond(x[0, 0] > 0, lambda: tf.matmul(x, x), lambda: x)

    assert cost(function, tf.TensorSpec([10, 10])).matrix == 2000


def test_a_simultaneous_round():
    """G: 2-8-3, D: 3-6-1, 10 examples. D judges both sides; G's gradient passes through D."""
    game = AdversarialGame(mlp(2, 8, 3), mlp(3, 6, 1), updates=Simultaneous())
    game.compile("sgd", "sgd")
    g, d = 2 * 10 * (2 * 8 + 8 * 3), 2 * 10 * (3 * 6 + 6 * 1)
    forward = g + 2 * d
    weights = g + 2 * d
    inputs_of_second_layers = 2 * 10 * (8 * 3) + 2 * 2 * 10 * (6 * 1)
    through_d_to_g = d
    expected = forward + weights + inputs_of_second_layers + through_d_to_g
    assert cost(game.train_step, tf.TensorSpec([10, 3])).total == expected


def test_a_simultaneous_round_with_a_branch_that_both_players_go_through():
    class Branching(Penalty):
        player = ("discriminator", "generator")

        def __call__(self, play):
            x = play.fake.example
            y = tf.cond(tf.reduce_sum(x) > 0, lambda: x, lambda: -x)
            return play.judge(play.fake.having(example=y)).logits

    def total(*penalties):
        networks = mlp(2, 8, 3), mlp(3, 6, 1)
        game = AdversarialGame(*networks, updates=Simultaneous(), penalties=penalties)
        game.compile("sgd", "sgd")
        return cost(game.train_step, tf.TensorSpec([10, 3])).total

    assert total(Branching()) >= total() + 2 * 10 * (3 * 6 + 6 * 1)


def test_what_cannot_be_counted_is_said():
    with pytest.raises(ValueError, match="unknown shape"):
        cost(tf.matmul, tf.TensorSpec([None, 2]), tf.TensorSpec([2, 2]))
    with pytest.raises(ValueError, match="is a DepthwiseConv2dNative, whose operations"):
        cost(
            lambda x, w: tf.nn.depthwise_conv2d(x, w, [1, 1, 1, 1], "SAME"),
            tf.TensorSpec([1, 4, 4, 2]),
            tf.TensorSpec([3, 3, 2, 1]),
        )


def test_of_many_branches_the_dearest_counts():
    def function(x, which):
        return tf.switch_case(which, [lambda: x, lambda: x @ x, lambda: x @ x @ x])

    assert cost(function, tf.TensorSpec([10, 10]), tf.TensorSpec([], tf.int32)).matrix == 4000
