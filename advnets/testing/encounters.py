"""Checks of encounters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from ..game import AdversarialGame, Batch, Encounter, Penalty, Play, Scene, Side
from ..game.encounter import check_duels
from ..game.outside import batch_of
from ..game.role import stream_of
from ..game.streams import gather_streams
from ..random import Draw
from . import toys
from .building import build, made_of
from .declared import check_declared
from .failure import fail
from .subject import Subject
from .trial import Trial


def declares_what_it_needs(subject: Subject) -> None:
    """What the component says that it reads, or calls, it does."""
    check_declared(subject, _made(subject))


def is_of_its_kind(subject: Subject) -> None:
    """It makes an ``advnets.game.Encounter``."""
    build(subject)


def meets_on_equal_terms(subject: Subject) -> None:
    """Duels by name, each of two sides of one size, of finite numbers; for one example as well."""
    for n in (5, 1):
        made, play = _play(subject, n)
        for name, duel in check_duels(made.encounter.meet(play)).items():
            for which, side in (("real", duel.real), ("fake", duel.fake)):
                if not all(np.isfinite(values).all() for values in _held(side)):
                    fail(f"the {which} side of the duel {name!r} has values that are not finite")


def draws_from_the_draw(subject: Subject) -> None:
    """In one round of one game the sides are the same every time."""
    seen = []
    for _ in range(2):
        made, play = _play(subject, 5)
        duels = check_duels(made.encounter.meet(play)).values()
        seen.append([v for duel in duels for side in (duel.real, duel.fake) for v in _held(side)])
    if any((one != other).any() for one, other in zip(*seen, strict=True)):
        fail(
            "in the same round of the same game the sides are other ones",
            hint="take random numbers from scene.draw.uniform(stream, …), or let a condition draw",
        )


def reaches_every_network_that_moves(subject: Subject) -> None:
    """By a loss that reads both sides, each network that the players meet by has a gradient."""
    made = _game(subject)
    made.train_step(_data(subject, 8))  # raises where there is none; but for the weights, which
    called = _called_in_a_play(subject)  # may be reached by zeros
    for player in ("generator", "discriminator"):
        with made.watch(player) as tape:
            play = made.play(_batch(subject, 8), "check")
            loss = made.objective(player, play)
        found = iter(made.gradients(player, tape, loss))
        for name in made._networks_of(player):
            own = [next(found) for _ in made.networks[name].trainable_variables]
            if name in called and own and not any(g is not None and np.any(g) for g in own):
                fail(
                    f"{name!r} should move with the {player}, and nothing that is judged depends "
                    "on it",
                    hint="look for tf.stop_gradient; Role(…, player=None) never moves",
                )


def uses_the_networks_that_it_declares(subject: Subject) -> None:
    """In a play, or to make samples."""
    used = _called_in_a_play(subject) | _called_to_sample(subject)
    idle = [name for name in _made(subject).roles if name not in used]
    if idle:
        fail(
            f"it declares {', '.join(idle)} in its roles, and calls them nowhere",
            hint="a network that a penalty calls is declared in that penalty's roles",
        )


def samples_without_real_examples(subject: Subject) -> None:
    """``sample`` makes examples of what it is told, each by itself; or it is ``None``."""
    made = _game(subject)
    if made.encounter.sample is None:
        return
    scene = _scene_outside(subject, made, 5)
    side = made.encounter.sample(scene)
    shape = tuple(getattr(getattr(side, "example", None), "shape", ()))
    expected = (5, *Trial(subject.example).shape)
    if not isinstance(side, Side) or shape != expected:
        fail(
            f"sample() returned {type(side).__name__} with examples of shape {shape}; a Side with "
            f"examples of shape {expected} was expected",
            hint="an encounter that makes no examples says `sample = None`",
        )
    told = made.draw_told(5, seed=1)
    whole, parts = made.generate_from(told, chunk=5), made.generate_from(told, chunk=2)
    if not np.allclose(whole, parts, rtol=1e-4, atol=1e-5):
        fail("samples that are made a part at a time are other ones than those made at once")


def works_compiled(subject: Subject) -> None:
    """What is judged is the same as a graph, for any batch size, and under XLA."""
    made = _game(subject)
    data = _data(subject, 5)

    def said(*held: tf.Tensor) -> tf.Tensor:
        play = made.play(made.take(tf.nest.pack_sequence_as(data, held)), "check")
        sides = [side for duel in play.duels.values() for side in (duel.real, duel.fake)]
        flat = [tf.reshape(side.logits, [tf.shape(side.logits)[0], -1]) for side in sides]
        return tf.concat(flat, axis=1)

    toys.compiled_agree(said, tf.nest.flatten(data), what="what is judged")


def logs_one_value_per_example(subject: Subject) -> None:
    """``observe``, where it is defined."""
    made = _game(subject)
    play = made.play(_batch(subject, 5), "check")
    for name, values in made.encounter.observe(play).items():
        if tuple(getattr(values, "shape", ())) != (5,):
            fail(
                f"it logs {name!r} as {values!r:.80}; one value for each of 5 examples was expected"
            )


def goes_on_where_it_was(subject: Subject) -> None:
    """A short game that is interrupted ends as one that is not."""
    toys.resumes(lambda: _game(subject), _data(subject, 8))


def plays_a_short_game(subject: Subject) -> None:
    """Every network that should move does, and nothing becomes NaN."""
    toys.trained(_game(subject), _data(subject, 16))


class _Reaching(Penalty):
    """‖what a network returns‖², for networks that other terms are to reach."""

    once = True

    def __init__(self, player: str, networks: list[str], trial: Trial):
        self.player, self.networks, self._trial = player, networks, trial

    def __call__(self, play: Play) -> tf.Tensor:
        """Its values, float32 ``[4]``."""
        total = tf.zeros([4])
        for name in self.networks:
            role = play._role(name)
            given = {key: self._trial.values(space, 4) for key, space in role.takes.items()}
            for values in tf.nest.flatten(play.call(name, **given)):
                total += tf.reduce_sum(tf.reshape(values, [4, -1]) ** 2, axis=1)
        return total


class _NoExamples(Batch):
    """Stand for the batch outside of a round: it has the fields that were drawn, no examples."""

    def __getattribute__(self, name: str) -> Any:
        if name in ("examples", "side"):
            fail(
                f"sample() reads the batch's {name}, which there are none of outside of a round",
                hint="let a condition draw what it needs, scene.told(name), or say `sample = None`",
            )
        return super().__getattribute__(name)


def _made(subject: Subject) -> Encounter:
    made: Encounter = made_of(subject)
    return made


def _game(subject: Subject, *, filled: bool = True) -> AdversarialGame:
    """A game with the encounter, by a loss that reads both sides.

    Networks that do not take part in a play are reached by a term of their own.
    """
    trial, encounter = Trial(subject.example), _made(subject)
    made = toys.game(trial, told=_told(subject), encounter=encounter)
    if not filled:
        return made
    called = _called_in_a_play(subject)
    terms = []
    for player in ("generator", "discriminator"):
        idle = [name for name in made._networks_of(player) if name not in called]
        if idle:
            terms.append(_Reaching(player, idle, trial))
    if not terms:
        return made
    return toys.game(trial, told=_told(subject), encounter=_made(subject), penalties=terms)


def _called_in_a_play(subject: Subject) -> set[str]:
    made, play = _play(subject, 4)
    duels = check_duels(made.encounter.meet(play))
    return {*play._called, *(duel.judge for duel in duels.values())}


def _called_to_sample(subject: Subject) -> set[str]:
    made = _game(subject, filled=False)
    if made.encounter.sample is None:
        return set()
    scene = _scene_outside(subject, made, 4)
    made.encounter.sample(scene)
    return {*scene._called}


def _play(subject: Subject, n: int) -> tuple[AdversarialGame, Play]:
    made = _game(subject, filled=False)
    return made, Play(made.cast, _batch(subject, n), Draw(1, 3), "check")


def _scene_outside(subject: Subject, made: AdversarialGame, n: int) -> Scene:
    made.kept = _batch(subject, 8)
    told: Mapping[str, Any] = {k: tf.constant(v) for k, v in made.draw_told(n, seed=1).items()}
    known = batch_of(told)
    batch = _NoExamples(tf.zeros([n]), known.fields, known.streams)
    return Scene(made.cast, batch, Draw(1, 0), "sample", training=False, told=told)


def _told(subject: Subject) -> tuple[str, ...]:
    """What G is told: the fields that its example describes."""
    return tuple(name for name in subject.example.get("fields", {}) if not stream_of(name))


def _batch(subject: Subject, n: int) -> Batch:
    return Trial(subject.example).batch(n, _told(subject), streams=_streams(subject))


def _data(subject: Subject, n: int) -> Any:
    return Trial(subject.example).data(n, _told(subject), streams=_streams(subject))


def _streams(subject: Subject) -> dict[str, tuple[str, ...]]:
    made = _made(subject)
    return gather_streams((made,), made.roles)


def _held(side: Side) -> list[np.ndarray]:
    return [np.asarray(value) for value in side._held().values()]
