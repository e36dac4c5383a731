"""Make the adversarial game a Keras model, with the game's own ``train_step``."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable, Mapping
from typing import Any

import keras
import tensorflow as tf

from ..data import Field
from ..distribute.replicas import replica_index, replicas
from ..errors import PluginError, UsageError
from ..networks import make_switchable
from ..plugins.tracebacks import scope_name
from ..random import Draw
from . import batch
from .averaging import GeneratorAverage
from .batches import Batch, as_batch
from .conditions import Condition
from .encounter import Duel, Encounter, Generated
from .first_look import look_at_networks
from .generation import Generation
from .losses import Loss, Minimax, value_function
from .penalties import Penalty
from .prior import NoLatent, Prior, Uniform
from .role import PLAYERS, gather_roles
from .scene import Cast, Play
from .unsaved import refuse_unsaved, refuse_unseeded
from .updates import TURNS, Alternating, UpdateRule
from .wiring import latent_shape, wire_roles

log = logging.getLogger(__name__)

PARTS = {
    *("generator", "discriminator", "networks", "roles", "encounter", "conditions"),
    *("prior", "loss", "penalties", "updates", "averages"),
}
"""What a game is made of."""


class AdversarialGame(Generation):
    """Play a generator G and a discriminator D against each other.

    G maps latent points z ~ p_z to examples; D rates how real an example looks.
    What is judged comes from ``encounter``, what each player minimises from ``loss`` and
    ``penalties``, who moves when from ``updates``; the defaults are the minimax game of
    Goodfellow et al. 2014, played by Algorithm 1. What networks are told besides (a label,
    a code) is read off the names of their inputs. Latent noise and dropout masks are pure
    functions of the seed, the round and the example, so a game has no random state.

    Networks may compute in half precision, as their Keras policies say. What they return is
    taken in float32, losses and gradients are float32, and penalties see a D that computes
    in float32. A player whose gradient passes through float16 has a loss scale, and a step
    that overflows is skipped (:class:`advnets.game.loss_scale.LossScale`).

    Args:
        generator: A built Keras model, latent ``[N, size]`` → examples ``[N, ...]``; one that
            is told more takes a dictionary: ``{"latent": …, "label": …}``.
        discriminator: A built Keras model, examples → logits ``[N]`` or ``[N, 1]``, or a
            mapping with ``logits`` or ``energy`` and more (:class:`Side`); one that is told
            more takes ``{"example": …, "label": …}``.
        networks: Further networks that the encounter or a penalty calls, by name.
        encounter: An :class:`Encounter`; :class:`Generated` by default.
        conditions: How fields of generated examples are drawn, by name; those that are not
            named come with the batch.
        prior: The distribution of z; U(−√3, √3) in the shape of G's input by default;
            ``NoLatent()`` where G makes examples of nothing but what it is told.
        loss: A :class:`Loss`; :class:`Minimax` by default.
        penalties: Terms added to the players' losses.
        given: What networks of one input are told, by their names, since it has no name:
            ``{"generator": ["edges"]}``.
        updates: An :class:`UpdateRule`; :class:`Alternating` with k = 1 by default.
        average: A :class:`GeneratorAverage` to keep next to G, or one for each network that
            moves with G, by name; none by default.
        seed: Seed of latent noise and dropout.

    Attributes:
        discriminator_calls: ``one`` or ``two`` calls of D for real and generated examples;
            ``auto`` leaves it to the update rule. Two in any case where D mixes examples.
        rounds, norms_every, loss_scales: See :class:`advnets.game.players.Players`.

    Raises:
        UsageError: If a network is not built, lacks a role, or the prior does not fit.

    >>> generator = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    >>> discriminator = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    >>> game = AdversarialGame(generator, discriminator)
    >>> game.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
    >>> import numpy as np
    >>> history = game.fit(np.ones([8, 1], "float32"), batch_size=4, verbose=0)
    >>> sorted(history.history)[:3]
    ['d_accuracy_fake', 'd_accuracy_real', 'd_fake']
    """

    def __init__(
        self,
        generator: keras.Model,
        discriminator: keras.Model,
        *,
        networks: Mapping[str, keras.Model] | None = None,
        encounter: Encounter | None = None,
        conditions: Mapping[str, Condition] | None = None,
        prior: Prior | None = None,
        loss: Loss | None = None,
        penalties: Iterable[Penalty] = (),
        given: Mapping[str, Iterable[str]] | None = None,
        updates: UpdateRule | None = None,
        average: GeneratorAverage | Mapping[str, GeneratorAverage] | None = None,
        seed: int = 0,
        name: str = "game",
    ):
        encounter = encounter if encounter is not None else Generated()
        terms = tuple(penalties)
        everyone = {"generator": generator, "discriminator": discriminator, **(networks or {})}
        without = isinstance(prior, NoLatent)
        for term in terms:
            if not _players(term) or not set(_players(term)) <= set(PLAYERS):
                raise PluginError(
                    f"{type(term).__name__}.player is {term.player!r}; expected "
                    f"{' or '.join(map(repr, PLAYERS))}, or a tuple of both",
                    module=type(term).__module__,
                )
        roles = gather_roles(encounter, terms, latent=not without)
        super().__init__(everyone, wire_roles(roles, everyone, conditions or (), given or {}), name)
        self.encounter, self.penalties = encounter, terms
        self.prior = None if without else prior
        self.updates = updates if updates is not None else Alternating()
        self.conditions = dict(conditions or {})
        for named, condition in self.conditions.items():
            if not isinstance(getattr(condition, "field", None), Field):
                raise PluginError(
                    f"the condition {named!r}, a {type(condition).__name__}, has no `field`",
                    hint="self.field = Field((), 'int64', classes=10) says what it draws",
                    module=type(condition).__module__,
                )
        shape = latent_shape(self.roles, everyone)
        if without and any("latent" in role.takes for role in self.roles.values()):
            raise UsageError("there is no latent, but a network takes it")
        if self.prior is None and shape is not None:
            self.prior = Uniform(shape=shape)
        if self.prior is not None and shape is not None and self.prior.shape != shape:
            raise UsageError(
                f"the prior draws latent points of the shape {self.prior.shape}, the network that "
                f"takes them wants {shape}"
            )
        self.loss = loss if loss is not None else Minimax()
        if isinstance(average, GeneratorAverage):
            average = {"generator": average}
        self.averages = dict(average or {})
        for network, kept in self.averages.items():
            kept.start(everyone[network])
        self.outside: dict[str, Condition] = {}
        self.kept: Batch | None = None
        self.counted: set[str] = set()
        self.seed = seed
        # Each replica's thread traces a round of its own.
        self._terms = threading.local()
        self.discriminator_calls = "auto"
        judges = [name for name, role in self.roles.items() if role.kind == "discriminator"]
        self.joint = look_at_networks(self)
        self._in_parts: set[str] = set()
        self._unheard_said = False
        if self.penalties or type(self.encounter) not in (Encounter, Generated):
            for judge in judges:
                make_switchable(everyone[judge])
        self._made = True

    def __setattr__(self, name: str, value: Any) -> None:
        """Refuse to change what the game is made of: what was checked and compiled would stay."""
        if name in PARTS and getattr(self, "_made", False):
            raise UsageError(
                f"a game keeps its {name}: that would change a part of it alone",
                hint=f"make another, AdversarialGame(…), with the {name} that it is to have",
            )
        super().__setattr__(name, value)

    def train_step(self, data: Any) -> dict[str, tf.Tensor]:
        """Play one round (Algorithm 1, or whatever ``updates`` says).

        Args:
            data: This replica's real examples for one round, ``[k · N, ...]`` with k the
                rule's ``discriminator_steps``; with labels, ``(x, y)``; or a dictionary with
                ``example`` and fields by name.

        Returns:
            Scalars to log, means over the global batch: both losses, V(D, G), D's mean
            probability of "real" and accuracy on each side, both gradients' norms; where there
            are several penalties also each one's value, ``d_penalties.0``. Of a player with a
            loss scale also that, and 1 or 0 for a (last) step that was skipped.
        """
        batches = as_batch(data, self.fields).split(self.updates.discriminator_steps)
        logs = self.updates.round(self, batches)
        self.rounds.assign_add(1)
        for network, average in self.averages.items():
            average.update(self.networks[network], tf.convert_to_tensor(self.rounds))
        refuse_unsaved(self)
        refuse_unseeded()
        return logs

    @property
    def fields(self) -> tuple[str, ...]:
        """The names of fields that anything in the game may read of the data, sorted.

        One that a condition draws for generated examples may belong to real ones as well.
        """
        told = {name for role in self.roles.values() for name in role.takes}
        told |= set(self.loss.fields).union(*(penalty.fields for penalty in self.penalties))
        told -= {"latent", "example"}
        return tuple(sorted(told.union(*(each.fields for each in self.conditions.values()))))

    @property
    def unconditional(self) -> bool:
        """Whether the game is that of the paper: G takes the latent alone, D the example."""
        takes = [tuple(self.roles[name].takes) for name in ("generator", "discriminator")]
        plain = type(self.encounter) in (Encounter, Generated)
        return plain and takes == [("latent",), ("example",)]

    def components(self) -> dict[str, object]:
        """Return every component that the game is made of, by its path in a recipe."""
        found: dict[str, object] = {"loss": self.loss, "updates": self.updates}
        found |= {f"penalties.{i}": penalty for i, penalty in enumerate(self.penalties)}
        found |= {"latent": self.prior, "encounter": self.encounter}
        return found | {f"conditions.{name}": each for name, each in self.conditions.items()}

    # ------------------------------------------------------- what update rules are made of

    def play(
        self, batch: Batch, stage: str, *, judge_real: bool = True, together: bool = True
    ) -> Play:
        """Let the players meet: draw z, generate G(z), and let D judge both sides.

        Args:
            batch: Real examples.
            stage: The part of the round; each has latent noise and dropout of its own.
            judge_real: Whether D(x) is needed.
            together: Whether D may judge both sides in one pass where it treats examples
                independently: the same result, and faster where one gradient is taken of it.
        """
        play = Play(self.cast, batch, self.draw(), stage)
        duels = self.encounter.meet(play)
        play.meet(duels, judge_real=judge_real, together=self._in_one_call(together))
        for index, duel in enumerate(play.duels.values()):
            each = [penalty for penalty in self.penalties if index == 0 or not penalty.once]
            _check_what_is_needed(duel, [self.loss, *each])
            self._say_parts(duel)
        self._say_unheard()
        if len(play.duels) > 1 and type(self.loss).update is not Loss.update:
            raise PluginError(
                f"{type(self.loss).__name__} has a state, which {len(play.duels)} duels "
                "cannot share",
                hint="choose a loss without `update`",
                module=type(self.loss).__module__,
            )
        return play

    def objective(self, player: str, play: Play) -> tf.Tensor:
        """Compute what a player minimises: this replica's share of mean loss and penalties."""
        play.begin_objective()
        total: tf.Tensor | None = None
        for duel in play.duels.values():
            if player not in duel.players:
                continue
            compute = getattr(self.loss, player)
            with tf.name_scope(f"{scope_name(self.loss)}.{player}"):
                values = compute(duel.real, duel.fake)
            values = batch.per_example(values, _shapes(duel), compute)
            loss = batch.share(values, compute)
            if not isinstance(duel.weight, int | float) or duel.weight != 1.0:
                loss = loss * duel.weight
            total = loss if total is None else total + loss
        penalties = self._penalties(player, play)
        return penalties if total is None else total + penalties

    @property
    def generator_needs_real(self) -> bool:
        """Whether G's turn has to judge real examples too."""
        return self.loss.needs_real or any(
            p.needs_real for p in self.penalties if "generator" in _players(p)
        )

    def conclude(
        self,
        play: Play,
        losses: Mapping[str, tf.Tensor],
        norms: Mapping[str, tf.Tensor],
    ) -> dict[str, tf.Tensor]:
        """End a round: update the components' states and return what to log.

        Args:
            play: A play in which D judged both sides.
            losses: This replica's share of the loss of each player that moved.
            norms: The L2 norms of these players' gradients.

        Returns:
            Means over the global batch; see :meth:`train_step`.
        """
        seen: dict[str, tf.Tensor] = {}
        for index, (name, duel) in enumerate(play.duels.items()):
            prefix = "" if index == 0 else f"{name}/"
            self.loss.update(duel.real, duel.fake)
            for key, values in self._seen_of(duel).items():
                seen[prefix + key] = batch.per_example(values, _shapes(duel), key)
        observing: tuple[Any, ...] = (*self.penalties, self.encounter, self.updates)
        for component in observing:
            seen |= component.observe(play)
            component.update(play)
        shares = {f"{player[0]}_loss": losses[player] for player in TURNS if player in losses}
        for player in losses:
            shares |= vars(self._terms).pop(player, {})
        shares |= {name: batch.share(values, name) for name, values in seen.items()}
        shares |= self._weights_seen()
        logs = dict(zip(shares, batch.total(list(shares.values())), strict=True))
        return logs | self._moves(norms)

    def _seen_of(self, duel: Duel) -> dict[str, tf.Tensor]:
        """Return what is logged of a duel, values per example or for each of its logits."""
        seen: dict[str, tf.Tensor] = dict(self.loss.observe(duel.real, duel.fake))
        d_real, d_fake = self.loss.probability(duel.real), self.loss.probability(duel.fake)
        if d_real is not None and d_fake is not None:
            seen["value"] = value_function(duel.real, duel.fake)
            seen["d_real"], seen["d_fake"] = d_real, d_fake
            seen["d_accuracy_real"] = tf.cast(d_real > 0.5, tf.float32)
            seen["d_accuracy_fake"] = tf.cast(d_fake <= 0.5, tf.float32)
        return seen

    def draw(self) -> Draw:
        """Return the random numbers of the current round."""
        return Draw(self.seed, tf.convert_to_tensor(self.rounds), replica_index(), replicas())

    @property
    def cast(self) -> Cast:
        """Whom scenes may call: the networks, and what they may be told."""
        return Cast(self.networks, self.roles, self.conditions, self.prior, self.joint)

    # ------------------------------------------------------------------------- internals

    def _say_unheard(self) -> None:
        """Say once of what G is told that nothing in the game holds it to it."""
        if self._unheard_said or type(self.encounter) is not Generated:
            return
        self._unheard_said = True
        told, heard = set[str](), {*self.loss.fields}
        for role in self.roles.values():
            (told if role.player == "generator" else heard).update(role.takes)
        for penalty in self.penalties:
            heard.update(penalty.fields)
        for name in sorted(told - heard - {"latent", "example"}):
            log.warning(
                "the generator is told %s, and neither the discriminator nor the loss or a penalty "
                "reads it: nothing makes it heed that",
                name,
            )

    def _say_parts(self, duel: Duel) -> None:
        """Say once of a judge that it says several things of each example: it may be a mistake."""
        for shape in _shapes(duel):
            if shape.rank is not None and shape.rank > 1 and duel.judge not in self._in_parts:
                self._in_parts.add(duel.judge)
                log.info(
                    "%s judges %s parts of each example, whose losses are averaged",
                    duel.judge,
                    " × ".join("?" if size is None else str(size) for size in shape[1:]),
                )

    def _in_one_call(self, together: bool) -> bool:
        calls = self.discriminator_calls
        return together if calls == "auto" else calls == "one"

    def _penalties(self, player: str, play: Play) -> tf.Tensor:
        """Return this replica's share of the mean of the player's penalties, a scalar."""
        total = tf.constant(0.0)
        terms: dict[str, tf.Tensor] = {}
        for index, penalty in enumerate(self.penalties):
            if player not in _players(penalty):
                continue
            name = f"{player[0]}_penalties.{index}"
            for duel in [None] if penalty.once else play.duels.values():
                with tf.name_scope(scope_name(penalty)):
                    values = penalty(play.for_player(player, duel))
                share = batch.share(values, penalty)
                total += share
                terms[name] = share if name not in terms else terms[name] + share
        if len(self.penalties) > 1:
            setattr(self._terms, player, terms)
        return total


def _players(penalty: Penalty) -> tuple[str, ...]:
    return (penalty.player,) if isinstance(penalty.player, str) else tuple(penalty.player)


def _shapes(duel: Duel) -> tuple[Any, ...]:
    return tuple(
        side[name].shape
        for side in (duel.real, duel.fake)
        if side.judged
        for name in ("logits", "energy")
        if name in side
    )


def _check_what_is_needed(duel: Duel, who: Iterable[Loss | Penalty]) -> None:
    """Refuse a loss or penalty whose needs D's output does not meet.

    Raises:
        PluginError: It names the component, and what is missing.
    """
    for component in who:
        missing = [name for name in component.requires if name not in duel.fake]
        if missing:
            raise PluginError(
                f"{type(component).__name__} needs {', '.join(missing)} from the "
                f"discriminator, which returns {', '.join(sorted(duel.fake))}",
                hint="choose a discriminator that returns it, or another loss",
                module=type(component).__module__,
            )
        lacking = [name for name in component.fields if name not in duel.fake.fields]
        if lacking:
            held = ", ".join(sorted(duel.fake.fields)) or "none"
            raise PluginError(
                f"{type(component).__name__} reads the field {', '.join(lacking)} of generated "
                f"examples, which have {held}",
                hint="tell it to the generator: `given: {generator: [" + lacking[0] + "]}`",
                module=type(component).__module__,
            )
