"""Let D name the class of what it sees, and let G make examples whose class is named rightly."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from advnets import UsageError, validated_by
from advnets.game import Penalty, Play, scheduled

from .hooks import AuxiliaryParameters


class Auxiliary(Penalty):
    """Penalise both players by −log p(y | x), p = softmax of a head of D.

    For D, v · (−log p(y | x) − log p(y' | G(z, y'))); for G, w · (−log p(y' | G(z, y'))): with
    a loss of its own for each player, the objectives L_S + L_C and L_C − L_S of AC-GAN. G is
    told y', D is told no class: it names them.

    Args:
        weight: v ≥ 0, a number or a schedule; w too, if none is given.
        generator_weight: w ≥ 0, a number or a schedule; ``None``: as ``weight``.
        field: The field that is the class, int64 ``[N]``, of both sides.
        head: D's word that holds a logit for each class, ``[N, K]``.
        generated: Whether D learns the classes of generated examples, too, as in the paper. These
            are wrong at first.

    Source: Odena, Olah and Shlens 2017 (arXiv:1610.09585).

    Of two classes that D gives the probabilities ¾ and ¼, real or generated:

    >>> from advnets.testing import play_of
    >>> def said(x):
    ...     return {"logits": x[:, 0], "class_logits": x}
    >>> x, label = tf.math.log([[3.0, 1.0]]), {"label": tf.constant([0])}
    >>> term = Auxiliary(weight=1.0)
    >>> term(play_of(said, x, x, fields=label)).numpy().round(4)  # 2 log 4/3
    array([0.5754], dtype=float32)
    >>> term(play_of(said, x, x, fields=label, player="generator")).numpy().round(4)
    array([0.2877], dtype=float32)
    """

    player = ("discriminator", "generator")

    @validated_by(AuxiliaryParameters)
    def __init__(
        self,
        weight: float | Mapping[str, Any] = 1.0,
        generator_weight: float | Mapping[str, Any] | None = None,
        field: str = "label",
        head: str = "class_logits",
        generated: bool = True,
    ):
        self.weight = scheduled(weight)
        self.generator_weight = scheduled(weight if generator_weight is None else generator_weight)
        self.field, self.head, self.generated = field, head, generated
        self.requires, self.fields = (head,), (field,)
        self.classifies = {head: field}

    def __call__(self, play: Play) -> tf.Tensor:
        """Return the weighted sum of −log p(y | x), float32 ``[N]``."""
        if play.player == "generator":
            return self.generator_weight() * self._entropy(play.fake)
        entropy = self._entropy(play.real)
        if self.generated:
            entropy += self._entropy(play.fake)
        return self.weight() * entropy

    def observe(self, play: Play) -> dict[str, tf.Tensor]:
        """Return whether D names the class of each real example: ``FIELD_accuracy``."""
        labels = play.real.fields[self.field]
        found = tf.argmax(play.real[self.head], axis=-1, output_type=labels.dtype) == labels
        return {f"{self.field}_accuracy": tf.cast(found, tf.float32)}

    def _entropy(self, side: Any) -> tf.Tensor:
        labels = side.fields[self.field]
        if not labels.dtype.is_integer:
            raise UsageError(
                f"{self.field!r} is {labels.dtype.name}, and {self.head} says a class",
                hint="y.argmax(axis=1) makes whole numbers of one-hot vectors",
            )
        return tf.nn.sparse_softmax_cross_entropy_with_logits(labels=labels, logits=side[self.head])
