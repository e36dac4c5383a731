"""Make the adversarial game a Keras model, with the game's own ``train_step``."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from .. import random
from ..distribute.replicas import replica_index, replicas
from ..errors import UsageError
from ..networks import make_switchable, mixes_examples
from ..plugins.tracebacks import scope_name
from ..random import Draw
from . import batch
from .averaging import GeneratorAverage
from .encounter import Play, check_what_is_needed, critic_of, judge
from .generation import Generation
from .losses import Loss, Minimax
from .output import at_least_float32
from .penalties import Penalty, PenaltyInputs
from .prior import Prior, Uniform
from .unsaved import refuse_unsaved
from .updates import Alternating, UpdateRule


class AdversarialGame(Generation):
    """Play a generator G and a discriminator D against each other.

    G maps latent points z ~ p_z to examples; D rates how real an example looks.
    What each player minimises comes from ``loss`` and ``penalties``, who moves when from
    ``updates``; the defaults are the minimax game of Goodfellow et al. 2014, played by
    Algorithm 1. Latent noise and dropout masks are pure functions of the seed, the round
    and the example, so a game has no random state.

    Networks may compute in half precision, as their Keras policies say. What they return is
    taken in float32, losses and gradients are float32, and penalties see a D that computes
    in float32. A player whose gradient passes through float16 has a loss scale, and a step
    that overflows is skipped (:class:`advnets.game.loss_scale.LossScale`).

    Args:
        generator: A built Keras model, latent ``[N, size]`` → examples ``[N, ...]``.
        discriminator: A built Keras model, examples → logits ``[N]`` or ``[N, 1]``, or a
            mapping with ``logits`` or ``energy`` and more (:class:`DiscriminatorOutput`).
        prior: The distribution of z; U(−√3, √3) in G's number of inputs by default.
        loss: A :class:`Loss`; :class:`Minimax` by default.
        penalties: Terms added to the players' losses.
        updates: An :class:`UpdateRule`; :class:`Alternating` with k = 1 by default.
        average: A :class:`GeneratorAverage` to keep next to G; none by default.
        seed: Seed of latent noise and dropout.

    Attributes:
        discriminator_calls: ``one`` or ``two`` calls of D for real and generated examples;
            ``auto`` leaves it to the update rule. Two in any case where D mixes examples.
        rounds, norms_every, loss_scales: See :class:`advnets.game.players.Players`.

    Raises:
        UsageError: If a network is not built or the prior does not fit the generator.

    >>> generator = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    >>> discriminator = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    >>> game = AdversarialGame(generator, discriminator)
    >>> game.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
    >>> history = game.fit(np.ones([8, 1], "float32"), batch_size=4, verbose=0)
    >>> sorted(history.history)[:3]
    ['d_accuracy_fake', 'd_accuracy_real', 'd_fake']
    """

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        prior: Prior | None = None,
        loss: Loss | None = None,
        penalties: Iterable[Penalty] = (),
        updates: UpdateRule | None = None,
        average: GeneratorAverage | None = None,
        seed: int = 0,
        name: str = "game",
    ):
        super().__init__(generator, discriminator, name)
        latent_size = int(np.prod(generator.input_shape[1:]))
        self.prior = prior if prior is not None else Uniform(latent_size)
        if self.prior.size != latent_size:
            raise UsageError(
                f"the prior draws {self.prior.size} latent dimensions, "
                f"the generator takes {latent_size}"
            )
        self.loss = loss if loss is not None else Minimax()
        self.penalties = tuple(penalties)
        self.updates = updates if updates is not None else Alternating()
        self.average = average
        if average is not None:
            average.start(generator)
        self.seed = seed
        self.discriminator_calls = "auto"
        # Whether D treats examples independently, so that one pass over real and generated
        # examples together is the same as two.
        self.joint = not mixes_examples(discriminator)
        if self.penalties:
            make_switchable(discriminator)

    def train_step(self, data: Any) -> dict[str, tf.Tensor]:
        """Play one round (Algorithm 1, or whatever ``updates`` says).

        Args:
            data: This replica's real examples for one round, ``[k · N, ...]`` with k the
                rule's ``discriminator_steps``; or a tuple that starts with them.

        Returns:
            Scalars to log, means over the global batch: both losses, V(D, G), D's mean
            probability of "real" and accuracy on each side, both gradients' norms. Of a
            player with a loss scale also that, and 1 or 0 for a (last) step that was skipped.
        """
        real = data[0] if isinstance(data, tuple | list) else data
        logs = self.updates.round(self, real)
        self.rounds.assign_add(1)
        if self.average is not None:
            self.average.update(self.generator, tf.convert_to_tensor(self.rounds))
        refuse_unsaved(self)
        return logs

    def components(self) -> dict[str, object]:
        """Return what the game is made of besides its networks, by the place in a recipe."""
        penalties = {f"penalties.{index}": each for index, each in enumerate(self.penalties)}
        return {"loss": self.loss, **penalties, "updates": self.updates, "latent": self.prior}

    # ------------------------------------------------------- what update rules are made of

    def play(
        self, real: tf.Tensor, stage: str, *, judge_real: bool = True, together: bool = True
    ) -> Play:
        """Draw z, generate G(z), and let D judge both sides.

        Args:
            real: x, ``[N, ...]``.
            stage: The part of the round; each has latent noise and dropout of its own.
            judge_real: Whether D(x) is needed.
            together: Whether D may judge both sides in one pass where it treats examples
                independently: the same result, and faster where one gradient is taken of it.
        """
        examples = batch.size(real)
        draw = self.draw()
        latents = self.prior.sample(draw, f"latent/{stage}", examples)
        with random.scope(draw, stage, [("latent", examples)]):
            generated = at_least_float32(self.generator(latents, training=True))
        real_output = None
        if judge_real and self._in_one_call(together):
            both = tf.concat([real, tf.cast(generated, real.dtype)], axis=0)
            segments = [("real", examples), ("fake", examples)]
            output = judge(self.discriminator, both, draw, stage, segments)
            real_output, fake_output = output.split(examples)
        else:
            if judge_real:
                real_output = judge(self.discriminator, real, draw, stage, [("real", examples)])
            fake_output = judge(self.discriminator, generated, draw, stage, [("fake", examples)])
        check_what_is_needed(fake_output, [self.loss, *self.penalties])
        return Play(real, generated, real_output, fake_output, stage)

    def discriminator_objective(self, play: Play) -> tf.Tensor:
        """Compute what D minimises: this replica's share of mean loss and penalties, a scalar."""
        with tf.name_scope(f"{scope_name(self.loss)}.discriminator"):
            per_example = self.loss.discriminator(*play.judged)
        loss = batch.share(per_example, self.loss.discriminator)
        return loss + self._penalty("discriminator", play)

    def generator_objective(self, play: Play) -> tf.Tensor:
        """Compute what G minimises: this replica's share of mean loss and penalties, a scalar."""
        with tf.name_scope(f"{scope_name(self.loss)}.generator"):
            per_example = self.loss.generator(play.real_output, play.fake_output)
        loss = batch.share(per_example, self.loss.generator)
        return loss + self._penalty("generator", play)

    @property
    def generator_needs_real(self) -> bool:
        """Whether G's turn has to judge real examples too."""
        return self.loss.generator_needs_real or any(
            p.needs_real for p in self.penalties if p.player == "generator"
        )

    def conclude(
        self,
        play: Play,
        d_loss: tf.Tensor,
        g_loss: tf.Tensor,
        d_norm: tf.Tensor,
        g_norm: tf.Tensor,
    ) -> dict[str, tf.Tensor]:
        """End a round: update the loss's state and return what to log.

        Args:
            play: An encounter in which D judged both sides.
            d_loss, g_loss: This replica's share of each player's loss.
            d_norm, g_norm: The L2 norms of the players' gradients.

        Returns:
            Means over the global batch; see :meth:`train_step`.
        """
        real, fake = play.judged
        self.loss.update(real, fake)
        seen: dict[str, tf.Tensor] = dict(self.loss.observe(real, fake))
        value = self.loss.value(real, fake)
        if value is not None:
            seen["value"] = value
        d_real, d_fake = self.loss.probability(real), self.loss.probability(fake)
        if d_real is not None and d_fake is not None:
            seen["d_real"], seen["d_fake"] = d_real, d_fake
            seen["d_accuracy_real"] = tf.cast(d_real > 0.5, tf.float32)
            seen["d_accuracy_fake"] = tf.cast(d_fake <= 0.5, tf.float32)
        shares = {"d_loss": d_loss, "g_loss": g_loss}
        shares |= {name: batch.share(values, name) for name, values in seen.items()}
        shares |= self._weights_seen()
        logs = dict(zip(shares, batch.total(list(shares.values())), strict=True))
        return logs | self._moves(d_norm, g_norm)

    def draw(self) -> Draw:
        """Return the random numbers of the current round."""
        return Draw(self.seed, tf.convert_to_tensor(self.rounds), replica_index(), replicas())

    # ------------------------------------------------------------------------- internals

    def _in_one_call(self, together: bool) -> bool:
        calls = self.discriminator_calls
        return self.joint and (together if calls == "auto" else calls == "one")

    def _penalty(self, player: str, play: Play) -> tf.Tensor:
        """Return this replica's share of the mean of the player's penalties, a scalar."""
        draw = self.draw()
        inputs = PenaltyInputs(
            critic=critic_of(self.discriminator, draw, play.stage),
            real=play.real,
            generated=play.generated,
            real_output=play.real_output,
            fake_output=play.fake_output,
            draw=draw,
            stage=play.stage,
        )
        total = tf.constant(0.0)
        for penalty in self.penalties:
            if penalty.player == player:
                with tf.name_scope(scope_name(penalty)):
                    per_example = penalty(inputs)
                total += batch.share(per_example, penalty)
        return total
