"""Sides: what they hold, what was said of them, and losses of patches."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from advnets.errors import PluginError
from advnets.game import Loss, Minimax, Side
from advnets.testing import play_of

X = tf.constant([[1.0, 2.0], [3.0, 4.0]])
LABEL = tf.constant([7, 8])


def test_it_holds_examples_and_what_belongs_to_them():
    side = Side(tf.constant([[1.0], [2.0]]), example=X, label=LABEL)
    assert side.logits.numpy().tolist() == [1, 2]
    assert dict(side).keys() == {"logits"}
    assert side.fields == {"label": LABEL}
    assert side.get_tensor("label") is LABEL
    assert side.get_tensor("latent") is None
    assert side.x is X
    assert side.size == 2


def test_a_changed_side_is_another_and_not_judged():
    side = Side(tf.zeros([2]), example=X, label=LABEL)
    other = side.having(latent=X, label=LABEL + 1)
    assert side.judged
    assert not other.judged
    assert other.example is X
    assert other.latent is X
    assert other.fields["label"].numpy().tolist() == [8, 9]
    assert side.fields["label"].numpy().tolist() == [7, 8]
    assert side.latent is None


def test_what_nobody_asked_for_is_refused_with_a_hint():
    side = Side(example=X)
    for read in (lambda: side.logits, lambda: side["logits"], lambda: "logits" in side):
        with pytest.raises(PluginError, match="was not requested") as caught:
            read()
        assert "needs_real = True" in caught.value.hint


def test_a_loss_that_forgets_to_ask_is_refused_in_g_s_turn_only(make_game, points):
    class Both(Minimax):
        def generator(self, real, fake):
            return super().generator(real, fake) + real.logits

    class Asking(Both):
        needs_real = True

    with pytest.raises(PluginError, match="was not requested"):
        make_game(loss=Both()).train_step(points)
    assert np.isfinite(make_game(loss=Asking()).train_step(points)["g_loss"])


def test_a_side_without_a_judge_has_no_critic():
    with pytest.raises(PluginError, match="no judge"):
        Side(example=X).critic(X)


def test_a_critic_is_told_what_its_side_is_told():
    def judge(inputs):
        return tf.reduce_sum(inputs["example"], 1) + tf.cast(inputs["label"], tf.float32)

    play = play_of(judge, X, 0 * X, fields={"label": LABEL}, takes=("example", "label"))
    assert play.real.logits.numpy().tolist() == [3 + 7, 7 + 8]
    assert play.fake.logits.numpy().tolist() == [7, 8]
    assert play.real.critic(10 * X).logits.numpy().tolist() == [30 + 7, 70 + 8]
    one = play.fake.critic(X[:1], label=LABEL[1:])
    assert one.logits.numpy().tolist() == [3 + 8]


def patches(factor):
    """D of images [4, 4, 1]: one logit for each pixel, `factor` times its value: [N, 4, 4]."""
    judge = keras.Sequential(
        [
            keras.Input((4, 4, 1)),
            keras.layers.Conv2D(1, 1, use_bias=False),
            keras.layers.Reshape((4, 4)),
        ]
    )
    judge.set_weights([np.full((1, 1, 1, 1), factor, "float32")])
    return judge


class Linear(Loss):
    """D minimises C(G(z)) − C(x), for every patch; G minimises −C(G(z))."""

    def discriminator(self, real, fake):
        return fake.logits - real.logits

    def generator(self, real, fake):
        return -fake.logits


def images_game(make_game, loss):
    generator = keras.Sequential(
        [
            keras.Input((3,)),
            keras.layers.Dense(16, kernel_initializer="zeros", bias_initializer="ones"),
            keras.layers.Reshape((4, 4, 1)),
        ]
    )
    return make_game(generator, patches(2.0), loss=loss)


def test_of_patches_each_example_s_mean_is_taken(make_game):
    x = tf.reshape(tf.range(48.0), [3, 4, 4, 1])
    logs = images_game(make_game, Linear()).train_step(x)
    # G(z) = 1, so C(G(z)) = 2 everywhere; the mean of 0 … 47 is 23.5, and C(x) = 2 x
    assert float(logs["d_loss"]) == pytest.approx(2 - 47, rel=1e-5)
    # ∂/∂w of mean(w − w x) is 1 − 23.5; D moves by 0.1 · 22.5, and G sees w = 4.25
    assert float(logs["d_gradient_norm"]) == pytest.approx(22.5, rel=1e-5)
    assert float(logs["g_loss"]) == pytest.approx(-4.25, rel=1e-5)


def test_values_of_patches_are_logged_by_their_means(make_game):
    x = tf.zeros([3, 4, 4, 1])
    logs = images_game(make_game, Minimax()).train_step(x)
    d_fake = 1 / (1 + np.exp(-2.0))
    assert float(logs["d_real"]) == pytest.approx(0.5)
    assert float(logs["d_fake"]) == pytest.approx(d_fake, rel=1e-6)
    assert float(logs["value"]) == pytest.approx(np.log(0.5) + np.log(1 - d_fake), rel=1e-5)


def test_a_loss_of_every_pair_of_examples_is_refused(make_game, points):
    """[N, 1] − [N] is [N, N], whose mean would be taken without a word."""

    class Broadcast(Linear):
        def discriminator(self, real, fake):
            return fake.logits[:, None] - real.logits

    with pytest.raises(PluginError, match=r"returned shape \(8, 8\); one value per example"):
        make_game(loss=Broadcast()).train_step(points)
