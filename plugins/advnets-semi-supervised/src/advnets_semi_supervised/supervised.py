"""Let D learn classes of the few examples that have a label."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from advnets import UsageError, validated_by
from advnets.game import Penalty, Play, scheduled

from .hooks import SupervisedParameters


class Supervised(Penalty):
    """Penalise the discriminator by −w log p(y | x) on the stream ``labelled``.

    p(y | x) = softmax of D's word ``class_logits``, ``[N, K]``. With the logit that D calls an
    example real by, log Σ_k exp of these (``logits: log_sum_exp``), D is a classifier of K + 1
    classes, "generated" being the last, whose logit is 0: then this is its −log p(y | x, y ≤ K),
    and the game's loss is the unsupervised rest. D judges the labelled examples as it judges
    all others, in training mode.

    Args:
        weight: w ≥ 0, a number or a schedule.
        field: The field of the stream that is the class y, int64 ``[N]``.

    Source: Salimans et al. 2016 (arXiv:1606.03498), section 5, L_supervised; the game of
    K + 1 classes also Odena 2016 (arXiv:1606.01583).

    Two examples, whose classes D gives the probabilities ¼ and ½:

    >>> from advnets.game import Batch
    >>> from advnets.testing import play_of
    >>> def said(x):
    ...     return {"logits": tf.reduce_logsumexp(x, -1), "class_logits": x}
    >>> x = tf.math.log([[3.0, 1.0], [1.0, 1.0]])
    >>> labelled = Batch(x, {"label": tf.constant([1, 0])})
    >>> play = play_of(said, x, x, streams={"labelled": labelled})
    >>> Supervised(weight=2.0)(play).numpy()  # 2 log 4, 2 log 2
    array([2.7725887, 1.3862944], dtype=float32)
    """

    player = "discriminator"
    once = True
    requires = ("class_logits",)

    @validated_by(SupervisedParameters)
    def __init__(self, weight: float | Mapping[str, Any] = 1.0, field: str = "label"):
        self.weight = scheduled(weight)
        self.field = field
        self.streams = {"labelled": (field,)}
        self.classifies = {"class_logits": f"labelled.{field}"}

    def __call__(self, play: Play) -> tf.Tensor:
        """Return −w log p(y | x), float32, one value for each labelled example."""
        said = play.judge(play.batch.streams["labelled"].side())
        labels, logits = said.fields[self.field], said["class_logits"]
        if not labels.dtype.is_integer:
            raise UsageError(
                f"the stream's {self.field!r} is {labels.dtype.name}, and class_logits say a class",
                hint="y.argmax(axis=1) makes whole numbers of one-hot vectors",
            )
        entropy = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=logits)
        return self.weight() * entropy

    def observe(self, play: Play) -> dict[str, tf.Tensor]:
        """Return whether D names the class of each labelled example: ``labelled_accuracy``."""
        said = play.judge(play.batch.streams["labelled"].side())
        labels = said.fields[self.field]
        found = tf.argmax(said["class_logits"], axis=-1, output_type=labels.dtype) == labels
        return {"labelled_accuracy": tf.cast(found, tf.float32)}
