"""Small smooth networks and games that components are tried in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ..game import (
    AdversarialGame,
    Batch,
    Duel,
    Generated,
    Loss,
    Minimax,
    NonSaturating,
    Play,
    Role,
    Side,
)
from ..game.role import gather_roles
from ..game.scene import Cast
from ..game.state import state_variables
from ..plugins.tracebacks import describe_error
from ..random import Draw
from .failure import fail
from .trial import SIZE, Trial

WIDTH = 6
"""Units of a hidden layer."""
ROUNDS = 12
"""Rounds of a short game."""


def play_of(
    discriminator: Callable[..., Any],
    real: tf.Tensor,
    fake: tf.Tensor,
    *,
    player: str = "discriminator",
    stage: str = "discriminator/0",
    judge_real: bool = True,
    draw: Draw | None = None,
    fields: Mapping[str, tf.Tensor] | None = None,
    takes: Sequence[str] = ("example",),
    streams: Mapping[str, Batch] | None = None,
) -> Play:
    """Return a play of given examples, for a penalty to be tried on.

    Args:
        discriminator: D: examples → logits, or a dictionary; a function will do.
        real: x, ``[N, ...]``.
        fake: What stands for G(z), ``[N, ...]``.
        player: Whose term is tried.
        stage: The part of the round.
        judge_real: Whether D judges x as well.
        draw: The random numbers of the round.
        fields: Of both sides, by name.
        takes: What D takes; with more than the example, it is called with a dictionary.
        streams: Batches of streams, by name.

    >>> play = play_of(lambda x: tf.reduce_sum(x, 1), tf.ones([2, 3]), tf.zeros([2, 3]))
    >>> play.real.logits.numpy(), play.fake.critic(tf.ones([1, 3])).logits.numpy()
    (array([3., 3.], dtype=float32), array([3.], dtype=float32))
    """

    def network(x: Any, training: bool) -> Any:
        return discriminator(x)

    called = discriminator if isinstance(discriminator, keras.Model) else network
    roles = {"discriminator": Role(tuple(takes), "logits")}
    cast = Cast({"discriminator": called}, roles, {}, None)
    play = Play(cast, Batch(real, fields or {}, streams or {}), draw or Draw(1, 0), stage)
    one, other = (Side(example=x, **(fields or {})) for x in (real, fake))
    play.meet({"": Duel(one, other)}, judge_real=judge_real, together=False)
    return play.for_player(player)


class EnergyGap(Loss):
    """E(x) + [1 − E(G(z))]⁺ and E(G(z)): to play with networks that return an energy."""

    requires = ("energy",)

    def discriminator(self, real: Side, fake: Side) -> tf.Tensor:
        """E(x) + [1 − E(G(z))]⁺."""
        return real.energy + tf.nn.relu(1.0 - fake.energy)

    def generator(self, real: Side, fake: Side) -> tf.Tensor:
        """E(G(z))."""
        return fake.energy


def examples(n: int, shape: tuple[int, ...] = (SIZE,), seed: int = 0) -> tf.Tensor:
    """Data: n examples of N(0, 1), float32."""
    return tf.constant(np.random.default_rng(seed).normal(size=(n, *shape)), tf.float32)


def network(
    name: str,
    role: Role,
    trial: Trial | None = None,
    words: Iterable[str] = (),
    told: Iterable[str] = (),
    seed: int = 1,
) -> keras.Model:
    """A network for a role, smooth in what it takes and in its weights.

    Args:
        name: Its name.
        role: What it takes and gives; one that gives logits returns a dictionary.
        trial: What examples and fields look like.
        words: What a discriminator says.
        told: Fields that it takes besides.
        seed: Of its weights.
    """
    trial = trial or Trial()
    spaces = {**role.takes, **{field: field for field in told if field not in role.takes}}
    fields = {key: trial.field(space) for key, space in spaces.items()}
    inputs = {
        key: keras.Input(one.shape, dtype="int64" if one.classes else "float32", name=key)
        for key, one in fields.items()
    }
    flat = []
    for key, one in fields.items():
        x = keras.ops.one_hot(inputs[key], one.classes) if one.classes else inputs[key]
        flat.append(keras.layers.Reshape((int(np.prod(x.shape[1:])),))(x))
    hidden = _dense(WIDTH, seed, "tanh")(
        keras.layers.Concatenate()(flat) if len(flat) > 1 else flat[0]
    )
    shapes: dict[str, tuple[int, ...]] = {}
    if role.kind == "discriminator":
        shapes = {word: trial.word(word) for word in sorted({*words} or {"logits"})}
    else:
        for key, space in (role.gives or {name: (WIDTH,)}).items():
            one = trial.field(space)
            shapes[key] = (*one.shape, one.classes) if one.classes else one.shape
    outputs = {
        key: keras.layers.Reshape(shape)(
            _dense(int(np.prod(shape)), seed + 1 + index, "softplus" if key == "energy" else None)(
                hidden
            )
        )
        for index, (key, shape) in enumerate(shapes.items())
    }
    alone = len(outputs) == 1 and role.kind != "discriminator"
    return keras.Model(
        inputs if len(inputs) > 1 else next(iter(inputs.values())),
        next(iter(outputs.values())) if alone else outputs,
        name=name,
    )


def game(
    trial: Trial | None = None,
    told: Iterable[str] = (),
    discriminator_told: Iterable[str] = (),
    **options: Any,
) -> AdversarialGame:
    """A compiled game; whatever is not given is a toy that suits the rest.

    Args:
        trial: What examples and fields look like.
        told: Fields that the generator is told.
        discriminator_told: Fields that the discriminator is told.
        **options: Of :class:`advnets.game.AdversarialGame`; networks by name.
    """
    trial = trial or Trial()
    encounter = options.pop("encounter", None) or trial.encounter()
    # What makes the real side learns by a loss that reads it.
    plain = Minimax() if type(encounter) is Generated else BothSides()
    loss = options.pop("loss", None) or plain
    penalties = options.pop("penalties", ())
    roles = gather_roles(encounter, penalties)
    terms = (*penalties, *options.get("augmentations", ()))
    words = {*loss.requires}.union(*(term.requires for term in terms))
    more = {"generator": told, "discriminator": discriminator_told}
    made = {
        name: options.pop(name, None)
        or network(name, role, trial, words, more.get(name, ()), 1 + 4 * index)
        for index, (name, role) in enumerate(roles.items())
    }
    built = AdversarialGame(
        made.pop("generator"),
        made.pop("discriminator"),
        networks=made,
        loss=loss,
        encounter=encounter,
        penalties=penalties,
        **options,
    )
    built.compile(keras.optimizers.Adam(1e-3), keras.optimizers.Adam(1e-3))
    return built


class BothSides(NonSaturating):
    """The non-saturating loss, by which networks that make the real side move as well."""

    needs_real = True

    def generator(self, real: Side, fake: Side) -> tf.Tensor:
        """−log D(G(z)) − log(1 − D(x))."""
        return tf.nn.softplus(-fake.logits) + tf.nn.softplus(real.logits)


def play(made: AdversarialGame, data: Any, rounds: int = ROUNDS) -> dict[str, float]:
    """Play a short compiled game on the same data every round; what the last one logged.

    Fails if anything logged, or a weight of any network, is not finite.
    """
    step = tf.function(made.train_step, autograph=False)
    logs: dict[str, float] = {}
    for number in range(1, rounds + 1):
        logs = {name: float(value) for name, value in step(data).items()}
        bad = [name for name, value in logs.items() if not np.isfinite(value)]
        if bad:
            fail(
                f"in round {number} of a short game {', '.join(sorted(bad))} became NaN or infinite"
            )
    for name, network in made.networks.items():
        if not all(np.isfinite(weight).all() for weight in network.get_weights()):
            fail(f"after {rounds} rounds of a short game the {name} has weights of NaN")
    return logs


def trained(
    made: AdversarialGame, data: Any, moved: Iterable[str] | None = None
) -> dict[str, float]:
    """:func:`play`, and fail if a network stood still: one of those named, or that should move."""
    if moved is None:
        moved = [name for name, role in made.roles.items() if role.player is not None]
    before = {name: made.networks[name].get_weights() for name in moved}
    logs = play(made, data)
    for name, weights in before.items():
        after = made.networks[name].get_weights()
        if weights and all((a == b).all() for a, b in zip(weights, after, strict=True)):
            fail(f"in a short game the {name}'s weights did not move")
    return logs


def resumes(make: Callable[[], AdversarialGame], data: Any) -> None:
    """Fail if rounds that are interrupted and gone on with are not those played in one go.

    All that is kept between the parts is what a checkpoint has. The rounds are played eagerly,
    so that a random number which a graph would hold fixed is another one in each.

    Args:
        make: Makes the game, with new components.
        data: Of each round.
    """

    def played(rounds: int, start: dict[str, np.ndarray] | None = None) -> Any:
        made = make()
        variables = state_variables(made)
        for name, value in (start or {}).items():
            variables[name].assign(value)
        first = {name: variable.numpy() for name, variable in variables.items()}
        for _ in range(rounds):
            made.train_step(data)
        return first, {name: variable.numpy() for name, variable in variables.items()}

    start, straight = played(2)
    _, half = played(1, start)
    _, resumed = played(1, half)
    other = [name for name, value in straight.items() if not (value == resumed[name]).all()]
    if other:
        where = ", ".join(dict.fromkeys(name.partition("/")[0] for name in other))
        fail(
            "interrupted after 1 of 2 rounds, and gone on with from its variables, a short game "
            f"ends with another {where}",
            hint="take random numbers from the draw, neither from tf.random nor from NumPy, and "
            "keep what is remembered in variables, attributes made by advnets.game.state, in "
            "layers by add_weight(…, trainable=False)",
        )


def compiled_agree(compute: Callable[..., Any], arguments: list[tf.Tensor], *, what: str) -> None:
    """Fail if a computation gives something else, or fails, as a graph or under XLA.

    Args:
        compute: Takes the arguments, returns a tensor.
        arguments: Batches; the graph is traced for batches of unknown size.
        what: What it computes, for the message.
    """
    expected = np.asarray(compute(*arguments))
    signature = [tf.TensorSpec([None, *a.shape[1:]], a.dtype) for a in arguments]
    modes = {
        "as a graph, for batches of unknown size": tf.function(
            compute, input_signature=signature, autograph=False
        ),
        "compiled with XLA": tf.function(compute, jit_compile=True, autograph=False),
    }
    for mode, function in modes.items():
        try:
            seen = np.asarray(function(*arguments))
        except Exception as error:
            fail(
                f"{what} fails {mode}: {describe_error(error)}",
                hint="use TensorFlow's operations on tensors, no numpy, no Python conditions",
            )
        if seen.shape != expected.shape or not np.allclose(seen, expected, rtol=1e-3, atol=1e-4):
            fail(f"{what} is {_short(seen)} {mode}, {_short(expected)} when run eagerly")


def _short(array: np.ndarray) -> str:
    return np.array2string(array.ravel()[:4], precision=4, separator=", ")


def _dense(units: int, seed: int, activation: str | None = None) -> keras.layers.Dense:
    start = keras.initializers.RandomNormal(0.0, 0.7, seed=seed)
    offset = keras.initializers.RandomNormal(0.0, 0.3, seed=seed + 100)
    return keras.layers.Dense(units, activation, kernel_initializer=start, bias_initializer=offset)
