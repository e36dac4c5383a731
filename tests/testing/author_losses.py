"""Right losses, as authors write them: state that moves, pairs, means of the batch, tables."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from advnets.game import Loss, Side, global_mean, state


class LeastSquares(Loss):
    """The plain one (Mao et al. 2017)."""

    def discriminator(self, real: Side, fake: Side) -> tf.Tensor:
        return tf.square(real.logits - 1) + tf.square(fake.logits)

    def generator(self, real: Side, fake: Side) -> tf.Tensor:
        return tf.square(fake.logits - 1)


class Began(Loss):
    """E(x) − k E(G(z)), where k moves once a round; M is logged (Berthelot et al. 2017)."""

    requires = ("energy",)

    def __init__(self, gamma: float = 0.5, rate: float = 0.1):
        self.gamma, self.rate, self.k = gamma, rate, state(0.3)

    def discriminator(self, real: Side, fake: Side) -> tf.Tensor:
        return real.energy - self.k * fake.energy

    def generator(self, real: Side, fake: Side) -> tf.Tensor:
        return fake.energy

    def observe(self, real: Side, fake: Side) -> dict[str, tf.Tensor]:
        balance = self._balance(real, fake)
        measure = real.energy + tf.abs(balance)
        return {"k": tf.fill(tf.shape(real.energy), self.k), "measure": measure}

    def update(self, real: Side, fake: Side) -> None:
        moved = self.k + self.rate * self._balance(real, fake)
        self.k.assign(tf.clip_by_value(moved, 0.0, 1.0))

    def _balance(self, real: Side, fake: Side) -> tf.Tensor:
        return self.gamma * global_mean(real.energy) - global_mean(fake.energy)


class Centred(LeastSquares):
    """Logits less a running average of theirs, which is read as soon as it has moved."""

    def __init__(self) -> None:
        self.mean = state(0.0)

    def discriminator(self, real: Side, fake: Side) -> tf.Tensor:
        self.mean.assign(0.5 * self.mean + 0.5 * global_mean(real.logits + fake.logits))
        return tf.square(real.logits - self.mean - 1) + tf.square(fake.logits - self.mean)


class Detached(Loss):
    """Relativistic averages that no gradient runs through."""

    needs_real = True

    def discriminator(self, real: Side, fake: Side) -> tf.Tensor:
        over_fake = real.logits - tf.stop_gradient(3.0 * global_mean(fake.logits))
        over_real = fake.logits - tf.stop_gradient(3.0 * global_mean(real.logits))
        return tf.math.softplus(-over_fake) + tf.math.softplus(over_real)

    def generator(self, real: Side, fake: Side) -> tf.Tensor:
        return tf.math.softplus(global_mean(real.logits) - fake.logits)


class Paired(Loss):
    """Relativistic, in pairs (Jolicoeur-Martineau 2018)."""

    needs_real = True

    def discriminator(self, real: Side, fake: Side) -> tf.Tensor:
        return tf.math.softplus(fake.logits - real.logits)

    def generator(self, real: Side, fake: Side) -> tf.Tensor:
        return tf.math.softplus(real.logits - fake.logits)


DIVERGENCES = {
    # g(v), and f*(g(v)); what grows exponentially is bounded.
    "pearson": (lambda v: v, lambda v: v * v / 4 + v),
    "kl": (lambda v: v, lambda v: tf.exp(tf.minimum(v - 1, 30.0))),
    "jensen_shannon": (
        lambda v: tf.math.log(2.0) - tf.math.softplus(-v),
        lambda v: tf.math.softplus(v) - tf.math.log(2.0),
    ),
}


class FDivergence(Loss):
    """−g(C(x)) + f*(g(C(G(z)))) by a table of divergences (Nowozin et al. 2016)."""

    def __init__(self, divergence: str = "pearson"):
        self.divergence = divergence

    def discriminator(self, real: Side, fake: Side) -> tf.Tensor:
        activation, conjugate = DIVERGENCES[self.divergence]
        return -activation(real.logits) + conjugate(fake.logits)

    def generator(self, real: Side, fake: Side) -> tf.Tensor:
        return -DIVERGENCES[self.divergence][1](fake.logits)


class Rebuilding(Loss):
    """Of a reconstruction: ‖R(x) − x‖, less what is up to a margin of R(G(z))."""

    requires = ("reconstruction",)

    def discriminator(self, real: Side, fake: Side) -> tf.Tensor:
        return _misses(real) + tf.nn.relu(5.0 - _misses(fake))

    def generator(self, real: Side, fake: Side) -> tf.Tensor:
        return _misses(fake)


def _misses(side: Side) -> tf.Tensor:
    gap = tf.square(side.reconstruction - side.example)
    return tf.reduce_mean(gap, axis=list(range(1, len(gap.shape))))


class Classes(Loss):
    """Auxiliary classes, as part of the loss itself (Odena et al. 2017)."""

    requires, fields = ("logits", "label_logits"), ("label",)

    def discriminator(self, real: Side, fake: Side) -> tf.Tensor:
        judged = tf.math.softplus(-real.logits) + tf.math.softplus(fake.logits)
        return judged + _entropy(real) + _entropy(fake)

    def generator(self, real: Side, fake: Side) -> tf.Tensor:
        return tf.math.softplus(-fake.logits) + _entropy(fake)


def _entropy(side: Side) -> tf.Tensor:
    labels = side.fields["label"]
    return tf.nn.sparse_softmax_cross_entropy_with_logits(labels, side.label_logits)


class Matching(LeastSquares):
    """Feature matching: a mean of the batch, which every example has (Salimans et al. 2016)."""

    requires, needs_real = ("logits", "features"), True

    def generator(self, real: Side, fake: Side) -> tf.Tensor:
        gap = global_mean(real.features) - global_mean(fake.features)
        return tf.fill(tf.shape(fake.logits), tf.reduce_sum(gap**2))


class Cramer(Loss):
    """Energy distance of features, each example with its neighbour (Bellemare et al. 2017)."""

    requires, needs_real = ("features",), True

    def discriminator(self, real: Side, fake: Side) -> tf.Tensor:
        return -self.generator(real, fake)

    def generator(self, real: Side, fake: Side) -> tf.Tensor:
        x, y = real.features, fake.features
        within = _distance(x, tf.roll(x, 1, axis=0)) + _distance(y, tf.roll(y, 1, axis=0))
        return 2.0 * _distance(x, y) - within


def _distance(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    return tf.sqrt(tf.reduce_sum(tf.square(x - y), axis=1) + 1e-6)


class AllPairs(Cramer):
    """The same, of all pairs of the batch."""

    def generator(self, real: Side, fake: Side) -> tf.Tensor:
        x, y = real.features, fake.features
        return 2.0 * _mean_distance(x, y) - _mean_distance(x, x) - _mean_distance(y, y)


def _mean_distance(x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
    gaps = tf.reduce_sum(tf.square(x[:, None] - y[None]), axis=2)
    return tf.reduce_mean(tf.sqrt(gaps + 1e-6), axis=1)


class Best(LeastSquares):
    """G learns of the better half of the batch alone (Sinha et al. 2020)."""

    def generator(self, real: Side, fake: Side) -> tf.Tensor:
        values = super().generator(real, fake)
        kept = tf.maximum(tf.shape(values)[0] // 2, 1)
        least = tf.math.top_k(-values, kept).values[-1]
        return tf.where(values <= -least, values, 0.0) * 2.0


class Darkest(LeastSquares):
    """Of logits [N, h, w, 1]: only the darkest patch counts for G."""

    def generator(self, real: Side, fake: Side) -> tf.Tensor:
        return tf.reduce_max(tf.square(fake.logits - 1), axis=[1, 2, 3])


class Weighted(LeastSquares):
    """By the example's class, and by how far the example is from 0."""

    fields = ("label",)

    def generator(self, real: Side, fake: Side) -> tf.Tensor:
        rare = 1.0 + tf.cast(fake.fields["label"], tf.float32)
        return rare * super().generator(real, fake) + tf.reduce_sum(fake.example**2, axis=1)


RIGHT: tuple[tuple[Loss, dict[str, Any]], ...] = (
    (LeastSquares(), {}),
    (LeastSquares(), {"outputs": {"logits": (2, 3)}}),
    (Began(), {}),
    (Centred(), {}),
    (Detached(), {}),
    (Paired(), {}),
    *((FDivergence(name), {}) for name in DIVERGENCES),
    (Rebuilding(), {"shape": (4, 4, 1)}),
    (Classes(), {}),
    (Matching(), {}),
    (Cramer(), {}),
    (AllPairs(), {}),
    (Best(), {}),
    (Darkest(), {"outputs": {"logits": (2, 2, 1)}}),
    (Weighted(), {}),
)
