"""Wrong data sets, priors, update rules, optimizers, metrics, features, … are found out."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from unittest import SkipTest

import keras
import numpy as np
import pytest
import tensorflow as tf

from advnets.data import DataSpec, DataUnavailable, Examples, Field, Source
from advnets.errors import UsageError
from advnets.evaluate import FeatureContext, FeatureExtractor, MetricContext, Score
from advnets.game import Alternating, Gaussian, Prior, Simultaneous
from advnets.networks import OptimizerContext
from advnets.testing import (
    check_callback,
    check_dataset,
    check_features,
    check_metric,
    check_optimizer,
    check_prior,
    check_updates,
)

Failure = Callable[..., str]


class Line(Source):
    """A right one."""

    name = "line"
    spec = DataSpec((1,), "float32", 0, 1, fields={"label": Field((), "int64", classes=2)})
    splits = ("train", "test")

    def read(self, split: str) -> Examples:
        x = np.linspace(0, 1, 20 if split == "train" else 30, dtype="float32")[:, None]
        return Examples(x, {"label": (x[:, 0] > 0.5).astype("int64")})


class Fresh(Line):
    def read(self, split):
        return Examples(np.random.default_rng().random((20, 1), "float32"))


class Leaking(Line):
    def read(self, split):
        return super().read("train")


class ThirdClass(Line):
    def read(self, split):
        examples, fields = super().read(split)
        return Examples(examples, {"label": fields["label"] + 1})


class OutOfRange(Line):
    def read(self, split):
        return Examples(super().read(split).examples + 1)


class InParts(Line):
    """A right one, of which parts can be read."""

    def count(self, split):
        return 20 if split == "train" else 30

    def read_some(self, split, indices):
        n = self.count(split)
        x = np.linspace(0, 1, n, dtype="float32")[indices, None]
        return Examples(x, {"label": (x[:, 0] > 0.5).astype("int64")})


class Uncounted(InParts):
    def count(self, split):
        return len(self.load(split))


class Miscounted(InParts):
    def count(self, split):
        return 19


class Shifted(InParts):
    def read_some(self, split, indices):
        return super().read_some(split, indices - 1)


class Unlabelled(InParts):
    def read_some(self, split, indices):
        return Examples(super().read_some(split, indices).examples)


class Gone(Line):
    def available(self):
        raise DataUnavailable("the dog ate it")


class Unkeyed(Gaussian):
    def sample(self, draw, stream, examples):
        return tf.random.normal([examples, self.size])


class Centred(Gaussian):
    """Moves all points so that their mean is zero."""

    def sample(self, draw, stream, examples):
        points = super().sample(draw, stream, examples)
        return points - tf.reduce_mean(points, axis=0)


class Deaf(Gaussian):
    def sample(self, draw, stream, examples):
        return draw.normal("latent", (self.size,), examples)


class Wide(Gaussian):
    def sample(self, draw, stream, examples):
        return draw.normal(stream, (self.size + 1,), examples)


class Half(Simultaneous):
    batches = 2

    def round(self, game, batches):
        return super().round(game, batches[:1])


class OnlyD(Alternating):
    def round(self, game, batches):
        with game.watch("discriminator") as tape:
            seen = game.play(batches[0], "discriminator/0")
            loss = game.objective("discriminator", seen)
        norm = game.descend("discriminator", tape, loss)
        return game.conclude(seen, {"discriminator": loss}, {"discriminator": norm})


class Hasty(Alternating):
    def round(self, game, batches):
        super().round(game, batches)
        return {"d_loss": batches[0].examples[:, 0]}


def same_one(context: OptimizerContext, made: list[Any] = []) -> Any:  # noqa: B006
    made.append(keras.optimizers.SGD(0.1))
    return made[0]


def uphill(context: OptimizerContext) -> Any:
    class Uphill(keras.optimizers.SGD):
        def update_step(self, gradient, variable, learning_rate):
            self.assign_add(variable, gradient * learning_rate)

    return Uphill(0.1)


def forgetful(context: OptimizerContext) -> Any:
    class Forgetful(keras.optimizers.SGD):
        previous = 0.0

        def update_step(self, gradient, variable, learning_rate):
            self.previous = 0.9 * self.previous + gradient
            self.assign_sub(variable, self.previous * learning_rate)

    return Forgetful(0.1)


def distance(context: MetricContext) -> list[Score]:
    """A right one."""
    gap = float(abs(context.generated(100).mean() - context.examples("test").mean()))
    return [Score("distance", gap, 0.0, context.protocol(samples=100))]


def bare(context: MetricContext) -> Any:
    return 3.0


def silent(context: MetricContext) -> list[Score]:
    return [Score("silent", 1.0)]


def moody(context: MetricContext) -> list[Score]:
    return [Score("moody", float(np.random.default_rng().random()), None, context.protocol())]


def findings_as_settings(context: MetricContext) -> list[Score]:
    mean = float(context.generated(5).mean())
    return [Score("mean", mean, None, context.protocol(widest=mean))]


def from_the_mean(part: np.ndarray) -> np.ndarray:
    return (part - part.mean(axis=0)).reshape(len(part), -1).sum(axis=1) ** 2


def gregarious(context: MetricContext) -> list[Score]:
    """Compares with the mean of whatever examples happen to be computed together."""
    values = context.per_example(from_the_mean, context.examples("test"))
    return [Score("gregarious", float(values.mean()), None, context.protocol())]


class Means(FeatureExtractor):
    """A right one."""

    name = "means"

    def __init__(self, context: FeatureContext):
        self.size = int(np.prod(context.source.spec.shape))

    def __call__(self, examples):
        return examples.reshape(len(examples), -1).mean(axis=1, keepdims=True).astype("float64")

    def describe(self):
        return {"dimensions": 1}


class Wordy(Means):
    def describe(self):
        return {"dimensions": 2, "of": np.zeros(2)}


class Miscounting(Means):
    def describe(self):
        return {"dimensions": 2}


class Sociable(Means):
    def __call__(self, examples):
        return super().__call__(examples) - examples.mean()


class Fickle(Means):
    def __init__(self, context):
        self.shift = np.random.default_rng().random()

    def __call__(self, examples):
        return super().__call__(examples) + self.shift


class Overflowing(Means):
    def __call__(self, examples):
        return super().__call__(examples) * np.inf


class Sure(Means):
    def probabilities(self, examples):
        return np.ones((len(examples), 2))


class Spoiling(Means):
    def __call__(self, examples):
        examples *= 2
        return super().__call__(examples)


class Choosy(Means):
    def __init__(self, context):
        raise UsageError("nothing will do")


class Hinted(Means):
    def __init__(self, context):
        raise DataUnavailable("the dog ate the weights", hint="buy new ones")


class Unhinted(Means):
    def __init__(self, context):
        raise DataUnavailable("the dog ate them")


class Crash(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        raise RuntimeError("no such metric")


@pytest.mark.parametrize(
    ("check", "what"),
    [
        (check_dataset, Line),
        (check_dataset, InParts),
        (check_prior, Gaussian(2)),
        (check_updates, Alternating(2)),
        (check_optimizer, lambda context: keras.optimizers.Adam(0.01)),
        (check_metric, distance),
        (check_features, Means),
        (check_callback, keras.callbacks.TerminateOnNaN),
    ],
    ids=[
        "dataset",
        "dataset in parts",
        "prior",
        "updates",
        "optimizer",
        "metric",
        "features",
        "callback",
    ],
)
def test_a_right_one_passes(check: Callable[..., None], what: Any) -> None:
    check(what)


@pytest.mark.parametrize(
    ("kind", "what", "name", "message"),
    [
        ("datasets", Fresh, "reads_the_same_every_time", "read again"),
        ("datasets", Uncounted, "reads_parts_of_the_whole", "a whole split .* was read"),
        ("datasets", Miscounted, "reads_parts_of_the_whole", "counts 19 examples, but has 20"),
        ("datasets", Shifted, "reads_parts_of_the_whole", "other examples of 'train'"),
        ("datasets", Unlabelled, "reads_parts_of_the_whole", "other fields of 'train'"),
        ("datasets", Leaking, "keeps_its_splits_apart", "'train' and 'test' hold the same"),
        ("datasets", ThirdClass, "reads_what_it_declares", "from 1 to 2; the classes are 0 to 1"),
        ("datasets", OutOfRange, "reads_what_it_declares", "values reach from"),
        ("priors", Unkeyed(2), "is_a_function_of_the_draw", "same draw and stream"),
        ("priors", Deaf(2), "is_a_function_of_the_draw", "another stream"),
        ("priors", Centred(2), "begins_with_the_points_of_a_smaller_draw", "not those of few"),
        ("priors", Wide(2), "draws_latent_points", r"\(5, 3\); float32 of shape \(5, 2\)"),
        ("priors", Prior(2), "draws_latent_points", "defines no sample"),
        ("updates", Half(), "uses_all_its_examples", "batch 1 .* changes nothing"),
        ("updates", OnlyD(), "moves_both_players", "the generator's weights did not move"),
        ("updates", Hasty(), "logs_finite_scalars", "logs no g_loss"),
        ("optimizers", same_one, "makes_a_new_one_each_time", "the same optimizer twice"),
        ("optimizers", uphill, "descends", "further from the minimum"),
        ("optimizers", forgetful, "keeps_its_state_in_variables", "interrupted after 3"),
        ("metrics", bare, "returns_scores", "it returned 3.0"),
        ("metrics", silent, "says_how_it_measured", "lacks seed, weights_sha256"),
        ("metrics", moody, "measures_the_same_twice", "moody .*, then moody"),
        ("metrics", findings_as_settings, "tells_settings_from_outcomes", "widest: .* vs "),
        ("metrics", gregarious, "does_not_depend_on_who_computes", "where three devices"),
        ("features", Miscounting, "describes_itself", "has 1 features, .* dimensions: 2"),
        ("features", Wordy, "describes_itself", "no JSON"),
        ("features", Sociable, "treats_examples_one_by_one", "others are computed beside it"),
        ("features", Fickle, "is_the_same_made_again", "made again it gives other features"),
        ("features", Overflowing, "gives_features", "not finite"),
        ("features", Spoiling, "gives_features", "it changed the examples"),
        ("features", Sure, "gives_probabilities", "adds up to 2"),
        ("features", Choosy, "gives_features", "images as well as vectors: nothing will do"),
        ("features", Unhinted, "gives_features", "no hint says what to do"),
        ("features", Line, "gives_features", "not an advnets.evaluate.FeatureExtractor"),
        ("callbacks", Crash, "watches_a_short_game", "no such metric"),
        ("callbacks", Line, "is_a_callback_or_an_observer", "makes Line, not a keras.callbacks"),
    ],
)
def test_finds(kind: str, what: Any, name: str, message: str, failure: Failure) -> None:
    assert re.search(message, failure(kind, what, name))


def test_data_that_is_not_there_is_skipped(failure: Failure) -> None:
    """Its other checks cannot be done, which is no failure; but a way out must be named."""
    with pytest.raises(SkipTest, match="the dog ate it"):
        failure("datasets", Gone, "declares_its_examples")
    told = failure("datasets", Gone, "says_whether_it_is_available")
    assert "no hint says how to get the data" in told


def test_features_whose_weights_are_not_there_are_skipped(failure: Failure) -> None:
    with pytest.raises(SkipTest, match="the dog ate the weights"):
        failure("features", Hinted, "gives_features")
