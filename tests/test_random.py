"""Random numbers are pure functions of (seed, stream, step, global example)."""

import numpy as np
import pytest
import tensorflow as tf

from advnets import random
from advnets.random import Draw


def test_equal_keys_give_equal_numbers_and_others_give_others():
    base = Draw(1, 5).bits("latent", (3,), 4).numpy()
    assert (base == Draw(1, 5).bits("latent", (3,), 4).numpy()).all()
    for other in (Draw(2, 5).bits("latent", (3,), 4), Draw(1, 6).bits("latent", (3,), 4)):
        assert (base != other.numpy()).any()
    assert (base != Draw(1, 5).bits("dropout", (3,), 4).numpy()).any()


@pytest.mark.parametrize("replicas", [2, 4])
def test_replicas_draw_slices_of_the_global_batch(replicas):
    def parts(method):
        return [
            getattr(Draw(3, 7, replica, replicas), method)("latent", (5,), 8 // replicas)
            for replica in range(replicas)
        ]

    whole = Draw(3, 7)
    np.testing.assert_array_equal(whole.uniform("latent", (5,), 8), tf.concat(parts("uniform"), 0))
    # The inverse error function's last bit depends on where a vector register ends.
    np.testing.assert_allclose(
        whole.normal("latent", (5,), 8), tf.concat(parts("normal"), 0), rtol=1e-6
    )


def test_moments():
    uniform = Draw(1, 0).uniform("u", (100,), 1000).numpy()
    assert uniform.min() >= 0
    assert uniform.max() < 1
    # Standard errors: 1/sqrt(12 n) and about 1/sqrt(n), with n = 100,000; five of each.
    assert abs(uniform.mean() - 0.5) < 5 / np.sqrt(12 * 1e5)
    normal = Draw(1, 0).normal("n", (100,), 1000).numpy()
    assert np.isfinite(normal).all()
    assert abs(normal.mean()) < 5 / np.sqrt(1e5)
    assert abs(normal.var() - 1) < 5 * np.sqrt(2 / 1e5)


def test_the_same_numbers_in_a_graph_and_under_xla():
    def draw(step):
        return Draw(1, step).uniform("u", (7,), 5), Draw(1, step).normal("n", (7,), 5)

    step = tf.constant(9, tf.int64)
    eager = draw(step)
    for jit in (False, True):
        uniform, normal = tf.function(draw, jit_compile=jit)(step)
        np.testing.assert_array_equal(uniform, eager[0])
        np.testing.assert_allclose(normal, eager[1], rtol=2e-5, atol=2e-6)


def test_a_joint_batch_gets_the_numbers_of_its_segments():
    draw = Draw(1, 0)
    with random.scope(draw, "both", [("real", 2), ("fake", 3)]):
        joint = random.segmented_uniform("dropout_0", tf.zeros([5, 4])).numpy()
    with random.scope(draw, "both", [("real", 2)]):
        real = random.segmented_uniform("dropout_0", tf.zeros([2, 4])).numpy()
    with random.scope(draw, "both", [("fake", 3)]):
        fake = random.segmented_uniform("dropout_0", tf.zeros([3, 4])).numpy()
    np.testing.assert_array_equal(joint, np.concatenate([real, fake]))


def test_stages_and_layers_have_numbers_of_their_own():
    def mask(stage, stream):
        with random.scope(Draw(1, 0), stage, [("real", 4)]):
            return random.segmented_uniform(stream, tf.zeros([4, 4])).numpy()

    assert (mask("discriminator/0", "a") != mask("discriminator/1", "a")).any()
    assert (mask("generator", "a") != mask("generator", "b")).any()


def test_outside_of_a_scope_there_is_no_draw():
    assert random.current() is None
    with pytest.raises(RuntimeError, match="scope"):
        random.segmented_uniform("a", tf.zeros([1, 1]))


@pytest.mark.parametrize("compiled", [False, True])
def test_rows_made_of_several_examples_have_the_numbers_of_the_first(compiled: bool) -> None:
    """Of packs of two of 5 examples: those of examples 0, 2 and 4."""

    def numbers(x: tf.Tensor) -> tf.Tensor:
        with random.scope(Draw(seed=1, step=0), "discriminator", [("real", 3), ("fake", 2)]):
            return random.segmented_uniform("dropout", x)

    if compiled:
        numbers = tf.function(numbers, input_signature=[tf.TensorSpec([None, 4])])
    whole, packs = numbers(tf.zeros([5, 4])), numbers(tf.zeros([3, 4]))
    np.testing.assert_array_equal(packs, whole[::2])
