"""Find every variable that training can change, and name it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf

from ..data import Source
from ..networks.weights import named_weights
from ..schedule import Scheduled
from .configured import MADE_WITH
from .role import PLAYERS

if TYPE_CHECKING:
    from .game import AdversarialGame

UNNAMED = re.compile(r"[Vv]ariable(_\d+)?")
"""What variables are called that nobody gave a name; Keras counts those of a process."""
LIBRARIES = {"builtins", "keras", "numpy", "pydantic", "tensorflow"}
"""Packages whose objects are not looked into, but for those of Keras that tell their variables."""
HOLDERS = (keras.layers.Layer, keras.metrics.Metric, keras.optimizers.Optimizer, tf.Module)
GENERATORS = (keras.random.SeedGenerator, tf.random.Generator)
PLAIN_HELD = (tf.Variable, Scheduled)
"""What is looked for among the attributes of these, which do not tell of it."""
CONTAINERS = (Mapping, list, tuple)
"""What may hold more of it there."""
LEAVES = (str, bytes, bool, int, float, np.ndarray, tf.Tensor, Source)


def state(value: Any, dtype: Any = None) -> tf.Variable:
    """Make a variable for the state of a component: the same on all replicas, not trained.

    Hold it as an attribute of the component: it is then saved, restored and hashed with the
    run. Under several replicas an assignment takes the first one's value, so what is assigned
    must be the same on all of them (:func:`advnets.game.global_mean`).

    Args:
        value: Its first value, an array or a number.
        dtype: Its type; that of the value by default.

    >>> weight = state(0.5)
    >>> float(weight.assign_add(0.25)), weight.trainable
    (0.75, False)
    """
    same = tf.VariableAggregation.ONLY_FIRST_REPLICA
    return tf.Variable(value, trainable=False, dtype=dtype, aggregation=same)


def state_variables(game: AdversarialGame) -> dict[str, tf.Variable]:
    """Return the variables that training can change: networks, optimizers, the round; whatever
    is found on the game's components (:func:`find_variables`); the averages of weights where
    they are kept, the players' loss scales where they compute in float16, and the factors of
    learning rates that follow a schedule.

    Args:
        game: A compiled game.

    Returns:
        Variables by a name that depends only on how the game was built, such as
        ``generator/0002/kernel`` or ``penalties.0/0000/gamma``.
    """
    named: dict[str, tf.Variable] = {"rounds": game.rounds.value}
    networks = {
        name if name in PLAYERS else f"networks.{name}": network
        for name, network in game.networks.items()
    }
    networks |= {f"averaged_{name}": each.network for name, each in game.averages.items()}
    for group, network in networks.items():
        for index, variable in enumerate(network.variables):
            named[f"{group}/{index:04d}/{_own_name(variable)}"] = variable.value
    for name, optimizer in (game.optimizers if game.compiled else {}).items():
        # No names: Keras counts the layers of a process into those of optimizers' variables.
        for index, variable in enumerate(optimizer.variables):
            named[f"{name}_optimizer/{index:04d}"] = variable.value
    known = {id(variable) for variable in named.values()}
    for path, component in game.components().items():
        found = [each for each in find_variables(component) if id(each[1]) not in known]
        known |= {id(variable) for _, variable in found}
        for index, (name, variable) in enumerate(found):
            named[f"{path}/{index:04d}/{name}"] = variable
    for player, scale in game.loss_scales.items():
        named[f"loss_scale/{player}/scale"] = scale.scale
        named[f"loss_scale/{player}/good_steps"] = scale.good_steps
    for player, factor in game.rate_factors.items():
        named[f"learning_rate_factor/{player}"] = factor
    return named


def weight_names(game: AdversarialGame) -> dict[str, dict[str, str]]:
    """Return what the weights of a game's networks are called in :func:`state_variables`.

    Returns:
        For each network, by its name, the name of a variable for each Keras path.
    """
    found = {}
    for name, network in game.networks.items():
        group = name if name in PLAYERS else f"networks.{name}"
        places = {
            id(variable): f"{group}/{index:04d}/{_own_name(variable)}"
            for index, variable in enumerate(network.variables)
        }
        found[name] = {path: places[id(one)] for path, one in named_weights(network).items()}
    return found


def find_variables(component: Any) -> list[tuple[str, tf.Variable]]:
    """Find the variables that an object holds, in the order of its attributes, each once.

    Attributes are followed through lists, tuples, mappings, Keras layers and plain objects; not
    into functions, classes, modules and data.

    Returns:
        Each variable, and its name: its own, else that of the attribute.

    >>> class Penalty:
    ...     def __init__(self):
    ...         self.weights = [state(1.0), tf.Variable(2.0, name="second")]
    ...         self.same = self.weights[0]
    >>> [(name, float(variable)) for name, variable in find_variables(Penalty())]
    [('weights', 1.0), ('second', 2.0)]
    """
    found: dict[int, tuple[str, tf.Variable]] = {}
    for attribute, value in _walk(component):
        if isinstance(value, keras.Variable | tf.Variable):
            name = _own_name(value).rpartition("/")[2]
            plain = value.value if isinstance(value, keras.Variable) else value
            found.setdefault(id(plain), (attribute if UNNAMED.fullmatch(name) else name, plain))
    return list(found.values())


def find_schedules(game: AdversarialGame) -> list[Scheduled]:
    """Find the numbers that follow a schedule: those of components, and of networks' layers."""
    averaged = [each.network for each in game.averages.values()]
    holders = [*game.components().values(), *game.networks.values(), *averaged]
    return [one for each in holders for _, one in _walk(each) if isinstance(one, Scheduled)]


def _walk(component: Any) -> Iterator[tuple[str, Any]]:
    """Yield each variable and schedule that an object holds, once, with its attribute."""
    seen: set[int] = set()
    waiting = [("variable", component)]
    while waiting:
        attribute, value = waiting.pop()
        if isinstance(value, LEAVES) or id(value) in seen:
            continue
        seen.add(id(value))
        if isinstance(value, keras.Variable | tf.Variable | Scheduled):
            yield attribute, value
        else:
            waiting += reversed(_parts(value, attribute))


def _parts(value: Any, attribute: str) -> list[tuple[str, Any]]:
    """Return what an object holds, each by the attribute that it is found under."""
    if isinstance(value, GENERATORS):
        return [(attribute, value.state)]
    if isinstance(value, HOLDERS):
        known = [(attribute, variable) for variable in value.variables]
        layered = isinstance(value, keras.layers.Layer)
        for one in value._flatten_layers() if layered else [value]:
            held = vars(one).items()
            known += [(k, v) for k, v in held if isinstance(v, PLAIN_HELD)]
            # What Keras keeps itself is private, and told of above.
            known += [(k, v) for k, v in held if k[0] != "_" and isinstance(v, CONTAINERS)]
        return known
    if isinstance(value, Mapping):
        return [(attribute, part) for part in value.values()]
    if isinstance(value, CONTAINERS):
        return [(attribute, part) for part in value]
    if isinstance(value, type) or type(value).__module__.partition(".")[0] in LIBRARIES:
        return []
    held = getattr(value, "__dict__", {})
    return [(attribute, part) for attribute, part in held.items() if attribute != MADE_WITH]


def copies(variable: tf.Variable) -> tuple[tf.Variable, ...]:
    """Return a variable on each of this worker's replicas."""
    several = isinstance(variable, tf.distribute.DistributedValues)
    return tuple(variable.values) if several else (variable,)


def _own_name(variable: Any) -> str:
    # Not the whole path: Keras counts the layers of a process into their names.
    return str(variable.name).split(":")[0]
