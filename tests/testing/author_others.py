"""Components of many kinds, as authors write them, and twins that are wrong in one thing."""

from __future__ import annotations

from typing import ClassVar

import keras
import numpy as np
import tensorflow as tf

from advnets.data import DataSpec, DataUnavailable, Examples, Field, Source
from advnets.errors import UsageError
from advnets.evaluate import FeatureExtractor, Score
from advnets.game import (
    PLAYERS,
    Alternating,
    Augmentation,
    Condition,
    Prior,
    UpdateRule,
    global_mean,
    scheduled,
    state,
)
from advnets.observe import Observer


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
        here = game.point(*PLAYERS)
        self.gradients(game, batches[0], "ahead", apply=True)
        play, losses, found = self.gradients(game, batches[1], "here")
        game.put_back(here)
        norms = {player: game.apply(player, found[player]) for player in PLAYERS}
        return game.conclude(play, losses, norms)

    def gradients(self, game, batch, stage, apply=False):
        with game.watch(*PLAYERS) as tape:
            play = game.play(batch, stage, together=False)
            losses = {player: game.objective(player, play) for player in PLAYERS}
        found = {player: game.gradients(player, tape, losses[player]) for player in PLAYERS}
        if apply:
            for player in PLAYERS:
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
