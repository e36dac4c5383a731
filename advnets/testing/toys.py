"""Small smooth networks and games that components are tried in."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ..game import AdversarialGame, Batch, Duel, Loss, Minimax, Play, Role, Side
from ..game.scene import Cast
from ..random import Draw
from .failure import fail

LATENT, SIZE, WIDTH = 3, 2, 6
"""Latent dimensions, numbers in an example, and units of a hidden layer."""
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

    >>> play = play_of(lambda x: tf.reduce_sum(x, 1), tf.ones([2, 3]), tf.zeros([2, 3]))
    >>> play.real.logits.numpy(), play.fake.critic(tf.ones([1, 3])).logits.numpy()
    (array([3., 3.], dtype=float32), array([3.], dtype=float32))
    """

    def network(x: Any, training: bool) -> Any:
        return discriminator(x)

    called = discriminator if isinstance(discriminator, keras.Model) else network
    roles = {"discriminator": Role(tuple(takes), "logits")}
    cast = Cast({"discriminator": called}, roles, {}, None)
    play = Play(cast, Batch(real, fields or {}), draw or Draw(1, 0), stage)
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


def said(names: Iterable[str], n: int, seed: int = 0, scale: float = 1.0) -> dict[str, np.ndarray]:
    """What some discriminator might say of n examples: float32 arrays by name."""
    draw = np.random.default_rng(seed)
    shapes: dict[str, tuple[int, ...]] = {"logits": (), "energy": (), "reconstruction": (SIZE,)}
    arrays = {name: draw.normal(size=(n, *shapes.get(name, (4,)))) * scale for name in names}
    if "energy" in arrays:
        arrays["energy"] = np.abs(arrays["energy"])
    return {name: array.astype("float32") for name, array in arrays.items()}


def generator(shape: tuple[int, ...] = (SIZE,), seed: int = 1) -> keras.Model:
    """z ``[N, 3]`` → ``[N, *shape]``."""
    inputs = keras.Input((LATENT,))
    x = _dense(WIDTH, seed, "tanh")(inputs)
    x = _dense(int(np.prod(shape)), seed + 1)(x)
    return keras.Model(inputs, keras.layers.Reshape(shape)(x), name="generator")


def discriminator(
    names: Iterable[str] = ("logits",), shape: tuple[int, ...] = (SIZE,), seed: int = 5
) -> keras.Model:
    """``[N, *shape]`` → a dictionary with the given names, smooth in input and weights."""
    inputs = keras.Input(shape)
    x = keras.layers.Reshape((int(np.prod(shape)),))(inputs)
    hidden = _dense(WIDTH, seed, "tanh")(x)
    outputs = {}
    for index, name in enumerate(sorted(names)):
        start = seed + 1 + index
        if name == "logits":
            outputs[name] = keras.layers.Reshape(())(_dense(1, start)(hidden))
        elif name == "energy":
            outputs[name] = keras.layers.Reshape(())(_dense(1, start, "softplus")(hidden))
        elif name == "reconstruction":
            out = _dense(int(np.prod(shape)), start)(hidden)
            outputs[name] = keras.layers.Reshape(shape)(out)
        else:
            outputs[name] = _dense(4, start)(hidden)
    return keras.Model(inputs, outputs, name="discriminator")


def game(**options: Any) -> AdversarialGame:
    """A compiled game; whatever is not given is a toy that suits the rest."""
    loss = options.pop("loss", None) or Minimax()
    names = {*loss.requires}
    for penalty in options.get("penalties", ()):
        names |= set(penalty.requires)
    made = AdversarialGame(
        options.pop("generator", None) or generator(),
        options.pop("discriminator", None) or discriminator(names),
        loss=loss,
        **options,
    )
    made.compile(keras.optimizers.Adam(1e-3), keras.optimizers.Adam(1e-3))
    return made


def play(made: AdversarialGame, data: tf.Tensor, rounds: int = ROUNDS) -> dict[str, float]:
    """Play a short compiled game on the same data every round; what the last one logged.

    Fails if anything logged, or a weight of either player, is not finite.
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
    for player in (made.generator, made.discriminator):
        if not all(np.isfinite(weight).all() for weight in player.get_weights()):
            fail(f"after {rounds} rounds of a short game the {player.name} has weights of NaN")
    return logs


def trained(made: AdversarialGame, data: tf.Tensor, moved: Iterable[str]) -> dict[str, float]:
    """:func:`play`, and fail if one of the players named in ``moved`` stood still."""
    before = {player: getattr(made, player).get_weights() for player in moved}
    logs = play(made, data)
    for player, weights in before.items():
        after = getattr(made, player).get_weights()
        if all((a == b).all() for a, b in zip(weights, after, strict=True)):
            fail(f"in a short game the {player}'s weights did not move")
    return logs


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
                f"{what} fails {mode}: {type(error).__name__}: {str(error).splitlines()[0]}",
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
