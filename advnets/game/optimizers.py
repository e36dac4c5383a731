"""Take Keras's optimizers for the players, and show them to callbacks as one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf

from ..distribute.replicas import replicas
from ..errors import UsageError
from ..optimizers import Momentum
from ..optimizers.schedules import OfRound, Scaled
from . import batch

if TYPE_CHECKING:
    from .players import Players


def parts(optimizers: Mapping[str, keras.optimizers.Optimizer]) -> dict[str, Any]:
    """Return the optimizers that move variables, by name: of a ``MultiOptimizer`` those that it
    is made of, ``generator.0``, ``generator.1``, …
    """
    found: dict[str, Any] = {}
    for name, optimizer in optimizers.items():
        if isinstance(optimizer, keras.optimizers.MultiOptimizer):
            found |= {f"{name}.{i}": one for i, one in enumerate(optimizer.optimizers)}
        else:
            found[name] = optimizer
    return found


def adopt(
    optimizers: Mapping[str, keras.optimizers.Optimizer],
    variables: Mapping[str, Sequence[Any]],
    rounds: tf.Variable,
) -> dict[str, tf.Variable]:
    """Build the players' optimizers, and have them take gradients that are summed already.

    Args:
        optimizers: By name.
        variables: What each of them moves.
        rounds: The rounds that were played, which rates that are functions of it follow.

    Returns:
        What learning rates that are schedules are multiplied by, 1 at first, by name.

    Raises:
        UsageError: If an optimizer or one of its options does not do here what it says.
    """
    for name, optimizer in parts(optimizers).items():
        _refuse_unfit(name, optimizer)
        refuse_rate(name, optimizer)
    for name, optimizer in optimizers.items():
        optimizer.build(list(variables[name]))
        try:
            optimizer._check_variables_are_known(variables[name])
        except ValueError as error:
            raise UsageError(
                f"the optimizer of the {name} was built for other variables than it is to move",
                where=f"optimizers.{name}",
                hint="make a new one",
            ) from error
    each = parts(optimizers)  # some make theirs when they are built
    if len({id(one) for one in each.values()}) < len(each):
        raise UsageError("the players share one optimizer", hint="make one for each")
    factors: dict[str, tf.Variable] = {}
    for name, optimizer in each.items():
        _refuse_unfit(name, optimizer)
        batch.take_reduced_gradients(optimizer)
        if isinstance(optimizer, Momentum):
            optimizer.follow(rounds)
        rate = optimizer._learning_rate  # `learning_rate` is its present value
        if isinstance(rate, keras.optimizers.schedules.LearningRateSchedule):
            known = rate if isinstance(rate, Scaled) else Scaled(rate)  # one that was loaded, say
            optimizer.learning_rate = rate = Scaled(known.schedule, _factor(known.factor))
            factors[name] = rate.factor
            if isinstance(known.schedule, OfRound):
                known.schedule.follow(rounds)
    return factors


def refuse_rate(name: str, optimizer: Any, least: float | None = None) -> None:
    """Refuse a learning rate that moves nothing, or away, or makes all weights NaN.

    Args:
        name: Of the optimizer.
        optimizer: A schedule is not asked.
        least: The least rate that is taken; by default any above 0.

    Raises:
        UsageError: With the rate.
    """
    rate = optimizer._learning_rate
    if callable(rate):
        return
    value = float(tf.convert_to_tensor(rate))  # on replicas it is several
    if not (np.isfinite(value) and (value > 0 if least is None else value >= least)):
        raise UsageError(
            f"the learning rate of the {name} is {value:g}; a number above 0 was expected",
            where=f"optimizers.{name}",
            hint="1e-4 to 1e-2 are usual for Adam; to hold a player's layers still, "
            "layer.trainable = False before `compile`",
        )


def _refuse_unfit(name: str, optimizer: Any) -> None:
    """Refuse what would silently do something else than it says, or fail in a round."""
    if isinstance(optimizer, keras.optimizers.LossScaleOptimizer):
        what = "LossScaleOptimizer divides gradients by a scale that a game's losses do not have"
        hint = (
            f"give its {type(optimizer.inner_optimizer).__name__} itself: a game whose networks "
            "compute in float16 scales each player's loss, and skips steps that overflow"
        )
    elif optimizer.loss_scale_factor is not None:
        what = "loss_scale_factor divides gradients by a scale that a game's losses do not have"
        hint = "leave it out: a game whose networks compute in float16 scales each player's loss"
    elif callable(optimizer._learning_rate) and not isinstance(
        optimizer._learning_rate, keras.optimizers.schedules.LearningRateSchedule
    ):
        what = "its learning_rate is a function, which a compiled round would call once for all"
        hint = "a keras LearningRateSchedule is a function of the player's moves"
    elif replicas() > 1 and (option := _not_on_replicas(optimizer)):
        what = f"Keras applies {option} on one replica only, and this game has {replicas()}"
        hint = "leave it out, or play on one device"
        if option == "use_ema":
            hint = "GeneratorAverage keeps averages on any number of replicas"
    else:
        return
    raise UsageError(
        f"the optimizer of the {name}, {type(optimizer).__name__}, cannot be used: {what}",
        where=f"optimizers.{name}",
        hint=hint,
    )


def _not_on_replicas(optimizer: Any) -> str:
    options = ("use_ema", "gradient_accumulation_steps")
    return next((option for option in options if getattr(optimizer, option)), "")


def _factor(value: tf.Variable) -> tf.Variable:
    """Make a variable of the value of another, the same on all replicas."""
    same = tf.VariableAggregation.ONLY_FIRST_REPLICA
    return tf.Variable(value.numpy(), trainable=False, aggregation=same, dtype=tf.float32)


class PlayerOptimizer:
    """Show one optimizer under the name of what it moves.

    All but these two is the optimizer's own.

    Attributes:
        name: ``generator``, ``discriminator``, or a network with an optimizer of its own.
        learning_rate: The rate of the coming move, which may be assigned. Where it is a schedule,
            the whole schedule is scaled so that it has that value now.
    """

    name: str

    def __init__(self, name: str, optimizer: keras.optimizers.Optimizer):
        self.__dict__.update(name=name, _optimizer=optimizer)

    @property
    def learning_rate(self) -> Any:
        """The rate of the coming move."""
        return self._optimizer.learning_rate

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        rate = self._optimizer._learning_rate
        if not isinstance(rate, Scaled):
            self._optimizer.learning_rate = value
            return
        now = float(self._optimizer.learning_rate)
        if now == 0.0:
            raise UsageError(
                f"the learning rate of the {self.name} is to be {float(value):g}, but its schedule "
                "is at 0, which no factor changes",
                where=f"optimizers.{self.name}",
                hint="give a number as its learning rate",
            )
        rate.factor.assign(rate.factor * (float(value) / now))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__dict__["_optimizer"], name)

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "learning_rate":
            object.__setattr__(self, name, value)  # by the property
        else:
            setattr(self._optimizer, name, value)


class PlayersOptimizer:
    """Stand where Keras has a model's one optimizer: ``game.optimizer``, for callbacks.

    Keras's callbacks look for ``optimizers``, and treat each of them by itself: a learning rate
    that is halved is halved for each player, from its own.

    Args:
        game: The game.
        only: Names of the optimizers that are shown; all by default.

    >>> networks = [keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)]) for _ in "GD"]
    >>> from advnets.game import AdversarialGame
    >>> game = AdversarialGame(*networks)
    >>> game.compile(keras.optimizers.SGD(0.5), keras.optimizers.SGD(0.25))
    >>> [(each.name, float(each.learning_rate)) for each in game.optimizer.optimizers]
    [('generator', 0.5), ('discriminator', 0.25)]
    >>> game.optimizer.learning_rate = 0.125
    >>> float(game.optimizer.learning_rate), float(game.generator_optimizer.learning_rate)
    (0.125, 0.125)
    """

    __slots__ = ("_game", "_only")
    built = True

    def __init__(self, game: Players, only: Sequence[str] | None = None):
        self._game, self._only = game, only

    @property
    def optimizers(self) -> list[PlayerOptimizer]:
        """Each optimizer by itself, under the name of what it moves."""
        shown = {
            name: one
            for name, one in self._game.optimizers.items()
            if self._only is None or name in self._only
        }
        return [PlayerOptimizer(name, one) for name, one in parts(shown).items()]

    @property
    def variables(self) -> list[keras.Variable]:
        """The variables of all of them."""
        return [variable for each in self.optimizers for variable in each.variables]

    @property
    def iterations(self) -> keras.Variable:
        """The rounds that were played."""
        return self._game.rounds

    @property
    def learning_rate(self) -> Any:
        """The rate that all have, which may be assigned.

        Raises:
            UsageError: If they have several.
        """
        found = {each.name: each.learning_rate for each in self.optimizers}
        if len({float(rate) for rate in found.values()}) > 1:
            listed = ", ".join(f"{name} {float(rate):g}" for name, rate in found.items())
            raise UsageError(
                f"a game has no one learning rate: {listed}",
                hint="`optimizer.optimizers` holds each by itself, as generator_optimizer and "
                "discriminator_optimizer do",
            )
        return next(iter(found.values()))

    @learning_rate.setter
    def learning_rate(self, value: Any) -> None:
        for each in self.optimizers:
            each.learning_rate = value


class _Seen:
    """Show a game to a callback with some of its optimizers; all else is the game's own."""

    def __init__(self, game: Players, only: Sequence[str]):
        self.__dict__.update(_game=game, optimizer=PlayersOptimizer(game, only))

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__dict__["_game"], name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(self._game, name, value)


def for_player(callback: keras.callbacks.Callback, player: str) -> keras.callbacks.Callback:
    """Have a Keras callback act on the learning rate of one player alone.

    In ``fit`` as in a run: what the callback finds as ``model.optimizer`` is that player's.

    Args:
        callback: ``LearningRateScheduler``, ``ReduceLROnPlateau``, ``SwapEMAWeights``, or one of
            your own that reads ``self.model.optimizer``.
        player: ``generator``, ``discriminator``, or a further network that has an optimizer of
            its own.

    Returns:
        The same callback.

    Raises:
        UsageError: When it is attached to a game that has no such optimizer.

    >>> halve = keras.callbacks.LearningRateScheduler(lambda epoch, rate: rate / 2)
    >>> for_player(halve, "discriminator") is halve
    True
    """
    attach = callback.set_model

    def set_model(game: Any) -> None:
        if player not in game.optimizers:
            raise UsageError(
                f"{type(callback).__name__} is for {player!r}, which has no optimizer in this game",
                hint=f"there are {', '.join(game.optimizers)}",
            )
        attach(_Seen(game, [player]))

    callback.set_model = set_model
    return callback
