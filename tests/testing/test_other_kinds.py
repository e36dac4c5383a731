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
from advnets.game import R1, Alternating, Gaussian, NonSaturating, Prior, Simultaneous
from advnets.networks import OptimizerContext
from advnets.testing import (
    check_callback,
    check_dataset,
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


AWAY = "draws_writes_and_reads_without_its_data"


class Drawn(InParts):
    """A right one, which draws, writes and reads its examples."""

    endings = (".txt",)

    def picture(self, x, spec):
        return np.zeros((8, 8 * len(x), 3), np.uint8)

    def write(self, samples, path, spec):
        np.savetxt(path, samples)

    def read_given(self, name, text, field):
        return np.zeros(len(np.loadtxt(text, ndmin=1))) if name == "label" else None


class DrawsBeneath(Drawn):
    def picture(self, x, spec):
        return np.stack([x, self.load("train")])


class DrawsAsDeclared(Drawn):
    @property
    def spec(self):
        return Line.spec

    def picture(self, x, spec):
        return np.zeros((*self.spec.shape, 1), np.uint8)


class DrawsNumbers(Drawn):
    def picture(self, x, spec):
        return x


class WritesNothing(Drawn):
    def write(self, samples, path, spec):
        pass


class WritesPictures(Drawn):
    endings = (".png",)


class EndsOddly(Drawn):
    endings = ".txt"


class ReadsVectors(Drawn):
    def read_given(self, name, text, field):
        return np.zeros((3, 2))


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
        return {"d_loss": batches[0].examples[0, 0]}


class Spread(Alternating):
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


class Crash(keras.callbacks.Callback):
    def on_epoch_end(self, epoch, logs=None):
        raise RuntimeError("no such metric")


@pytest.mark.parametrize(
    ("check", "what"),
    [
        (check_dataset, Line),
        (check_dataset, Drawn),
        (check_prior, Gaussian(2)),
        (check_updates, Alternating(2)),
        (check_optimizer, lambda context: keras.optimizers.Adam(0.01)),
        (check_callback, keras.callbacks.TerminateOnNaN),
    ],
    ids=[
        "dataset",
        "dataset in parts",
        "prior",
        "updates",
        "optimizer",
        "callback",
    ],
)
def test_a_right_one_passes(check: Callable[..., None], what: Any) -> None:
    check(what)


class ToldLoss(NonSaturating):
    def __init__(self, context):
        super().__init__()
        self.size = context.batch_size


class ToldPenalty(R1):
    def __init__(self, context):
        super().__init__(context.spec.size)


class ToldPrior(Gaussian):
    def __init__(self, context):
        super().__init__(context.spec.size)


class ToldRule(Alternating):
    def __init__(self, context):
        super().__init__()
        self.steps = context.steps


@pytest.mark.parametrize(
    ("kind", "what", "name"),
    [
        ("losses", ToldLoss, "returns_one_value_per_example"),
        ("penalties", ToldPenalty, "returns_one_value_per_example"),
        ("priors", ToldPrior, "draws_latent_points"),
        ("updates", ToldRule, "logs_finite_scalars"),
    ],
)
def test_parts_of_a_game_are_checked_with_a_context(
    kind: str, what: Any, name: str, failure: Failure
) -> None:
    assert failure(kind, what, name) == ""


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
        ("datasets", DrawsBeneath, AWAY, "data are read, where a run may have none"),
        ("datasets", DrawsAsDeclared, AWAY, "data are read, where a run may have none"),
        ("datasets", DrawsNumbers, AWAY, r"picture returned float32 of shape \(5, 1\)"),
        ("datasets", WritesNothing, AWAY, "write wrote nothing"),
        ("datasets", WritesPictures, AWAY, "writes .png itself, which `advnets sample` does"),
        ("datasets", EndsOddly, AWAY, r"endings is '.txt'; lower-case endings"),
        ("datasets", ReadsVectors, AWAY, r"of shape \(3, 2\); one label is of shape \(\)"),
        ("priors", Unkeyed(2), "is_a_function_of_the_draw", "same draw and stream"),
        ("priors", Deaf(2), "is_a_function_of_the_draw", "another stream"),
        ("priors", Centred(2), "begins_with_the_points_of_a_smaller_draw", "not those of few"),
        ("priors", Wide(2), "draws_latent_points", r"\(5, 3\); float32 of shape \(5, 2\)"),
        ("priors", Prior(2), "draws_latent_points", "defines no sample"),
        ("updates", Half(), "uses_all_its_examples", "batch 1 .* changes nothing"),
        ("updates", OnlyD(), "moves_both_players", "the generator's weights did not move"),
        ("updates", Hasty(), "logs_finite_scalars", "logs no g_loss"),
        ("updates", Spread(), "logs_finite_scalars", r"'d_loss' of the shape \[6\]; scalars"),
        ("optimizers", same_one, "makes_a_new_one_each_time", "the same optimizer twice"),
        ("optimizers", uphill, "descends", "further from the minimum"),
        ("optimizers", forgetful, "keeps_its_state_in_variables", "interrupted after 3"),
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
