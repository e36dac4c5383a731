"""Two metrics in one file, as somebody would write them: are samples what was asked for?"""

from __future__ import annotations

import numpy as np
from pydantic import Field
from scipy.spatial.distance import pdist
from scipy.special import log_softmax

import advnets
from advnets.evaluate import MetricContext, Score, proportion_interval

MOST = 500
"""Real examples of a class that distances are taken between, at most."""


def asked_for(
    context: MetricContext, *, dataset: str | None = None, samples: int = 1000
) -> list[Score]:
    """Ask for as many samples of each class, and have them read by a classifier of real examples.

    Returns:
        ``asked_for``, the share that is read as the class that was asked for; and ``apart``,
        the mean distance of samples of a class by that of its real examples: the least of all
        classes.
    """
    features = {"name": "classifier", "dataset": dataset}
    labels = np.arange(samples) % context.spec.num_classes
    generated = context.generated(samples, given={"label": labels})
    right = context.class_probabilities(features, generated).argmax(axis=1) == labels
    interval = proportion_interval(int(right.sum()), samples)

    real, classes = context.examples("train"), context.source.labels("train")
    apart = [
        _spread(generated[labels == k]) / _spread(real[classes == k][:MOST])
        for k in range(context.spec.num_classes)
    ]
    protocol = context.protocol(
        better="higher", samples=samples, features=context.describe_features(features)
    )
    told = protocol | {"error": "binomial; Wilson's interval", **interval.protocol()}
    share = Score("asked_for", float(right.mean()), interval.error, told)
    return [share, Score("apart", float(min(apart)), None, protocol)]


def code_missing(
    context: MetricContext, *, told: list[str] | None = None, samples: int = 1000
) -> list[Score]:
    """Compute E[−log q(code | G(z, code))] in nats, codes alike, q being D's head."""
    codes = np.arange(samples) % 10
    fields = dict.fromkeys(told or (), codes)
    x = context.generated(samples, given={"code": codes, **fields})
    logits = context.network("discriminator")(example=x, **fields)["code_logits"]
    missing = -log_softmax(logits.astype(float), axis=1)[np.arange(samples), codes]
    protocol = context.protocol(better="lower", unit="nats", samples=samples)
    error = float(missing.std() / np.sqrt(samples))
    return [Score("code_missing", float(missing.mean()), error, protocol)]


def _spread(x: np.ndarray) -> float:
    return float(pdist(x.reshape(len(x), -1)).mean())


class AskedForParameters(advnets.Parameters):
    """Validate the parameters of ``asked_for``."""

    dataset: str | None = Field(None, description="what the classifier is trained on, if not these")
    samples: int = Field(1000, ge=20, description="how many are asked for, of all classes alike")


class CodeMissingParameters(advnets.Parameters):
    """Validate the parameters of ``code_missing``."""

    told: list[str] | None = Field(None, description="what D is told besides the example")
    samples: int = Field(1000, ge=20, description="how many, of all codes alike")


@advnets.hookimpl
def advnets_metrics() -> list[advnets.Component]:
    return [
        advnets.Component(
            "asked_for",
            f"{__name__}:asked_for",
            "the share of samples read as the class that was asked for",
            AskedForParameters,
        ),
        advnets.Component(
            "code_missing",
            f"{__name__}:code_missing",
            "what a sample leaves unknown of its code, nats",
            CodeMissingParameters,
        ),
    ]
