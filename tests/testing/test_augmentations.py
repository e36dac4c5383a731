"""The kit's checks of augmentations find what is wrong with one."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf

from advnets.game import Augmentation, InstanceNoise, Mirror, Translation
from advnets.testing import ConformanceError, check_augmentation

IMAGES = {"shape": (8, 8, 1)}


@pytest.mark.parametrize("made", [Mirror(), Translation(), InstanceNoise(0.1)])
def test_sound_ones_pass(made):
    check_augmentation(made, example=IMAGES)


class Unseeded(Augmentation):
    def __call__(self, x, draw, stream):
        return x + np.random.default_rng().normal()


class OfTheBatch(Augmentation):
    def __call__(self, x, draw, stream):
        return x - tf.reduce_mean(x, 0, keepdims=True)


class Blocked(Augmentation):
    def __call__(self, x, draw, stream):
        return tf.stop_gradient(x)


class Shorter(Augmentation):
    def __call__(self, x, draw, stream):
        return x[:, :-1]


@pytest.mark.parametrize(
    ("made", "check", "said"),
    [
        (Unseeded(), "is_a_function_of_the_draw", "something else the second time"),
        (OfTheBatch(), "treats_each_example_by_itself", "half a batch"),
        (Blocked(), "lets_gradients_through", "no gradient"),
        (Shorter(), "keeps_shape_and_type", "for float32"),
    ],
)
def test_faults_are_found(made, check, said):
    with pytest.raises(ConformanceError) as found:
        check_augmentation(made, example=IMAGES)
    assert check in str(found.value)
    assert said in str(found.value)
