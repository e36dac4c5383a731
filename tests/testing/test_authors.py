"""Components as an author would write them raise no alarm; their broken twins do."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any, ClassVar

import click
import keras
import numpy as np
import pytest
import tensorflow as tf
from pydantic import Field as Parameter

import advnets.testing
from advnets import Component, Parameters
from advnets import Weight as Schedulable
from advnets.data import DataSpec, DataUnavailable, Examples, Field, Source
from advnets.errors import UsageError
from advnets.evaluate import FeatureExtractor, Score
from advnets.game import (
    Alternating,
    Augmentation,
    Condition,
    NonSaturating,
    Prior,
    UpdateRule,
    global_mean,
    scheduled,
    state,
)
from advnets.observe import Observer
from advnets.plugins.components import KINDS
from advnets.testing import (
    check_augmentation,
    check_callback,
    check_condition,
    check_dataset,
    check_features,
    check_metric,
    check_optimizer,
    check_prior,
    check_updates,
)

Failure = Callable[..., str]
IMAGES, SEQUENCES = {"shape": (4, 4, 1)}, {"shape": (5, 2)}
BOTH = ("generator", "discriminator")


class Bits(Prior):
    """One bit: two draws of few are likely to be equal."""

    def __init__(self):
        super().__init__(1)

    def sample(self, draw, stream, examples):
        return tf.round(draw.uniform(stream, self.shape, examples))


class Mixture(Prior):
    """A mixture of as many Gaussians as the data have numbers, of the shape of an image."""

    def __init__(self, context):
        super().__init__(shape=(4, 4, 1))
        self.modes = context.spec.size

    def sample(self, draw, stream, examples):
        mode = tf.floor(draw.uniform(f"{stream}/mode", (1, 1, 1), examples) * self.modes)
        return mode + 0.1 * draw.normal(stream, self.shape, examples)


class Seen(Condition):
    """A mask of x, and what it leaves of it."""

    of_example = True

    def __init__(self, context):
        self.field = Field((*context.spec.shape[:-1], 2), "float32", kind="image")

    def sample(self, draw, stream, examples, batch=None):
        seen = draw.uniform(stream, (4, 4, 1), examples) < 0.5
        seen = tf.cast(seen, tf.float32)
        return tf.concat([seen * batch.examples, seen], axis=-1)


class Balanced(Condition):
    """Has every class read as often, whatever the data have."""

    def __init__(self, context):
        self.field, self.fields = context.class_field("label"), ("label",)
        labels = context.values("label")
        self.places = [np.flatnonzero(labels == k) for k in range(self.field.classes)]

    def sample(self, draw, stream, examples, batch=None):
        return batch.fields["label"]

    def indices(self, draw, stream, examples, count):
        u = draw.uniform(stream, (2,), examples)
        kinds = [tf.gather(p, tf.cast(u[:, 1] * len(p), tf.int64)) for p in self.places]
        kind = tf.cast(u[:, 0] * len(kinds), tf.int64)
        return tf.gather(tf.stack(kinds, axis=1), kind, batch_dims=1)


class Outside(Balanced):
    """Has examples read that there are not."""

    def indices(self, draw, stream, examples, count):
        return count + super().indices(draw, stream, examples, count)


class Always(Balanced):
    """Has the first ones read."""

    def indices(self, draw, stream, examples, count):
        return tf.range(examples, dtype=tf.int64)


class Adaptive(Augmentation):
    """Negates x with a probability that follows D (Karras et al. 2020)."""

    geometric = False
    requires = ("logits",)

    def __init__(self):
        self.p = state(0.5)

    def __call__(self, x, draw, stream):
        chosen = draw.uniform(stream, (1,), tf.shape(x)[0]) < self.p
        return tf.where(chosen, -x, x)

    def update(self, play):
        moved = self.p + 0.1 * global_mean(tf.sign(play.real.logits))
        self.p.assign(tf.clip_by_value(moved, 0.0, 1.0))


class Forgetful(Adaptive):
    """Remembers what no checkpoint has."""

    def __init__(self):
        self.p = 0.5

    def update(self, play):
        self.p += 0.25


class Rolled(Augmentation):
    """Moves sequences along their steps."""

    geometric = True

    def __call__(self, x, draw, stream):
        if len(x.shape) != 3:
            raise UsageError("sequences alone")
        moved = tf.roll(x, 1, axis=1)
        return tf.where(draw.uniform(stream, (1, 1), tf.shape(x)[0]) < 0.5, moved, x)


class Fading(Augmentation):
    """Noise that becomes less."""

    geometric = False

    def __init__(self, deviation=None):
        self.deviation = scheduled(deviation or {"from": 0.5, "to": 0.0, "rounds": 5})

    def __call__(self, x, draw, stream):
        return x + self.deviation() * draw.normal(stream, x.shape[1:].as_list(), tf.shape(x)[0])


class Extragradient(UpdateRule):
    """Gradients at an extrapolated point, applied to the old one (Gidel et al. 2019)."""

    batches = 2

    def round(self, game, batches):
        here = game.point(*BOTH)
        self.gradients(game, batches[0], "ahead", apply=True)
        play, losses, found = self.gradients(game, batches[1], "here")
        game.put_back(here)
        norms = {player: game.apply(player, found[player]) for player in BOTH}
        return game.conclude(play, losses, norms)

    def gradients(self, game, batch, stage, apply=False):
        with game.watch(*BOTH) as tape:
            play = game.play(batch, stage, together=False)
            losses = {player: game.objective(player, play) for player in BOTH}
        found = {player: game.gradients(player, tape, losses[player]) for player in BOTH}
        if apply:
            for player in BOTH:
                game.apply(player, found[player])
        return play, losses, found


class WarmedUp(Alternating):
    """D does not move in the first round."""

    def round(self, game, batches):
        losses, norms = {}, {}
        for player in ("discriminator", "generator"):
            with game.watch(player) as tape:
                play = game.play(batches[0], player)
                losses[player] = game.objective(player, play)
            when = True if player == "generator" else game.rounds > 0
            found = game.gradients(player, tape, losses[player])
            norms[player] = game.apply(player, found, when=when)
        return game.conclude(play, losses, norms)


class Counting(Alternating):
    """Counts in Python, which a compiled round does once."""

    seen = 0

    def round(self, game, batches):
        self.seen += 1
        real = batches[0]
        changed = type(real)(real.examples * float(self.seen), real.fields, real.streams)
        return super().round(game, [changed])


def warmed_up(context):
    """A rate that begins at 0."""
    rate = keras.optimizers.schedules.PolynomialDecay(0.0, 10, 0.05)
    return keras.optimizers.Adam(rate)


def at_rest(context):
    """A rate that is 0 for ever."""
    return keras.optimizers.SGD(keras.optimizers.schedules.PolynomialDecay(0.0, 10, 0.0))


def separation(context):
    """How far samples of two classes lie apart: it says what G is told."""
    first, second = (context.generated(20, given={"label": k}).mean() for k in (0, 1))
    return [Score("separation", float(abs(first - second)), None, context.protocol(samples=20))]


def confidence(context):
    """What D says of samples, and what an encoder makes of them."""
    x = context.generated(20)
    logits = context.discriminator(x)["logits"]
    code = context.network("encoder")(example=x)
    value = float(np.mean(logits) + np.mean(code))
    return [Score("confidence", value, None, context.protocol(samples=20))]


def drift(context):
    """How far sequences move from their first step to their last."""
    if len(context.spec.shape) != 2:
        raise UsageError("drift is of sequences")
    x = context.generated(20)
    return [Score("drift", float((x[:, -1] - x[:, 0]).mean()), None, context.protocol(samples=20))]


def endless(context):
    """No number."""
    return [Score("endless", float("nan"), None, context.protocol())]


def failing(context):
    """An error of its own."""
    return [Score("failing", 1 / 0, None, context.protocol())]


class Corners(FeatureExtractor):
    """Four pixels of images of 28×28, and of no other data."""

    name = "corners"

    def __init__(self, context):
        if context.spec.shape != (28, 28, 1):
            raise UsageError("corners are of images of 28×28")

    def __call__(self, examples):
        return examples[:, ::27, ::27, 0].reshape(len(examples), 4).astype("float64")

    def describe(self):
        return {"dimensions": 4}


class Ranks(Corners):
    """Compares the examples that happen to come together."""

    def __call__(self, examples):
        return super().__call__(examples).argsort(axis=0)


class Named(keras.callbacks.Callback):
    """Reads its run's recipe, and writes into its folder."""

    def __init__(self, context):
        super().__init__()
        self.name, self.size = context.recipe.name, context.spec.size
        self.file = context.folder / "named.txt"

    def on_epoch_end(self, epoch, logs=None):
        self.file.write_text(f"{self.name} {self.size} {logs['d_loss']}", encoding="utf-8")


class Noting(Observer):
    """Writes a line a round, and takes back those of rounds that are played again."""

    every = 100

    def start(self, view, step):
        self.file = view.folder.path / "noted.txt"
        if not self.file.exists():
            self.file.write_text("", encoding="utf-8")
        self.rewind(step)

    def observe(self, moment):
        with self.file.open("a", encoding="utf-8") as file:
            file.write(f"{moment.step} {moment.means['d_loss']}\n")

    def rewind(self, step):
        lines = self.file.read_text("utf-8").splitlines()
        kept = [line for line in lines if int(line.split()[0]) <= step]
        self.file.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")


class Doubling(Noting):
    """Takes nothing back."""

    def rewind(self, step):
        pass


class Meddling(Observer):
    """Moves what it looks at."""

    every = 1

    def observe(self, moment):
        for variable in moment.view.game.generator.trainable_variables:
            variable.assign(variable + 1.0)


class Stumbling(Observer):
    """Fails at the end."""

    def finish(self, step, status):
        raise RuntimeError("too late")


class Walks(Source):
    """Sequences, of one split, with a class and a start; their data are not everywhere."""

    name = "walks"
    spec = DataSpec(
        (5, 2),
        "float32",
        kind="sequence",
        fields={
            "label": Field((), "int64", classes=3),
            "start": Field((2,), "float32"),
        },
    )
    splits = ("train",)

    def available(self):
        if self.gone:
            raise DataUnavailable("nobody walked", hint="walk")

    gone: ClassVar = False

    def read(self, split):
        draw = np.random.default_rng(0)
        x = draw.normal(size=(30, 5, 2)).cumsum(axis=1).astype("float32")
        return Examples(x, {"label": np.arange(30) % 3, "start": x[:, 0]})


class Shapeless(Walks):
    """Declares another shape than it reads."""

    spec = DataSpec((5, 3), "float32", kind="sequence")


RIGHT = [
    (check_prior, Bits, None),
    (check_prior, Mixture, None),
    (check_condition, Seen, {**IMAGES, "fields": {"seen": Field((4, 4, 2), "float32")}}),
    (check_condition, Balanced, None),
    (check_augmentation, Adaptive, None),
    (check_augmentation, Rolled, SEQUENCES),
    (check_augmentation, Fading, IMAGES),
    (check_updates, Extragradient, None),
    (check_updates, WarmedUp, None),
    (check_optimizer, warmed_up, None),
    (check_metric, separation, None),
    (check_metric, confidence, None),
    (check_metric, drift, SEQUENCES),
    (check_features, Corners, {"shape": (28, 28, 1)}),
    (check_callback, Named, None),
    (check_callback, Noting, None),
    (check_dataset, Walks, None),
]


@pytest.mark.slow
@pytest.mark.parametrize(("check", "what", "example"), RIGHT)
def test_what_an_author_writes_passes(check: Any, what: Any, example: Any) -> None:
    check(what, **({"example": example} if example else {}))


@pytest.mark.parametrize(
    ("kind", "what", "name", "message"),
    [
        ("conditions", Outside, "reads_examples_that_are_there", "places are 0 to 39"),
        ("conditions", Always, "reads_examples_that_are_there", "the same examples of every"),
        ("augmentations", Forgetful, "goes_on_where_it_was", "ends with another"),
        ("augmentations", Rolled, "keeps_shape_and_type", "UsageError: sequences alone"),
        ("updates", Counting, "plays_the_same_round_again", "changes the number 'seen' of updates"),
        ("optimizers", at_rest, "has_a_learning_rate_to_log", "0, 0, 0, 0, 0; numbers above 0"),
        ("metrics", endless, "returns_scores", "scores noise against noise with nan"),
        ("metrics", failing, "returns_scores", "raised ZeroDivisionError: division by zero"),
        ("metrics", drift, "returns_scores", r"example={'shape': \(28, 28, 1\)}"),
        ("features", Corners, "gives_features", r"example={'shape': \(28, 28, 1\)}"),
        ("callbacks", Doubling, "drops_what_is_played_again", "noted.txt has 8 lines, else 6"),
        ("callbacks", Meddling, "watches_a_short_game", "it changes the generator's weights"),
        ("callbacks", Stumbling, "watches_a_short_game", "RuntimeError: too late"),
        ("datasets", Shapeless, "reads_what_it_declares", "cannot be loaded"),
    ],
)
def test_a_broken_twin_is_found(
    kind: str, what: Any, name: str, message: str, failure: Failure
) -> None:
    assert re.search(message, failure(kind, what, name))


def test_features_are_tried_on_what_they_are_for(failure: Failure) -> None:
    example = {"shape": (28, 28, 1)}
    assert failure("features", Corners, "treats_examples_one_by_one", example) == ""
    told = failure("features", Ranks, "treats_examples_one_by_one", example)
    assert "others are computed beside it" in told


def test_a_callback_knows_its_run_and_an_observer_may_go_back(failure: Failure) -> None:
    assert failure("callbacks", Named, "watches_a_short_game") == ""
    assert failure("callbacks", Noting, "drops_what_is_played_again") == ""


def test_a_metric_is_given_players_and_what_samples_are_made_of(failure: Failure) -> None:
    for metric in (separation, confidence):
        assert failure("metrics", metric, "returns_scores") == ""


def test_a_condition_may_say_which_examples_are_read(failure: Failure) -> None:
    assert failure("conditions", Balanced, "reads_examples_that_are_there") == ""


def test_a_prior_of_few_values_and_a_rate_that_begins_at_0_are_right(failure: Failure) -> None:
    assert failure("priors", Bits, "is_a_function_of_the_draw") == ""
    assert failure("optimizers", warmed_up, "has_a_learning_rate_to_log") == ""


class Weight(Parameters):
    """Validate a weight that may be a schedule."""

    weight: Schedulable = Parameter(1.0, description="of the term")


class Late(NonSaturating):
    """Reads its weight in the round."""

    def __init__(self, weight):
        super().__init__()
        self.weight = scheduled(weight)

    def discriminator(self, real, fake):
        return self.weight() * super().discriminator(real, fake)


class Early(Late):
    """Reads its weight where it is made."""

    def __init__(self, weight):
        super().__init__(weight)
        self.number = self.weight()

    def discriminator(self, real, fake):
        return self.number * NonSaturating.discriminator(self, real, fake)


class Never(Late):
    """Takes a number alone."""

    def __init__(self, weight):
        super().__init__(float(weight))


@pytest.mark.parametrize(
    ("what", "message"),
    [
        (Late, "^$"),
        (Early, "from 1 to 0.5 in round 1000, the first rounds are those of 0.5"),
        (Never, "with a schedule as its weight it fails: TypeError"),
    ],
)
def test_a_schedule_is_read_in_the_round(what: Any, message: str, failure: Failure) -> None:
    component = Component("late", f"{__name__}:{what.__name__}", "a loss", Weight)
    assert re.search(message, failure("losses", component, "takes_schedules"))


def named(context):
    """A network whose layers are called the same every time."""
    inputs = context.inputs()
    start = keras.initializers.GlorotUniform(context.seed_for("first"))
    size = context.output_shape[0] if context.role == "generator" else 1
    layer = keras.layers.Dense(size, kernel_initializer=start, name="first")
    return context.model(inputs, layer(next(iter(inputs.values()))))


def counted(context, made: list[Any] = []):  # noqa: B006
    """A network whose layers are counted."""
    made.append(context)
    inputs = context.inputs()
    size = context.output_shape[0] if context.role == "generator" else 1
    layer = keras.layers.Dense(size, name=f"layer_number_{len(made)}")
    return context.model(inputs, layer(next(iter(inputs.values()))))


@pytest.mark.parametrize(
    ("what", "message"), [(named, "^$"), (counted, "weights of other names: layer_number_")]
)
def test_a_network_starts_from_one_that_was_built_alike(
    what: Any, message: str, failure: Failure
) -> None:
    found = failure("architectures", what, "can_start_from_another_run", {"shape": (3,)})
    assert re.search(message, found)


@click.command("works")
def works():
    """Import what is there, and what may be missing."""
    import json

    try:
        import no_such_module_of_advnets as optional
    except ImportError:
        optional = None
    if optional:
        import no_such_module_of_advnets_either
    return json, no_such_module_of_advnets_either


@pytest.mark.parametrize("name", ["has_help", "imports_what_is_there"])
def test_a_command_may_import_what_is_optional(name: str, failure: Failure) -> None:
    assert failure("commands", Component("works", f"{__name__}:works", "a command"), name) == ""


def test_every_kind_has_its_function_and_all_take_an_example() -> None:
    """``check_loss`` and its like, one a kind; what is tried on data takes an example."""
    functions = {name for name in advnets.testing.__all__ if name.startswith("check_")}
    assert functions == {f"check_{WORDS.get(kind, kind.removesuffix('s'))}" for kind in KINDS}
    for name in functions - {"check_recipe", "check_sweep", "check_command"}:
        assert "example" in inspect.signature(getattr(advnets.testing, name)).parameters


WORDS = {
    "losses": "loss",
    "penalties": "penalty",
    "updates": "updates",
    "features": "features",
}
"""What functions are called by, where it is not the kind without its s."""
