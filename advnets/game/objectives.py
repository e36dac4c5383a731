"""Say what each player minimises in a play, and what a round logs of it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

import keras
import tensorflow as tf

from ..distribute.replicas import replica_index, replicas
from ..errors import PluginError
from ..plugins.origins import accuse, at_fault, name_of
from ..plugins.tracebacks import scope_name
from ..random import Draw
from ..schedule import at_round
from . import batch
from .added_losses import regularise
from .augmentations import Augmentation
from .batches import Batch
from .encounter import Duel, Generated
from .generation import Generation
from .lazily import Rota
from .learning import components_of, learn
from .losses import Loss, value_function
from .penalties import Penalty, players_of
from .play import Play
from .scene import Cast
from .state import find_variables
from .updates import TURNS, UpdateRule

log = logging.getLogger(__name__)

T = TypeVar("T")


class Objectives(Generation):
    """Add to the players what a round is made of: plays, objectives and what is logged.

    Update rules call it: see :class:`advnets.game.AdversarialGame`, which sets what is here.

    Attributes:
        penalties: The terms added to the players' losses.
        updates: Says who moves when.
        augmentations: What judges see of examples in rounds.
        rota: Says which penalties a round has, where some are taken lazily.
        seed: Of latent noise and dropout.
        discriminator_calls: ``one`` or ``two`` calls of D for real and generated examples;
            ``auto`` leaves it to the update rule. Two in any case where D mixes examples.
    """

    penalties: tuple[Penalty, ...]
    updates: UpdateRule
    augmentations: tuple[Augmentation, ...]
    rota: Rota
    seed: int
    discriminator_calls: str
    _terms: threading.local
    _in_parts: set[str]
    _unheard_said: bool

    def play(
        self,
        batch: Batch,
        stage: str,
        *,
        judge_real: bool = True,
        together: bool = True,
        training: bool = True,
        draw: Draw | None = None,
    ) -> Play:
        """Let the players meet: draw z, generate G(z), and let D judge both sides.

        Args:
            batch: Real examples.
            stage: The part of the round; each has latent noise and dropout of its own.
            judge_real: Whether D(x) is needed.
            together: Whether D may judge both sides in one pass where it treats examples
                independently: the same result, and faster where one gradient is taken of it.
            training: Whether networks compute as in training.
            draw: The random numbers; those of the current round by default.
        """
        play = Play(
            self.cast, batch, self.draw() if draw is None else draw, stage, training=training
        )
        duels = self.encounter.meet(play)
        play.meet(duels, judge_real=judge_real, together=self._in_one_call(together))
        for index, duel in enumerate(play.duels.values()):
            each = [penalty for penalty in self.penalties if index == 0 or not penalty.once]
            augmentations = self.augmentations if index == 0 else ()
            judge = self.networks[duel.judge]
            _check_what_is_needed(duel, judge, [self.loss, *each, *augmentations])
            self._say_parts(duel)
        self._say_unheard()
        if len(play.duels) > 1:
            self._refuse_shared_state(len(play.duels))
        return play

    def objective(self, player: str, play: Play) -> tf.Tensor:
        """Compute what a player minimises: this replica's share of mean loss and penalties, and
        of what the layers of its networks add (regularisers, ``add_loss``), once a play.
        """
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
        total = penalties if total is None else total + penalties
        added = self._added(player, play)
        return total if added is None else total + added

    def in_rounds(self, play: Callable[[Any], T]) -> T:
        """Play a round by a function that plays it on all replicas, with the penalties due in it.

        Whatever compiles rounds calls it outside of replicas; see :meth:`.Rota.over`.
        """
        return self.rota.over(self.rounds.value, play)

    @property
    def heard(self) -> set[str]:
        """The names of what anything that judges reads: networks of D, the loss, penalties."""
        judges = (role for role in self.roles.values() if role.player != "generator")
        heard = {name for role in judges for name in role.takes}
        return heard.union(self.loss.fields, *(penalty.fields for penalty in self.penalties))

    @property
    def generator_needs_real(self) -> bool:
        """Whether G's turn has to judge real examples too."""
        return self.loss.needs_real or any(
            p.needs_real for p in self.penalties if "generator" in players_of(p)
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
        shares = self._logged(play, losses) | self._weights_seen()
        learn(self, play, norms)
        return self._totals(shares) | self._moves(norms)

    def judge_only(self, batch: Batch, draw: Draw) -> dict[str, tf.Tensor]:
        """Return what is logged of a play in which nobody moves, and no component learns.

        Args:
            batch: Real examples.
            draw: The random numbers.

        Returns:
            Means over the global batch: of :meth:`conclude` all but what is said of moves.
        """
        with at_round(tf.convert_to_tensor(self.rounds)):
            play = self.play(batch, "evaluate", training=False, draw=draw)
            losses = {player: self.objective(player, play) for player in TURNS}
            return self._totals(self._logged(play, losses))

    def _logged(self, play: Play, losses: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Return this replica's shares of what is logged of a play, before any state changes."""
        seen: dict[str, tf.Tensor] = {}
        for index, (name, duel) in enumerate(play.duels.items()):
            prefix = "" if index == 0 else f"{name}/"
            for key, values in self._seen_of(duel).items():
                seen[prefix + key] = batch.per_example(values, _shapes(duel), key)
        for place, component in components_of(self)[1:]:
            for key, values in component.observe(play).items():
                seen[f"{key}.{place}" if key in seen else key] = values
        shares = {f"{player[0]}_loss": losses[player] for player in TURNS if player in losses}
        for player in losses:
            shares |= vars(self._terms).pop(player, {})
        return shares | {name: batch.share(values, name) for name, values in seen.items()}

    def _totals(self, shares: Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
        """Return the means over the global batch, of every replica's shares."""
        return dict(zip(shares, batch.total(list(shares.values())), strict=True))

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
        step = tf.convert_to_tensor(self.rounds)
        return Draw(self.seed, step, replica_index(), replicas(), batch.sizes)

    @property
    def cast(self) -> Cast:
        """Whom scenes may call: the networks, and what they may be told."""
        everyone = (self.networks, self.roles, self.conditions, self.prior, self.joint)
        return Cast(*everyone, self.augmentations)

    # ------------------------------------------------------------------------- internals

    def _refuse_shared_state(self, duels: int) -> None:
        """Refuse a loss, or a penalty of each duel, with a state that moves: of which duel?"""
        if type(self.loss).update is not Loss.update:
            moving: list[Loss | Penalty] = [self.loss]
        else:
            each = [penalty for penalty in self.penalties if not penalty.once]
            moving = [p for p in each if type(p).update is not Penalty.update and find_variables(p)]
        for one in moving:
            what = "loss" if isinstance(one, Loss) else "penalty"
            raise at_fault(
                one,
                f"{type(one).__name__} has a state, which {duels} duels cannot share",
                hint=f"choose a {what} without `update`",
            )

    def _say_unheard(self) -> None:
        """Say once of what G is told that nothing in the game holds it to it."""
        if self._unheard_said or type(self.encounter) is not Generated:
            return
        self._unheard_said = True
        makers = (role for role in self.roles.values() if role.player == "generator")
        told = {name for role in makers for name in role.takes}
        for name in sorted(told - self.heard - {"latent", "example"}):
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
            if player not in players_of(penalty):
                continue
            name = f"{player[0]}_penalties.{index}"
            weight: Any = 1
            if play.training:
                weight = self.rota.weight(index, tf.convert_to_tensor(self.rounds))
            if weight is None:
                terms[name] = tf.constant(0.0)
                continue
            for duel in [None] if penalty.once else play.duels.values():
                with tf.name_scope(scope_name(penalty)):
                    values = penalty(play.for_player(player, duel))
                share = batch.share(values, penalty)
                if duel is not None and penalty.log_odds:  # it completes a term of the duel's loss
                    share *= duel.weight
                if not isinstance(weight, int) or weight != 1:
                    share *= weight
                total += share
                terms[name] = share if name not in terms else terms[name] + share
        setattr(self._terms, player, terms)
        return total

    def _added(self, player: str, play: Play) -> tf.Tensor | None:
        """Return this replica's share of what Keras adds to the loss of the networks that move:
        regularisers, and what their layers add when they are called.
        """
        terms = regularise(self.weights_moved_by(player))
        for network in self._networks_of(player):
            terms += play.added_by(network)
        if not terms:
            return None
        share = batch.share(tf.fill([play.batch.size], tf.add_n(terms)), "the losses of layers")
        getattr(self._terms, player)[f"{player[0]}_added_losses"] = share
        return share


def _shapes(duel: Duel) -> tuple[Any, ...]:
    return tuple(
        side[name].shape
        for side in (duel.real, duel.fake)
        if side.judged
        for name in ("logits", "energy")
        if name in side
    )


def _other(component: Loss | Penalty | Augmentation) -> str:
    if isinstance(component, Loss):
        return "another loss"
    return f"leave the {'penalty' if isinstance(component, Penalty) else 'augmentation'} out"


def _check_what_is_needed(
    duel: Duel, judge: keras.Model, who: Iterable[Loss | Penalty | Augmentation]
) -> None:
    """Refuse a loss, a penalty or an augmentation whose needs D's output does not meet.

    Raises:
        PluginError: It names the component, and what is missing.
    """
    for component in who:
        missing = [name for name in component.requires if name not in duel.fake]
        if missing:
            error = PluginError(
                f"{type(component).__name__} needs {', '.join(missing)} from the "
                f"{duel.judge}, {name_of(judge)}, which returns {', '.join(sorted(duel.fake))}",
                hint=f"choose a discriminator that returns it, or {_other(component)}",
            )
            judges = not {"logits", "energy"}.isdisjoint(duel.fake)  # as others do, if not this
            raise accuse(error, *([component] if judges else [component, judge]))
        lacking = [name for name in component.fields if name not in duel.fake.fields]
        if lacking:
            held = ", ".join(sorted(duel.fake.fields)) or "none"
            raise at_fault(
                component,
                f"{type(component).__name__} reads the field {', '.join(lacking)} of generated "
                f"examples, which have {held}",
                hint="tell it to the generator: `given: {generator: [" + lacking[0] + "]}`",
            )
