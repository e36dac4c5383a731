"""Let what an example was made of, a code, be read off it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from advnets import UsageError, validated_by
from advnets.game import Penalty, Play, Role, Side, scheduled

from .hooks import InformationParameters


class Information(Penalty):
    """Penalise by −w log q(c | G(z, c)), which bounds the information I(c; G(z, c)) from below.

    I(c; G(z, c)) ≥ H(c) + E log q(c | G(z, c)). Of a code c that is a class, q is the softmax of
    K logits and −log q the cross-entropy; of numbers, q is a Gaussian with mean μ(x) and a
    deviation σ that is given, and −log q = Σ_d ½ ((c_d − μ_d)/σ)², without what is constant.

    q reads x by a head of D, whose weights both players' terms move; or by a network of its
    own, which moves with G.

    Args:
        weight: w ≥ 0, λ in the paper, a number or a schedule.
        field: The code, a field that G is told: int64 ``[N]``, or float32 ``[N, ...]``.
        head: D's word that holds the K logits of a class, or the means, in the code's shape;
            ``None``: ``FIELD_logits``.
        network: In place of a head of D, the name of the network that gives these.
        deviation: σ > 0, of numbers.

    Source: Chen et al. 2016 (arXiv:1606.03657).

    q gives the code ¾; of two numbers it is wrong by 1 and 2, and 5/2 is half the sum of squares:

    >>> from advnets.testing import play_of
    >>> def said(x):
    ...     return {"logits": x[:, 0], "code_logits": tf.math.log(x)}
    >>> x = tf.constant([[3.0, 1.0]])
    >>> Information()(play_of(said, x, x, fields={"code": tf.constant([0])})).numpy().round(4)
    array([0.2877], dtype=float32)
    >>> numbers = {"style": tf.constant([[2.0, 3.0]])}
    >>> def said(x):
    ...     return {"logits": x[:, 0], "style_mean": x}
    >>> term = Information(field="style", head="style_mean")
    >>> term(play_of(said, x, x, fields=numbers)).numpy()
    array([2.5], dtype=float32)
    """

    @validated_by(InformationParameters)
    def __init__(
        self,
        weight: float | Mapping[str, Any] = 1.0,
        field: str = "code",
        head: str | None = None,
        network: str | None = None,
        deviation: float = 1.0,
    ):
        self.weight = scheduled(weight)
        self.field, self.head, self.network = field, head or f"{field}_logits", network
        self.deviation = deviation
        self.fields = (field,)
        if network is None:
            self.requires = (self.head,)
            self.classifies = {self.head: field}
            self.player = ("discriminator", "generator")
        else:
            self.roles = {network: Role("example", field)}
            self.player = "generator"

    def __call__(self, play: Play) -> tf.Tensor:
        """Return −w log q(c | G(z, c)), float32 ``[N]``."""
        code, said = self._code(play.fake), self._said(play)
        if code.dtype.is_integer:
            cost = tf.nn.sparse_softmax_cross_entropy_with_logits(labels=code, logits=said)
        else:
            cost = 0.5 * _squares((code - said) / self.deviation)
        return self.weight() * cost

    def observe(self, play: Play) -> dict[str, tf.Tensor]:
        """Return how well D's head reads a code: ``FIELD_accuracy`` of a class, or the
        ``FIELD_squared_error`` of numbers; nothing where a network of its own reads it.
        """
        if self.network is not None:
            return {}  # it would be called once more
        code, said = self._code(play.fake), self._said(play)
        if code.dtype.is_integer:
            found = tf.argmax(said, axis=-1, output_type=code.dtype) == code
            return {f"{self.field}_accuracy": tf.cast(found, tf.float32)}
        return {f"{self.field}_squared_error": _squares(code - said)}

    def _code(self, fake: Side) -> tf.Tensor:
        code = fake.fields[self.field]
        return code if code.dtype.is_integer else tf.cast(code, tf.float32)

    def _said(self, play: Play) -> tf.Tensor:
        own = self.network is not None
        said = play.call(self.network, play.fake) if self.network else play.fake[self.head]
        code = play.fake.fields[self.field]
        if not code.dtype.is_integer and said.shape[1:] != code.shape[1:]:
            raise UsageError(
                f"{self.field} is of the shape {tuple(code.shape[1:])}, and "
                f"{self.network if own else self.head} says {tuple(said.shape[1:])} of it",
                hint="let it say a number for each of the code's"
                + ("" if own else f": `heads: {{{self.head}: {self.field}}}`"),
            )
        return said


def _squares(x: tf.Tensor) -> tf.Tensor:
    """Return the sum of an example's squares, ``[N]``."""
    return tf.reduce_sum(tf.square(x), axis=list(range(1, len(x.shape))))
