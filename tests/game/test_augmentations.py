"""What judges see of examples in rounds: on both sides, in both turns, and nowhere else."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf

from advnets.errors import PluginError, UsageError
from advnets.game import (
    R1,
    AdversarialGame,
    Augmentation,
    InstanceNoise,
    Loss,
    Mirror,
    Simultaneous,
    Translation,
    global_mean,
    state,
)
from advnets.random import Draw

X = np.linspace(1, 2, 8, dtype="float32")[:, None]


class Double(Augmentation):
    """2x: what D sees of everything."""

    def __call__(self, x, draw, stream):
        return 2.0 * x


class Said(Loss):
    """Log what a linear D says of both sides: 3 x where it sees x."""

    def discriminator(self, real, fake):
        return tf.zeros_like(real.logits) + 0.0 * (real.logits + fake.logits)

    def generator(self, real, fake):
        return fake.logits

    def observe(self, real, fake):
        return {
            "on_real": real.logits,
            "on_fake": fake.logits,
            "x": tf.reshape(real.x, [tf.shape(real.x)[0], -1])[:, 0],
        }


def game(*augmentations: Augmentation, shape=(1,), **parts: Any) -> AdversarialGame:
    """A G that makes 5 and a D that says 3 x, both linear."""
    size = int(np.prod(shape))
    five = keras.layers.Dense(
        size, kernel_initializer="zeros", bias_initializer=keras.initializers.Constant(5.0)
    )
    generator = keras.Sequential([keras.Input((1,)), five, keras.layers.Reshape(shape)])
    three = keras.layers.Dense(1, kernel_initializer=keras.initializers.Constant(3.0))
    discriminator = keras.Sequential([keras.Input(shape), keras.layers.Flatten(), three])
    made = AdversarialGame(
        generator, discriminator, augmentations=augmentations, **({"loss": Said()} | parts)
    )
    made.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
    return made


@pytest.mark.parametrize("rule", [None, Simultaneous()])
def test_both_sides_are_augmented_and_gradients_run_back_through(rule):
    made = game(Double(), updates=rule)
    logs = made.train_on_batch(X, return_dict=True)
    assert logs["on_real"] == pytest.approx(6 * X.mean())
    assert logs["on_fake"] == pytest.approx(30.0)
    assert logs["x"] == pytest.approx(X.mean())  # a side's x is as it was
    # d/db mean(3 · 2 · (z w + b)) = 6: G's bias moves by 0.1 times that.
    assert float(made.generator.trainable_variables[1][0]) == pytest.approx(5 - 0.6)


def test_critics_see_what_is_augmented():
    """R1 of 3 · 2x is ½ γ 36."""
    logs = game(Double(), penalties=[R1(2.0)], loss=Said()).train_on_batch(X, return_dict=True)
    assert logs["d_loss"] == pytest.approx(36.0)


def test_outside_of_rounds_nothing_is_augmented():
    made = game(Double())
    assert made.evaluate(X, verbose=0, return_dict=True)["on_real"] == pytest.approx(3 * X.mean())
    assert made.generate(2)[0].ravel().tolist() == [5.0, 5.0]


def test_several_are_applied_one_after_the_other():
    class Add(Augmentation):
        def __call__(self, x, draw, stream):
            return x + 1.0

    logs = game(Double(), Add()).train_on_batch(X, return_dict=True)
    assert logs["on_real"] == pytest.approx(3 * (2 * X.mean() + 1))


class Shift(Augmentation):
    """x + c."""

    def __init__(self, c: float):
        self.c = c

    def __call__(self, x, draw, stream):
        return x + self.c


class Chain(Augmentation):
    """Some, one after the other."""

    def __init__(self, maps: list[Augmentation]):
        self.maps = maps

    def __call__(self, x, draw, stream):
        for one in self.maps:
            x = one(x, draw, stream)
        return x


def test_a_number_of_one_that_another_is_made_of_takes_effect_when_it_is_changed():
    made = game(Chain([Double(), Shift(1.0)]))
    for c in (1.0, 4.0):
        made.augmentations[0].maps[1].c = c
        logs = made.train_on_batch(X, return_dict=True)
        assert logs["on_real"] == pytest.approx(3 * (2 * X.mean() + c))


class Adaptive(Augmentation):
    """x is negated with probability p, which follows E sign C(x) (Karras et al. 2020)."""

    geometric = False
    requires = ("logits",)

    def __init__(self, step: float):
        self.step, self.p = step, state(0.0)

    def __call__(self, x, draw, stream):
        chosen = draw.uniform(stream, (1,), tf.shape(x)[0]) < self.p
        return tf.where(chosen, -x, x)

    def update(self, play):
        self.p.assign(
            tf.clip_by_value(self.p + self.step * global_mean(tf.sign(play.real.logits)), 0, 1)
        )

    def observe(self, play):
        return {"p": tf.fill(tf.shape(play.real.logits), self.p)}


def test_state_moves_once_a_round_and_is_saved_with_the_game(tmp_path):
    made = game(Adaptive(0.25))
    seen = [float(made.train_on_batch(X, return_dict=True)["p"]) for _ in range(3)]
    assert seen[:2] == [0.0, 0.25]
    p = float(made.augmentations[0].p)
    made.save_weights(tmp_path / "game.weights.h5")
    other = game(Adaptive(0.25))
    other.load_weights(tmp_path / "game.weights.h5")
    assert float(other.augmentations[0].p) == p


def test_numbers_differ_by_side_and_step_and_repeat_by_seed():
    class Seen(Said):
        def observe(self, real, fake):
            return {"on_real": real.logits, "on_fake": fake.logits}

    made, again = (game(InstanceNoise(1.0), loss=Seen()) for _ in range(2))
    first, second = (
        {k: float(v) for k, v in one.train_on_batch(5 + 0 * X, return_dict=True).items()}
        for one in (made, again)
    )
    assert first == second
    assert first["on_real"] != first["on_fake"]  # both are 5 before


def test_flip_and_translation_by_hand():
    x = tf.reshape(tf.range(16.0), [1, 4, 4, 1])
    seen = {tuple(Mirror()(x, Draw(1, s), "a").numpy().ravel()) for s in range(20)}
    assert seen == {tuple(x.numpy().ravel()), tuple(x.numpy()[:, :, ::-1].ravel())}
    moved = {}
    for step in range(60):
        made = Translation(0.25)(x, Draw(1, step), "a").numpy()[0, :, :, 0]
        for dy in (-1, 0, 1):
            for dx in (-1, 0, 1):
                expected = np.zeros((4, 4), "float32")
                ys, xs = slice(max(dy, 0), 4 + min(dy, 0)), slice(max(dx, 0), 4 + min(dx, 0))
                from_y, from_x = (
                    slice(max(-dy, 0), 4 - max(dy, 0)),
                    slice(max(-dx, 0), 4 - max(dx, 0)),
                )
                expected[ys, xs] = x.numpy()[0, from_y, from_x, 0]
                moved[dy, dx] = moved.get((dy, dx), 0) + bool((made == expected).all())
    assert sum(moved.values()) == 60
    assert min(moved.values()) >= 1


@pytest.mark.parametrize("made", [Mirror(), Translation(0.5), InstanceNoise(0.3)])
def test_each_example_by_itself(made):
    x = tf.constant(np.random.default_rng(1).normal(size=(6, 8, 8, 3)).astype("float32"))
    whole = made(x, Draw(1, 0), "a")
    parts = [made(x[i * 3 : i * 3 + 3], Draw(1, 0, replica=i, replicas=2), "a") for i in (0, 1)]
    np.testing.assert_array_equal(whole, tf.concat(parts, 0))


def masked_game(augmentation: Augmentation, shape: Any = (4, 4, 1)) -> AdversarialGame:
    """D is told an image, `edges`, which is x itself: it says the mean |x − edges|."""
    x, edges = keras.Input((4, 4, 1), name="example"), keras.Input(shape, name="edges")
    gap = abs(x - edges) if shape == (4, 4, 1) else x * keras.ops.mean(edges)
    ones = keras.initializers.Constant(1.0)
    said = keras.layers.Dense(1, kernel_initializer=ones)(keras.layers.Flatten()(gap))
    latent, told = keras.Input((1,), name="latent"), keras.Input(shape, name="edges")
    add = keras.layers.Reshape((4, 4, 1))(keras.layers.Dense(16)(latent))
    made = AdversarialGame(
        keras.Model(
            {"latent": latent, "edges": told},
            (told if shape == (4, 4, 1) else 0.0 * keras.ops.mean(told)) + add,
        ),
        keras.Model({"example": x, "edges": edges}, said),
        augmentations=[augmentation],
        loss=Said(),
    )
    made.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
    return made


def test_an_image_that_the_judge_is_told_is_moved_along():
    x = np.random.default_rng(1).normal(size=(8, 4, 4, 1)).astype("float32")
    for moving in (Mirror(), Translation(0.5)):
        logs = masked_game(moving).train_on_batch({"example": x, "edges": x}, return_dict=True)
        assert logs["on_real"] == 0.0
    logs = masked_game(InstanceNoise(1.0)).train_on_batch(
        {"example": x, "edges": x}, return_dict=True
    )
    assert logs["on_real"] > 1.0  # noise is of the example alone


def test_one_that_is_made_of_others_says_what_moves_along():
    class Brighter(Augmentation):
        """Mirror, and add 1 to the examples alone."""

        geometric = True

        def __call__(self, x, draw, stream):
            return 1.0 + Mirror()(x, draw, stream)

        def move_along(self, field, draw, stream):
            return Mirror()(field, draw, stream)

    x = np.random.default_rng(1).normal(size=(8, 4, 4, 1)).astype("float32")
    logs = masked_game(Brighter()).train_on_batch({"example": x, "edges": x}, return_dict=True)
    assert logs["on_real"] == pytest.approx(16.0)  # |x + 1 - x| of 16 pixels


@pytest.mark.parametrize(
    ("made", "told", "wrong"),
    [
        (Double(), (4, 4, 1), "Double does not say whether it moves pixels, .* have to be moved"),
        (
            Mirror(),
            (2, 2, 1),
            r"Mirror moves pixels, .*'edges', of the shape \[2, 2, 1\], which cannot",
        ),
        (Mirror(), (4, 4), r"Mirror moves pixels, .*'edges', of the shape \[4, 4\], which cannot"),
        (Double(), (8, 8, 1), "Double does not say .*'edges', of the shape .*, which cannot"),
    ],
)
def test_an_image_that_cannot_be_moved_along_is_refused(made, told, wrong):
    with pytest.raises(PluginError, match=wrong):
        masked_game(made, told)


class Shorter(Augmentation):
    def __call__(self, x, draw, stream):
        return x[:, :-1]


class Halved(Augmentation):
    def __call__(self, x, draw, stream):
        return tf.cast(x, tf.float16)


class Centred(Augmentation):
    """Read the others of the batch."""

    def __call__(self, x, draw, stream):
        return x - tf.reduce_mean(x, 0, keepdims=True)


class Rounded(Augmentation):
    def __call__(self, x, draw, stream):
        return tf.stop_gradient(tf.round(x))


class Divided(Augmentation):
    def __call__(self, x, draw, stream):
        return x / (0.0 * x)


class Unseeded(Augmentation):
    def __call__(self, x, draw, stream):
        return tf.stop_gradient(x + np.random.default_rng().normal(size=x.shape[1:]))


@pytest.mark.parametrize(
    ("made", "wrong"),
    [
        (Shorter(), "Shorter returned float32 .* for float32"),
        (Halved(), "Halved returned float16 .* for float32"),
        (Centred(), "Centred makes something else of an example where the batch holds others"),
        (Rounded(), "Rounded lets no gradient through"),
        (Divided(), "Divided returned values that are not finite"),
        (Unseeded(), "Unseeded made something else of the same draw, and lets no gradient"),
        (Mirror(), r"Mirror augments images, .*the examples are of the shape \[2\]"),
    ],
)
def test_what_is_no_augmentation_is_refused_when_the_game_is_made(made, wrong):
    with pytest.raises(PluginError, match=wrong):
        game(made, shape=(2,))


def test_being_tried_changes_no_state():
    class Counting(Augmentation):
        def __init__(self):
            self.calls = state(3)

        def __call__(self, x, draw, stream):
            self.calls.assign_add(1)
            return x

    counting = Counting()
    game(counting)
    assert int(counting.calls) == 3


def test_what_is_none():
    with pytest.raises(UsageError, match="augmentations"):
        game(tf.image.flip_left_right)


@pytest.mark.parametrize(("size", "share", "most"), [(4, 0.125, 1), (8, 0.06, 1), (20, 0.125, 3)])
def test_translation_moves_to_the_nearest_pixel_and_by_one_at_least(
    size: int, share: float, most: int
) -> None:
    x = tf.ones([400, size, size, 1])
    rows = tf.reduce_sum(Translation(share)(x, Draw(1, 0), "t")[:, :, size // 2, 0], 1).numpy()
    assert sorted({*rows.astype(int).tolist()} - {0}) == list(range(size - most, size + 1))
