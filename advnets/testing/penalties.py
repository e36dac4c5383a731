"""Checks of penalties."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from ..game import PLAYERS, AdversarialGame, Batch, Every, Penalty
from ..game.role import gather_roles
from ..game.state import find_variables
from ..game.streams import gather_streams
from ..schedule import at_round
from . import toys
from .building import game_context
from .declared import check_declared
from .failure import fail
from .numerics import finite_gradient, per_example, same_gradient
from .subject import Subject
from .trial import Trial

ROUNDS = (0, 1, 2, 3, 7, 15, 1000)
"""Rounds in which a penalty is to have a gradient, one of them: some are lazy, or begin late."""


@dataclass
class _Scene:
    """A penalty, one of its players, and a small game that it is tried in."""

    penalty: Penalty
    player: str
    game: AdversarialGame
    start: list[tuple[tf.Variable, np.ndarray]]

    def values(self, batch: Batch, step: int = 0) -> tf.Tensor:
        """The penalty in its player's turn, with the state that it had at first."""
        for variable, value in self.start:
            variable.assign(value)
        self.game.rounds.assign(step)
        with at_round(tf.constant(step, tf.int64)):
            play = self.game.play(
                batch,
                "check",
                judge_real=self.player == "discriminator" or self.penalty.needs_real,
            )
            return self.penalty(play.for_player(self.player))

    @property
    def variables(self) -> list[Any]:
        """What the penalty's player can change."""
        return [variable.value for variable in self.game.weights_moved_by(self.player)]

    def check(self, values: Any, n: int, who: str = "the penalty") -> None:
        """One value per example; of a term that is computed once a play, of any examples."""
        shape = tuple(getattr(values, "shape", ()))
        if self.penalty.once and len(shape) == 1 and shape[0]:
            n = shape[0]
        if shape == (1,) and n > 1:
            fail(
                f"{who} returned shape (1,) for {n} examples; ({n},), one value per example, was "
                "expected",
                hint="what is one value of the whole batch, every example has: "
                "tf.fill([play.fake.size], value); what is of no examples, of weights say, is "
                "computed once a play: once = True, and shape [1]",
            )
        per_example(values, n, who)


def declares_what_it_needs(subject: Subject) -> None:
    """What the component says that it reads, or calls, it does."""
    check_declared(subject, _made(subject))


def belongs_to_a_player(subject: Subject) -> None:
    """Its attribute ``player`` says whose loss it is added to: one of them, or both."""
    player, players = _made(subject).player, _players(_made(subject))
    if not players or not set(players) <= set(PLAYERS):
        fail(f"its player is {player!r}; {' or '.join(map(repr, PLAYERS))}, or both, were expected")


def returns_one_value_per_example(subject: Subject) -> None:
    """For a batch and for a single example."""
    for scene in _scenes(subject):
        for n in (5, 1):
            scene.check(scene.values(_batch(subject, n)), n)


def is_finite_where_the_critic_is_flat(subject: Subject) -> None:
    """Values and gradients, where D returns zeros whatever it sees, and so does everyone."""
    for scene in _scenes(subject):
        for network in scene.game.networks.values():
            network.set_weights([np.zeros_like(weight) for weight in network.get_weights()])
        with tf.GradientTape() as tape:
            values = scene.values(_batch(subject, 4))
        who = "the penalty where all networks return zeros"
        scene.check(values, 4, who)
        for gradient in tape.gradient(values, scene.variables):
            finite_gradient(gradient, who)


def has_the_gradient_of_its_values(subject: Subject) -> None:
    """Against finite differences in its player's weights: second derivatives work."""
    for scene in _scenes(subject):
        batch = _batch(subject, 4)

        def value(scene: _Scene = scene, batch: Any = batch) -> tf.Tensor:
            return tf.reduce_sum(scene.values(batch))

        with tf.GradientTape() as tape:
            total = value()
        gradients = tape.gradient(total, scene.variables)
        same_gradient(value, scene.variables, gradients, "the penalty", limit=6)


def reaches_its_player(subject: Subject) -> None:
    """Its gradient in its player's weights is not 0 everywhere; nor in those of a network that it
    brings along, and that moves with this player. There may be rounds in which it is.
    """
    for scene in _scenes(subject):
        own, batch = scene.game._networks_of(scene.player), _batch(subject, 16)
        watched = {name: scene.game.networks[name] for name in own if name in scene.penalty.roles}
        still = {name: network for name, network in watched.items() if network.trainable_variables}
        everyone, moved = set(still) | {""}, set()
        for step in ROUNDS:
            with tf.GradientTape(persistent=True) as tape:
                values = scene.values(batch, step)
            if _moves(tape.gradient(values, scene.variables)):
                moved.add("")
            for name, network in still.items():
                weights = [variable.value for variable in network.trainable_variables]
                if _moves(tape.gradient(values, weights)):
                    moved.add(name)
            if moved == everyone:
                break
        if "" not in moved:
            fail(
                f"it has gradient 0 in all weights of its player, the {scene.player}",
                hint="a penalty of what the player's networks give or say; tf.stop_gradient and "
                f"NumPy let no gradient through. It was tried in rounds {ROUNDS}",
            )
        for name in sorted(everyone - moved):
            fail(
                f"it has gradient 0 in all weights of {name!r}, which it declares and which "
                f"moves with the {scene.player}",
                hint="Role(…, player=None) is for a network that never moves",
            )


def draws_from_the_draw(subject: Subject) -> None:
    """Equal seeds and rounds give equal values, from another object too."""
    for scene, other in zip(_scenes(subject), _scenes(subject), strict=True):
        batch = _batch(subject, 5)
        first = np.asarray(scene.values(batch, step=3))
        again = [scene.values(batch, step=3), other.values(batch, step=3)]
        if any((np.asarray(values) != first).any() for values in again):
            fail(
                "it returned other values in the same round of the same game, so a resumed run "
                "would not be the run that was interrupted",
                hint="take random numbers from play.draw.uniform(stream, …) or .normal(stream, …)",
            )


def works_compiled(subject: Subject) -> None:
    """The same values as a graph, for any batch size, and under XLA; gradients as well."""
    for scene in _scenes(subject):
        _works_compiled(scene, _data(subject, scene.penalty, 5))


def _works_compiled(scene: _Scene, data: Any) -> None:
    def values(*held: tf.Tensor) -> tf.Tensor:
        return scene.values(scene.game.take(tf.nest.pack_sequence_as(data, held)))

    def norm(*held: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            total = tf.reduce_sum(values(*held))
        gradients = tape.gradient(total, scene.variables)
        return tf.linalg.global_norm([g for g in gradients if g is not None])

    batches = tf.nest.flatten(data)
    toys.compiled_agree(values, batches, what="the penalty")
    toys.compiled_agree(norm, batches, what="the penalty's gradient norm")


def logs_one_value_per_example(subject: Subject) -> None:
    """``observe``, where it is defined."""
    scene = next(iter(_scenes(subject)))
    play = scene.game.play(_batch(subject, 5), "check")
    for name, values in scene.penalty.observe(play).items():
        scene.check(values, 5, f"{name!r}, which is logged,")


def goes_on_where_it_was(subject: Subject) -> None:
    """A short game that is interrupted ends as one that is not."""
    data = _data(subject, _made(subject), 8)
    toys.resumes(lambda: _game(subject, _made(subject)), data)


def plays_a_short_game(subject: Subject) -> None:
    """Whoever should move does, and nothing becomes NaN."""
    penalty = _made(subject)
    data = _data(subject, penalty, 16)
    toys.trained(_game(subject, penalty), data)


def _made(subject: Subject) -> Penalty:
    penalty = subject.make(context=game_context(subject))
    if isinstance(penalty, Every):
        penalty = penalty.penalty
    if not isinstance(penalty, Penalty):
        fail(f"it makes {type(penalty).__name__}, not an advnets.game.Penalty")
    return penalty


def _players(penalty: Penalty) -> tuple[str, ...]:
    player = penalty.player
    return (player,) if isinstance(player, str) else tuple(player)


def _scenes(subject: Subject) -> list[_Scene]:
    """The penalty with each of its players, each in a game of its own."""
    scenes = []
    for player in _players(_made(subject)):
        penalty = _made(subject)
        start = [(variable, variable.numpy()) for _, variable in find_variables(penalty)]
        scenes.append(_Scene(penalty, player, _game(subject, penalty), start))
    return scenes


def _game(subject: Subject, penalty: Penalty) -> AdversarialGame:
    return toys.game(Trial(subject.example), told=penalty.fields, penalties=[penalty])


def _batch(subject: Subject, n: int) -> Batch:
    made, trial = _made(subject), Trial(subject.example)
    return trial.batch(n, made.fields, streams=_streams(trial, made))


def _data(subject: Subject, penalty: Penalty, n: int) -> Any:
    trial = Trial(subject.example)
    return trial.data(n, penalty.fields, streams=_streams(trial, penalty))


def _streams(trial: Trial, penalty: Penalty) -> dict[str, tuple[str, ...]]:
    encounter = trial.encounter()
    return gather_streams((encounter, penalty), gather_roles(encounter, [penalty]))


def _moves(gradients: list[tf.Tensor | None]) -> bool:
    return any(g is not None and bool(tf.reduce_any(g != 0)) for g in gradients)
