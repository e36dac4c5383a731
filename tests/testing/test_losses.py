"""A wrong loss fails the check that is meant for its fault."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from advnets.errors import PluginError
from advnets.game import Loss, Minimax, Side, global_mean, state
from advnets.testing import ConformanceError, check_loss

Failure = Callable[..., str]


class LeastSquares(Loss):
    """A right one."""

    def discriminator(self, real: Side, fake: Side) -> tf.Tensor:
        return tf.square(real.logits - 1) + tf.square(fake.logits)

    def generator(self, real: Side, fake: Side) -> tf.Tensor:
        return tf.square(fake.logits - 1)


class Averaged(LeastSquares):
    def generator(self, real, fake):
        return tf.reduce_mean(super().generator(real, fake))


class NaiveLogarithm(LeastSquares):
    def generator(self, real, fake):
        return -tf.math.log(tf.sigmoid(fake.logits))


class InfiniteSlope(LeastSquares):
    def discriminator(self, real, fake):
        return tf.sqrt(tf.nn.relu(fake.logits)) + tf.square(real.logits)


class Stopped(LeastSquares):
    def discriminator(self, real, fake):
        return tf.square(real.logits - 1) + tf.stop_gradient(tf.square(fake.logits))


class Constant(LeastSquares):
    def generator(self, real, fake):
        return 0.0 * fake.logits


class Ordered(LeastSquares):
    def discriminator(self, real, fake):
        return tf.square(real.logits - tf.cast(tf.range(tf.shape(real.logits)[0]), tf.float32))


class Random(LeastSquares):
    def generator(self, real, fake):
        return tf.square(fake.logits - tf.random.uniform([]))


class Numpy(LeastSquares):
    def generator(self, real, fake):
        return fake.logits * float(np.mean(fake.logits))


class Mean(LeastSquares):
    def observe(self, real, fake):
        return {"mean": tf.reduce_mean(real.logits)}


class Counting(LeastSquares):
    seen = 0

    def update(self, real, fake):
        self.seen += 1


class Remembering(LeastSquares):
    def __init__(self):
        self.parts = {"k": [tf.Variable(0.0)]}

    def update(self, real, fake):
        self.parts["k"][0].assign_add(1.0)


class Balanced(LeastSquares):
    """A right one, whose state moves: when it is computed, and after a round (BEGAN's k)."""

    def __init__(self):
        self.k, self.scale = state(0.1), state(1.0)

    def discriminator(self, real, fake):
        self.scale.assign(0.5 * self.scale + tf.reduce_mean(tf.abs(real.logits)))
        return tf.square(real.logits - 1) + self.k * self.scale * tf.square(fake.logits)

    def update(self, real, fake):
        self.k.assign(tf.clip_by_value(self.k + 0.1 * global_mean(real.logits), 0.0, 1.0))


class Patches(LeastSquares):
    """A right one, of logits [N, h, w, 1]: only the darkest patch counts for G."""

    def generator(self, real, fake):
        return tf.reduce_max(tf.square(fake.logits - 1), axis=[1, 2, 3])


class Weighted(LeastSquares):
    """A right one, by the example's class, and by how far the example is from 0."""

    fields = ("label",)

    def generator(self, real, fake):
        rare = 1.0 + tf.cast(fake.fields["label"], tf.float32)
        return rare * super().generator(real, fake) + tf.reduce_sum(fake.example**2, axis=1)


class Counted(Counting):
    """Counts rounds in Python, and so forgets them when it is resumed."""

    def discriminator(self, real, fake):
        return super().discriminator(real, fake) * (1.0 + self.seen)


class Broken(LeastSquares):
    def discriminator(self, real, fake):
        return [][3]


class NeedsReal(LeastSquares):
    def generator(self, real, fake):
        return tf.square(fake.logits - real.logits)


@pytest.mark.parametrize(
    ("loss", "check", "message"),
    [
        (Averaged, "returns_one_value_per_example", r"generator\(\) returned shape \(\)"),
        (
            NaiveLogarithm,
            "is_finite_at_extreme_outputs",
            r"where D says .* -1000 of G\(z\) returned \[inf",
        ),
        (InfiniteSlope, "is_finite_at_extreme_outputs", r"gradient of discriminator\(\)"),
        (Stopped, "has_the_gradient_of_its_values", "finite differences give"),
        (Constant, "gives_each_player_something_to_do", "the generator would not move"),
        (Ordered, "follows_the_examples", "when the batch is reordered"),
        (Random, "gives_equal_values_for_equal_outputs", "for the same outputs"),
        (Numpy, "works_compiled", "fails as a graph"),
        (Mean, "logs_one_value_per_example", "'mean', which is logged, returned shape"),
        (Counting, "keeps_its_state_in_variables", "changed its attributes seen"),
        (Counted, "goes_on_where_it_was", "interrupted after 1 of 2 rounds"),
        (Broken, "follows_the_examples", r"raised IndexError: .*\n  at .*test_losses.py:\d+$"),
    ],
)
def test_finds(loss: type[Loss], check: str, message: str, failure: Failure) -> None:

    assert re.search(message, failure("losses", loss, check))


def test_a_right_one_passes() -> None:
    check_loss(LeastSquares())


def test_one_with_state_passes(failure: Failure) -> None:
    assert failure("losses", Remembering, "keeps_its_state_in_variables") == ""


@pytest.mark.parametrize(
    ("loss", "example"),
    [(Balanced, None), (Weighted, None), (Patches, {"outputs": {"logits": (2, 2, 1)}})],
)
def test_no_false_alarm(loss: type[Loss], example: Any) -> None:
    check_loss(loss, example=example)


def test_divergence_is_found(failure: Failure) -> None:
    class Diverging(LeastSquares):
        def discriminator(self, real, fake):
            return super().discriminator(real, fake) / tf.square(tf.reduce_max(fake.logits) * 0.0)

    assert "NaN or infinite" in failure("losses", Diverging, "plays_a_short_game")


def test_all_failures_are_told_at_once() -> None:
    with pytest.raises(ConformanceError) as caught:
        check_loss(NeedsReal)
    text = str(caught.value)
    assert re.match(r"'NeedsReal' of losses: \d+ of \d+ checks failed", text)
    assert "\nreturns_one_value_per_example: raised PluginError: D's judgement of a side" in text
    assert "needs_real = True" in text
    assert "\nplays_a_short_game: raised" in text


def test_a_check_can_be_skipped_by_name_with_a_reason() -> None:
    check_loss(Stopped, skip={"has_the_gradient_of_its_values": "one-sided by intention"})
    with pytest.raises(ValueError, match="no check of losses is called gradient"):
        check_loss(Stopped, skip={"gradient": "?"})


def test_names_parameters_and_mistakes() -> None:
    check_loss(Minimax, {"discriminator_weight": 0.5})
    with pytest.raises(PluginError, match="'minmax' is not among the registered losses"):
        check_loss("minmax")
    with pytest.raises(ConformanceError, match="discriminator_weight: expected more than 0"):
        check_loss("minimax", {"discriminator_weight": -1.0})
    with pytest.raises(ValueError, match="made already"):
        check_loss(Minimax(), {"discriminator_weight": 0.5})
