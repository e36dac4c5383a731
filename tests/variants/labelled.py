"""Semi-supervised learning with K + 1 classes, as a plugin of one file.

Goodfellow et al. 2014, section 7, point 4 of the extensions; the loss and the matching of
features of Salimans et al. 2016 (arXiv:1606.03498, sections 3.1 and 5).
"""

from __future__ import annotations

import numpy as np
import tensorflow as tf
from pydantic import Field

import advnets
from advnets.evaluate import MetricContext, Score, proportion_interval
from advnets.game import Loss, Penalty, Play, Side, global_mean
from advnets.schedule import scheduled


class Supervised(Penalty):
    """−log p(label | x, x is real) on the stream `labelled`, for D."""

    once = True
    player = "discriminator"
    requires = ("class_logits",)
    streams = {"labelled": ("label",)}

    def __init__(self, weight: float = 1.0):
        self.weight = scheduled(weight)

    def __call__(self, play: Play) -> tf.Tensor:
        said = play.judge(play.batch.streams["labelled"].side())
        return self.weight() * tf.nn.sparse_softmax_cross_entropy_with_logits(
            said.fields["label"], said.class_logits
        )


class FeatureMatching(Loss):
    """D: −log D(x) − log(1 − D(G(z))), D = Z / (Z + 1) with Z = Σ exp of the classes' logits;
    G: ‖mean features of x − mean features of G(z)‖².
    """

    requires = ("logits", "features")
    needs_real = True
    log_odds = True

    def discriminator(self, real: Side, fake: Side) -> tf.Tensor:
        return tf.nn.softplus(-real.logits) + tf.nn.softplus(fake.logits)

    def generator(self, real: Side, fake: Side) -> tf.Tensor:
        gap = global_mean(real.features) - global_mean(fake.features)
        return tf.fill(tf.shape(fake.features)[:1], tf.reduce_sum(gap**2))


class LabelsAlone(Loss):
    """Nothing, for either player: D learns from penalties alone."""

    def discriminator(self, real: Side, fake: Side) -> tf.Tensor:
        return 0.0 * (real.logits + fake.logits)

    def generator(self, real: Side, fake: Side) -> tf.Tensor:
        return 0.0 * fake.logits


def label_error(context: MetricContext, *, split: str = "test") -> list[Score]:
    """Measure how often D's head names the wrong class of a real example."""
    said = context.network("discriminator")(example=context.examples(split))
    wrong = np.argmax(said["class_logits"], axis=1) != context.source.labels(split)
    interval = proportion_interval(int(wrong.sum()), len(wrong))
    protocol = context.protocol(
        better="lower", split=split, error="binomial; Wilson's interval", **interval.protocol()
    )
    return [Score("label_error", float(wrong.mean()), interval.error, protocol)]


class Weighted(advnets.Parameters):
    weight: advnets.Weight = Field(1.0, description="of −log p(label | x)")


class Split(advnets.Parameters):
    split: str = Field("test", description="whose examples are read")


def _named(name: str, target: str, summary: str, *parameters: type) -> advnets.Component:
    return advnets.Component(name, f"{__name__}:{target}", summary, *parameters)


@advnets.hookimpl
def advnets_penalties() -> list[advnets.Component]:
    return [_named("own_supervised", "Supervised", "−log p(label | x), of the stream", Weighted)]


@advnets.hookimpl
def advnets_losses() -> list[advnets.Component]:
    return [
        _named("matched_features", "FeatureMatching", "D of K + 1 classes; G matches features"),
        _named("labels_alone", "LabelsAlone", "no loss"),
    ]


@advnets.hookimpl
def advnets_metrics() -> list[advnets.Component]:
    return [_named("label_error", "label_error", "how often D names the wrong class", Split)]
