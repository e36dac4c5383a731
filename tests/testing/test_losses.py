"""A wrong loss fails the check that is meant for its fault."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

from advnets.errors import PluginError
from advnets.game import Loss, Minimax
from advnets.testing import ConformanceError, check_loss

from .author_losses import (
    DIVERGENCES,
    RIGHT,
    Began,
    Classes,
    Cramer,
    FDivergence,
    LeastSquares,
    Matching,
    Rebuilding,
)

Failure = Callable[..., str]


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


class Rounded(LeastSquares):
    def discriminator(self, real, fake):
        return tf.square(real.logits - 1) + fake.logits * tf.round(fake.logits * 1000) / 1000


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


class Counted(Counting):
    """Counts rounds in Python, and so forgets them when it is resumed."""

    def discriminator(self, real, fake):
        return super().discriminator(real, fake) * (1.0 + self.seen)


class Tallied(Began):
    """BEGAN's k, as a number of Python."""

    def __init__(self):
        super().__init__()
        self.k = 0.3

    def update(self, real, fake):
        self.k = self.k + self.rate * float(self._balance(real, fake))


class Pooled(Rebuilding):
    def generator(self, real, fake):
        return tf.reduce_mean(tf.square(fake.reconstruction - fake.example))


class Undeclared(Classes):
    fields = ()


class OfTheBatch(Matching):
    def generator(self, real, fake):
        return tf.reduce_sum(super().generator(real, fake)[:1])


class Rooted(Cramer):
    def generator(self, real, fake):
        gap = tf.reduce_sum(tf.square(real.features - fake.features), axis=1)
        return super().generator(real, fake) + tf.sqrt(gap)


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
        (Rounded, "has_the_gradient_of_its_values", "finite differences give"),
        (Stopped, "gives_each_player_something_to_do", r"of G\(z\), and has gradient 0 in it"),
        (Constant, "gives_each_player_something_to_do", "the generator would not move"),
        (Ordered, "follows_the_examples", "when the batch is reordered"),
        (Random, "gives_equal_values_for_equal_outputs", "for the same outputs"),
        (Numpy, "works_compiled", "fails as a graph"),
        (Mean, "logs_one_value_per_example", "'mean', which is logged, returned shape"),
        (Counting, "keeps_its_state_in_variables", "changed its attributes seen"),
        (Counted, "goes_on_where_it_was", "interrupted after 1 of 2 rounds"),
        (Tallied, "keeps_its_state_in_variables", r"attributes k\n.*advnets.game.state"),
        (Pooled, "returns_one_value_per_example", r"generator\(\) returned shape \(\)"),
        (Undeclared, "plays_a_short_game", "a field 'label' is read, which this side lacks"),
        (OfTheBatch, "returns_one_value_per_example", r"shape \(\) for 5 .*\n.*tf.fill"),
        (Rooted, "is_finite_at_extreme_outputs", "not finite\n.*infinite gradients at 0"),
        (Broken, "follows_the_examples", r"raised IndexError: .*\n  at .*test_losses.py:\d+$"),
    ],
)
def test_finds(loss: type[Loss], check: str, message: str, failure: Failure) -> None:

    told = failure("losses", loss, check)
    assert re.search(message, told)
    assert re.search(r"\n  at .*_losses.py:\d+$", told)


def test_a_right_one_passes() -> None:
    check_loss(Began)


AT_ONCE = (
    "has_the_gradient_of_its_values",
    "gives_each_player_something_to_do",
    "follows_the_examples",
    "gives_equal_values_for_equal_outputs",
)
NAMES = [f"{type(loss).__name__}-{index}" for index, (loss, _) in enumerate(RIGHT)]


@pytest.mark.parametrize(("loss", "example"), RIGHT, ids=NAMES)
def test_no_false_alarm(loss: Loss, example: Any, failure: Failure) -> None:
    for check in AT_ONCE:
        assert failure("losses", loss, check, example) == ""


@pytest.mark.slow
@pytest.mark.parametrize(("loss", "example"), RIGHT, ids=NAMES)
def test_no_false_alarm_in_any_check(loss: Loss, example: Any) -> None:
    check_loss(loss, example=example)


def test_an_exponential_that_nothing_bounds_is_told_how_to(
    failure: Failure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(DIVERGENCES, "kl", (lambda v: v, lambda v: tf.exp(v - 1)))
    told = failure("losses", FDivergence("kl"), "is_finite_at_extreme_outputs")
    assert "bound what grows exponentially" in told
    assert "author_losses.py" in told


def test_one_with_state_passes(failure: Failure) -> None:
    assert failure("losses", Remembering, "keeps_its_state_in_variables") == ""


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
    check_loss(Stopped, skip={"gives_each_player_something_to_do": "one-sided by intention"})
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
