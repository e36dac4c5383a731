"""The adversarial game as a Keras model, with the game's own ``train_step``."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from .. import random
from ..errors import PluginError, UsageError
from ..networks import computes_in, in_float32, make_switchable, mixes_examples
from ..random import Draw
from . import batch
from .loss import Loss
from .loss_scale import LossScale, all_finite
from .losses.minimax import Minimax
from .output import DiscriminatorOutput, at_least_float32
from .penalty import Penalty, PenaltyInputs
from .prior import Prior, Uniform
from .sampling import Sampler
from .update_rule import UpdateRule
from .updates.alternating import Alternating

SAMPLED_NORMS = ("d_gradient_norm", "g_gradient_norm")
"""What a round logs of gradients; see ``AdversarialGame.norms_every``."""
NORMS_MEASURED = "norms_measured"
"""1 or 0: whether a round measured them; logged where not every round does."""


@dataclass(frozen=True)
class Play:
    """One encounter of the players: a batch of each side, and what D said of it.

    Attributes:
        real: Examples x ~ p_data, ``[N, ...]``.
        generated: G(z), z ~ p_z, ``[N, ...]``.
        real_output: What D said of x, or ``None`` where nobody asked.
        fake_output: What D said of G(z).
        stage: The part of the round, which names its random streams.
    """

    real: tf.Tensor
    generated: tf.Tensor
    real_output: DiscriminatorOutput | None
    fake_output: DiscriminatorOutput
    stage: str

    @property
    def judged(self) -> tuple[DiscriminatorOutput, DiscriminatorOutput]:
        """What D said of x and of G(z).

        Raises:
            PluginError: If D was not asked about x.
        """
        if self.real_output is None:
            raise PluginError(
                f"in {self.stage!r} D's judgement of real examples is used, but was not asked for",
                hint="an update rule passes judge_real=True to game.play",
            )
        return self.real_output, self.fake_output


class AdversarialGame(keras.Model):
    """A generator G and a discriminator D that play against each other.

    G maps latent points z ~ p_z to examples; D says of an example how real it looks.
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
        seed: Seed of latent noise and dropout.

    Attributes:
        discriminator_calls: ``one`` or ``two`` calls of D for real and generated examples;
            ``auto`` leaves it to the update rule. Two in any case where D mixes examples.
        norms_every: Every how many rounds the gradients' norms are measured, 1 at first. In
            the others they are logged as 0, along with ``norms_measured`` = 0. A norm reads
            the whole gradient once more, which costs a large fully connected game 3 %.
        loss_scales: The loss scales, by player; empty where nothing computes in float16.

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
        seed: int = 0,
        name: str = "game",
    ):
        super().__init__(name=name)
        for role, network in (("generator", generator), ("discriminator", discriminator)):
            if not network.built:
                raise UsageError(
                    f"the {role} is not built",
                    hint="give its first layer an input shape, such as keras.Input((100,))",
                )
        self.generator = generator
        self.discriminator = discriminator
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
        self.seed = seed
        self.norms_every = 1
        self.discriminator_calls = "auto"
        # Whether D treats examples independently, so that one pass over real and generated
        # examples together is the same as two.
        self.joint = not mixes_examples(discriminator)
        if self.penalties:
            make_switchable(discriminator)
        # G(z) that overflows reaches D, and G's gradient passes through D: both have one.
        half = any(computes_in(network, "float16") for network in (generator, discriminator))
        players = ("discriminator", "generator") if half else ()
        self.loss_scales = {player: LossScale() for player in players}
        self.rounds = self.add_weight(
            name="rounds",
            shape=(),
            dtype="int64",
            initializer="zeros",
            trainable=False,
            aggregation="only_first_replica",
        )
        self.built = True

    def compile(  # type: ignore[override]
        self,
        generator_optimizer: keras.optimizers.Optimizer | str = "adam",
        discriminator_optimizer: keras.optimizers.Optimizer | str = "adam",
        jit_compile: bool = False,
        **options: Any,
    ) -> None:
        """Give each player its optimizer.

        Args:
            generator_optimizer: A Keras optimizer or its name.
            discriminator_optimizer: The same for D; an optimizer of its own.
            jit_compile: Whether ``fit`` compiles the round with XLA. Off by default:
                XLA's convolutions are slow on CPUs.
            **options: Passed on to ``keras.Model.compile``.

        Raises:
            UsageError: If both players share one optimizer.
        """
        super().compile(optimizer=None, jit_compile=jit_compile, **options)
        if generator_optimizer is discriminator_optimizer and not isinstance(
            generator_optimizer, str
        ):
            raise UsageError("the players share one optimizer", hint="make one for each")
        self.generator_optimizer = keras.optimizers.get(generator_optimizer)
        self.discriminator_optimizer = keras.optimizers.get(discriminator_optimizer)
        for optimizer in (self.generator_optimizer, self.discriminator_optimizer):
            batch.take_reduced_gradients(optimizer)
        self.generator_optimizer.build(self.generator.trainable_variables)
        self.discriminator_optimizer.build(self.discriminator.trainable_variables)

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
        return logs

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
            said = self._judge(both, stage, [("real", examples), ("fake", examples)])
            real_output, fake_output = said.split(examples)
        else:
            if judge_real:
                real_output = self._judge(real, stage, [("real", examples)])
            fake_output = self._judge(generated, stage, [("fake", examples)])
        self._require(fake_output)
        return Play(real, generated, real_output, fake_output, stage)

    def discriminator_objective(self, play: Play) -> tf.Tensor:
        """What D minimises: this replica's share of the mean loss and penalties, a scalar."""
        per_example = self.loss.discriminator(*play.judged)
        loss = batch.share(per_example, f"{self.loss!r}.discriminator")
        return loss + self._penalty("discriminator", play)

    def generator_objective(self, play: Play) -> tf.Tensor:
        """What G minimises: this replica's share of the mean loss and penalties, a scalar."""
        per_example = self.loss.generator(play.real_output, play.fake_output)
        loss = batch.share(per_example, f"{self.loss!r}.generator")
        return loss + self._penalty("generator", play)

    @property
    def generator_needs_real(self) -> bool:
        """Whether G's turn has to judge real examples too."""
        return self.loss.generator_needs_real or any(
            p.needs_real for p in self.penalties if p.player == "generator"
        )

    def watch(self, *players: str) -> tf.GradientTape:
        """A tape that records the named players' variables and no others."""
        tape = tf.GradientTape(persistent=len(players) > 1, watch_accessed_variables=False)
        # A GradientTape may watch only while it records.
        return _Watching(tape, [v for player in players for v in self._variables(player)])

    def gradients(
        self, player: str, tape: tf.GradientTape, objective: tf.Tensor
    ) -> list[tf.Tensor | None]:
        """The gradient of ``objective`` with respect to the player's variables.

        Where the player has a loss scale, it is that of the scaled objective, divided by the
        scale: NaN or infinite where it overflowed.
        """
        variables = [v.value for v in self._variables(player)]
        scale = self.loss_scales.get(player)
        if scale is None:
            return tape.gradient(objective, variables)
        start = tf.cast(scale.scale, objective.dtype)
        return scale.unscaled(tape.gradient(objective, variables, output_gradients=start))

    def apply(self, player: str, gradients: list[tf.Tensor | None]) -> tf.Tensor:
        """Move the player along its gradient, summed over replicas.

        Where the player has a loss scale and the gradient is not finite, nothing moves.

        Returns:
            The L2 norm of the gradient, a float32 scalar: 0 in a round that measures none, NaN
            where the step was skipped.
        """
        if all(gradient is None for gradient in gradients):
            raise PluginError(
                f"the {player}'s loss does not depend on the {player}: it has no gradient",
                hint=f"check {self.loss!r} and the networks for a stop_gradient",
            )
        reduced = batch.total_gradients(gradients)
        optimizer, variables = getattr(self, f"{player}_optimizer"), self._variables(player)
        scale = self.loss_scales.get(player)
        if scale is None:
            optimizer.apply(reduced, variables)
            return self._norm(reduced)
        moving = [v for g, v in zip(reduced, variables, strict=True) if g is not None]
        finite = all_finite(reduced)  # The same on all replicas, since the sum is.
        batch.if_all_agree(
            finite,
            lambda gradients: optimizer.apply(gradients, moving),
            [g for g in reduced if g is not None],
        )
        scale.learn(finite)
        return tf.where(finite, self._norm(reduced), np.nan)

    def descend(self, player: str, tape: tf.GradientTape, objective: tf.Tensor) -> tf.Tensor:
        """Take the gradient of ``objective`` and move the player; the gradient's L2 norm."""
        return self.apply(player, self.gradients(player, tape, objective))

    def conclude(
        self,
        play: Play,
        d_loss: tf.Tensor,
        g_loss: tf.Tensor,
        d_norm: tf.Tensor,
        g_norm: tf.Tensor,
    ) -> dict[str, tf.Tensor]:
        """End a round: update the loss's state and say what happened.

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
        logs = dict(zip(shares, batch.total(list(shares.values())), strict=True))
        logs |= dict(zip(SAMPLED_NORMS, (d_norm, g_norm), strict=True))
        for player, norm in (("discriminator", d_norm), ("generator", g_norm)):
            if player in self.loss_scales:
                logs[f"{player[0]}_loss_scale"] = tf.identity(self.loss_scales[player].scale)
                logs[f"{player[0]}_skipped"] = tf.cast(tf.math.is_nan(norm), tf.float32)
        return logs if self.norms_every == 1 else logs | {NORMS_MEASURED: self._norms_due()}

    def draw(self) -> Draw:
        """The random numbers of the current round."""
        return Draw(
            self.seed, tf.convert_to_tensor(self.rounds), batch.replica_index(), batch.replicas()
        )

    # ----------------------------------------------------------------------- afterwards

    def generate(
        self, examples: int, seed: int = 0, stream: str = "sample", chunk: int = 500
    ) -> tuple[np.ndarray, np.ndarray]:
        """Sample from G, in the range of the preprocessed data.

        Every replica makes its share. Where several workers play, all of them call this at
        the same time, with the same arguments.

        Args:
            examples: How many samples.
            seed: Seed of the latent points; the same seed gives the same points, and
                fewer samples are a prefix of more.
            stream: What the samples are for.
            chunk: How many samples G makes at once, which bounds memory.

        Returns:
            The latent points, float32 ``[examples, size]``, and G of them.
        """
        latents = self.prior.sample(Draw(seed, 0), stream, examples)
        return latents.numpy(), self.generate_from(latents.numpy(), chunk)

    def generate_from(self, latents: np.ndarray, chunk: int = 500) -> np.ndarray:
        """G of the given latent points ``[n, size]``, in inference mode."""
        return self._sampler(latents, chunk)

    # ------------------------------------------------------------------------- internals

    @cached_property
    def _sampler(self) -> Sampler:
        return Sampler(self.generator, self.distribute_strategy)

    def _norms_due(self) -> tf.Tensor:
        """1 in a round that measures gradient norms, 0 in others."""
        due = tf.equal(tf.convert_to_tensor(self.rounds) % self.norms_every, 0)
        return tf.cast(due, tf.float32)

    def _norm(self, gradients: list[tf.Tensor | None]) -> tf.Tensor:
        """The L2 norm of the global batch's gradient; 0 in a round that measures none."""
        if self.norms_every == 1:
            return batch.global_norm(gradients)
        return tf.cond(
            self._norms_due() > 0, lambda: batch.global_norm(gradients), lambda: tf.constant(0.0)
        )

    def _in_one_call(self, together: bool) -> bool:
        calls = self.discriminator_calls
        return self.joint and (together if calls == "auto" else calls == "one")

    def _variables(self, player: str) -> list[Any]:
        return getattr(self, player).trainable_variables

    def _judge(self, x: tf.Tensor, stage: str, segments: random.Segments) -> DiscriminatorOutput:
        with random.scope(self.draw(), stage, segments):
            return DiscriminatorOutput(self.discriminator(x, training=True))

    def _penalty(self, player: str, play: Play) -> tf.Tensor:
        calls = itertools.count()  # every call has dropout of its own

        def critic(x: tf.Tensor) -> DiscriminatorOutput:
            with in_float32():  # Second derivatives of half precision are too coarse.
                return self._judge(x, play.stage, [(f"penalty/{next(calls)}", batch.size(x))])

        inputs = PenaltyInputs(
            critic=critic,
            real=play.real,
            generated=play.generated,
            real_output=play.real_output,
            fake_output=play.fake_output,
            draw=self.draw(),
            stage=play.stage,
        )
        total = tf.constant(0.0)
        for penalty in self.penalties:
            if penalty.player == player:
                total += batch.share(penalty(inputs), type(penalty).__name__)
        return total

    def _require(self, output: DiscriminatorOutput) -> None:
        """Refuse a loss or penalty whose needs D's output does not meet, by name."""
        components: list[Loss | Penalty] = [self.loss, *self.penalties]
        for component in components:
            missing = [name for name in component.requires if name not in output]
            if missing:
                raise PluginError(
                    f"{type(component).__name__} needs {', '.join(missing)} from the "
                    f"discriminator, which returns {', '.join(sorted(output))}",
                    hint="choose a discriminator that returns it, or another loss",
                )


class _Watching:
    """A gradient tape that watches the given variables as soon as it records."""

    def __init__(self, tape: tf.GradientTape, variables: list[Any]):
        self._tape, self._watched = tape, variables

    def __enter__(self) -> tf.GradientTape:
        self._tape.__enter__()
        for variable in self._watched:
            self._tape.watch(variable.value)
        return self._tape

    def __exit__(self, *exception: Any) -> None:
        self._tape.__exit__(*exception)
