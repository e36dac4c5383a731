"""Checks of losses."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from ..game import AdversarialGame, Loss, Side
from ..game.state import find_variables
from . import toys
from .building import game_context
from .declared import check_declared
from .failure import fail
from .numerics import finite_gradient, per_example, same_gradient, tensor
from .subject import Subject
from .trial import Trial

EXTREMES = (-1000.0, 1000.0)
"""Logits that a discriminator may return when a game goes badly; energies are the latter and 0."""
OF = {"real": "x", "fake": "G(z)"}


def declares_what_it_needs(subject: Subject) -> None:
    """What the component says that it reads, or calls, it does."""
    check_declared(subject, _made(subject))


def returns_one_value_per_example(subject: Subject) -> None:
    """For both players, for a batch and for a single example."""
    loss = _made(subject)
    for n in (5, 1):
        real, fake = _outputs(subject, loss, n)
        for player, compute in _players(loss).items():
            per_example(compute(real, fake), n, f"{player}()", _form(subject))


def is_finite_at_extreme_outputs(subject: Subject) -> None:
    """Values and gradients, where D is as sure as can be, rightly or wrongly."""
    loss, side = _made(subject), _sides(subject, 2)
    for sure_of_real in EXTREMES:
        for sure_of_fake in EXTREMES:
            real = {
                name: _extreme(name, value, sure_of_real) for name, value in _raw(subject, loss, 1)
            }
            fake = {
                name: _extreme(name, value, sure_of_fake) for name, value in _raw(subject, loss, 2)
            }
            for player, compute in _players(loss).items():
                who = f"{player}() where D says {sure_of_real:g} of x, {sure_of_fake:g} of G(z)"
                with tf.GradientTape(persistent=True) as tape:
                    tape.watch([*real.values(), *fake.values()])
                    values = compute(side(real), side(fake))
                per_example(values, 2, who, _form(subject))
                for x in [*real.values(), *fake.values()]:
                    finite_gradient(tape.gradient(values, x), who)


def has_the_gradient_of_its_values(subject: Subject) -> None:
    """Against finite differences in everything that D said."""
    loss = _made(subject)
    real = {name: tf.Variable(value) for name, value in _raw(subject, loss, 3, n=4)}
    fake = {name: tf.Variable(value) for name, value in _raw(subject, loss, 4, n=4)}
    points, side = [*real.values(), *fake.values()], _sides(subject, 4)
    for player, compute in _players(loss).items():

        def value(compute: Callable[..., Any] = compute) -> tf.Tensor:
            return tf.reduce_sum(compute(side(real), side(fake)))

        with tf.GradientTape() as tape:
            total = value()
        same_gradient(value, points, tape.gradient(total, points), f"{player}()")


def gives_each_player_something_to_do(subject: Subject) -> None:
    """D's loss depends on what D said, and G's on what D said of G(z), with a gradient."""
    loss, side = _made(subject), _sides(subject, 16)
    watched = {"discriminator": ("real", "fake"), "generator": ("fake",)}
    for player, compute in _players(loss).items():
        moves, depends = set(), set()
        for scale in (0.1, 1.0, 30.0):
            said = {
                which: {k: tf.constant(v) for k, v in _raw(subject, loss, 5 + i, 16, scale)}
                for i, which in enumerate(("real", "fake"))
            }
            with tf.GradientTape(persistent=True) as tape:
                tape.watch(said)
                values = compute(side(said["real"]), side(said["fake"]))
            for which in watched[player]:
                gradients = tape.gradient(values, list(said[which].values()))
                if any(g is not None and bool(tf.reduce_any(g != 0)) for g in gradients):
                    moves.add(which)
                others = {**said, which: dict(_raw(subject, loss, 9, 16, scale))}
                if np.any(values != compute(side(others["real"]), side(others["fake"]))):
                    depends.add(which)
        if not moves:
            sides = " and ".join(OF[which] for which in watched[player])
            fail(
                f"{player}() has gradient 0 everywhere: the {player} would not move",
                hint=f"it depends on what D says of {sides}, by operations that have a gradient",
            )
        for which in sorted(depends - moves):
            fail(
                f"{player}() depends on what D said of {OF[which]}, and has gradient 0 in it",
                hint="tf.stop_gradient, rounding and NumPy let no gradient through",
            )


def follows_the_examples(subject: Subject) -> None:
    """A batch that begins with another example has the same values, in that order.

    They may depend on the rest of the batch, on its mean or on neighbours, not on the place.
    """
    loss, side = _made(subject), _sides(subject, 5)
    order = np.array([1, 2, 3, 4, 0])
    real, fake = (dict(_raw(subject, loss, seed, n=5)) for seed in (6, 7))
    for player, compute in _players(loss).items():
        values = np.asarray(compute(side(real), side(fake)))
        moved = [side({k: v[order] for k, v in x.items()}, order) for x in (real, fake)]
        if not np.allclose(np.asarray(compute(*moved)), values[order], rtol=1e-4, atol=1e-5):
            fail(
                f"{player}() gives an example another value when the batch is reordered",
                hint="an example's value may depend on the others, not on its place among them",
            )


def gives_equal_values_for_equal_outputs(subject: Subject) -> None:
    """Twice from one object, and from another one."""
    loss, other = _made(subject), _made(subject)
    real, fake = _outputs(subject, loss, 5)
    others = _players(other)  # from the same state, also where it is the same object
    for player, compute in _players(loss).items():
        first = np.asarray(compute(real, fake))
        again = np.asarray(compute(real, fake)), np.asarray(others[player](real, fake))
        if any((values != first).any() for values in again):
            fail(
                f"{player}() returned other values for the same outputs",
                hint="a loss draws no random numbers; a penalty has play.draw for that",
            )


def works_compiled(subject: Subject) -> None:
    """The same values as a graph, for any batch size, and under XLA."""
    loss, side = _made(subject), _sides(subject, 5)
    names = sorted(loss.requires)
    raws = [dict(_raw(subject, loss, seed, n=5)) for seed in (8, 9)]
    for player, compute in _players(loss).items():

        def run(*flat: tf.Tensor, compute: Callable[..., Any] = compute) -> tf.Tensor:
            half = len(flat) // 2
            real = dict(zip(names, flat[:half], strict=True))
            fake = dict(zip(names, flat[half:], strict=True))
            return compute(side(real), side(fake))

        flat = [tf.constant(raw[name]) for raw in raws for name in names]
        toys.compiled_agree(run, flat, what=f"{player}()")


def logs_one_value_per_example(subject: Subject) -> None:
    """``probability`` and ``observe``, where they are defined."""
    loss = _made(subject)
    real, fake = _outputs(subject, loss, 5)
    seen = dict(loss.observe(real, fake))
    if (probability := loss.probability(real)) is not None:
        seen["probability"] = probability
    for name, values in seen.items():
        array = per_example(values, 5, f"{name!r}, which is logged,", _form(subject))
        if name == "probability" and not ((array >= 0) & (array <= 1)).all():
            fail(f"probability() returned {array.tolist()}; numbers in [0, 1] were expected")


def keeps_its_state_in_variables(subject: Subject) -> None:
    """A number kept in Python is lost when a run is resumed, and frozen in a compiled round."""
    loss = _made(subject)
    real, fake = _outputs(subject, loss, 5)
    before = {name: repr(value) for name, value in vars(loss).items() if not _tracked(value)}
    for compute in _players(loss).values():
        compute(real, fake)
    loss.update(real, fake)
    after = {name: repr(value) for name, value in vars(loss).items() if not _tracked(value)}
    changed = [name for name, value in after.items() if before.get(name) != value]
    if changed:
        fail(
            f"using the loss changed its attributes {', '.join(changed)}",
            hint="keep state in variables, attributes made by advnets.game.state, and change it "
            "in update()",
        )


def goes_on_where_it_was(subject: Subject) -> None:
    """A short game that is interrupted ends as one that is not."""
    toys.resumes(lambda: _game(subject), _data(subject, 8))


def plays_a_short_game(subject: Subject) -> None:
    """Both players move, and nothing becomes NaN."""
    toys.trained(_game(subject), _data(subject, 16))


def _game(subject: Subject) -> AdversarialGame:
    loss = _made(subject)
    return toys.game(Trial(subject.example), told=loss.fields, loss=loss)


def _data(subject: Subject, n: int) -> Any:
    return Trial(subject.example).data(n, _made(subject).fields)


def _made(subject: Subject) -> Loss:
    loss = subject.make(context=game_context(subject))
    if not isinstance(loss, Loss):
        fail(f"it makes {type(loss).__name__}, not an advnets.game.Loss")
    return loss


def _players(loss: Loss) -> dict[str, Callable[..., Any]]:
    """Both methods, each beginning with the state that the loss has now."""
    start = [(variable, variable.numpy()) for _, variable in find_variables(loss)]

    def steady(compute: Callable[..., Any], player: str) -> Callable[..., Any]:
        def run(real: Side, fake: Side) -> Any:
            for variable, value in start:
                variable.assign(value)
            return tensor(compute(real, fake), f"{player}()", fake.size)

        return run

    def generator(real: Side, fake: Side) -> Any:
        return loss.generator(real if loss.needs_real else real.having(), fake)

    methods = {"discriminator": loss.discriminator, "generator": generator}
    return {player: steady(compute, player) for player, compute in methods.items()}


def _sides(subject: Subject, n: int) -> Callable[..., Side]:
    """What makes a side of n examples, with fields and latents, of what D said of them."""
    trial, names = Trial(subject.example), _made(subject).fields
    spaces = ("example", "latent", *names)
    held = {space: trial.values(space, n).numpy() for space in spaces}

    def side(said: Mapping[str, Any], order: Any = slice(None)) -> Side:
        return Side(said, **{name: tf.constant(value[order]) for name, value in held.items()})

    return side


def _form(subject: Subject) -> tuple[int, ...]:
    """The shape of one example's logits, or of its energies."""
    trial = Trial(subject.example)
    return trial.word("logits") or trial.word("energy")


def _raw(
    subject: Subject, loss: Loss, seed: int, n: int = 2, scale: float = 1.0
) -> list[tuple[str, np.ndarray]]:
    return list(Trial(subject.example).said(loss.requires, n, seed, scale).items())


def _outputs(subject: Subject, loss: Loss, n: int) -> tuple[Side, Side]:
    side = _sides(subject, n)
    one, other = (side(dict(_raw(subject, loss, seed, n))) for seed in (1, 2))
    return one, other


def _extreme(name: str, value: np.ndarray, extreme: float) -> tf.Tensor:
    if name == "energy":
        extreme = max(extreme, 0.0)
    return tf.fill(value.shape, extreme)


def _tracked(value: Any) -> bool:
    return bool(find_variables(value))
