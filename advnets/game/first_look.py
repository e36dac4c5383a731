"""Look at a game's networks before its first round: whether they fit each other, loss and data."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf

from .. import random
from ..data import Field
from ..data.ranges import ACTIVATIONS, Range, describe_range, explain_misfit
from ..errors import UsageError
from ..networks import mixes_examples
from ..networks.ending import graph_output, last_activation
from ..plugins.origins import accuse, blame, tell_origin
from ..random import Draw
from .augmentations import judges_examples, try_augmentations
from .classes import check_heads
from .log_odds import check_log_odds
from .role import Role, Space
from .side import Side
from .streams import is_example
from .wiring import input_fields, refuse_other_gifts
from .zero import check_zero

if TYPE_CHECKING:
    from .game import AdversarialGame

log = logging.getLogger(__name__)

ASKED = 8
"""Examples that a network is asked of."""
UNIT = ACTIVATIONS["sigmoid"]
PRIOR = "the prior"
Agreed = dict[Space, tuple[str, tuple[int | None, ...], Any]]
"""Who was first to say which shape something has that is exchanged, and the part itself."""


def look_at_networks(game: AdversarialGame) -> set[str]:
    """Refuse networks that fit neither each other nor the loss, and warn of those that hardly do.

    What a graph of layers says of itself is read off it; other networks are called with a few
    made-up examples.

    Returns:
        The judges that treat examples independently, so that one call for real and generated
        examples is the same as two.

    Raises:
        UsageError: If a network cannot be called with what its role takes, if it takes or gives
            another shape than others, or gives whole numbers, or if a judge's probabilities are
            taken for logits, or its classes for parts of an example.
    """
    check_log_odds(game)
    check_zero(game)
    _say_who_hears_nothing(game)
    check_heads(game, {name: one.field.classes for name, one in game.conditions.items()})
    spaces: dict[Space, Field] = dict(_declared(game))
    agreed: Agreed = {}
    if game.prior is not None:
        agreed["latent"] = (PRIOR, game.prior.shape, game.prior)
    alone = set()
    for name in sorted(game.networks, key=lambda one: one != "generator"):  # what it gives is taken
        network, role = game.networks[name], game.roles[name]
        with blame(network):
            for key, field in input_fields(network, role).items():
                _agree(agreed, name, network, "takes", role.takes[key], field.shape)
            given = _outputs(name, network, role, spaces)
            batches = [_made_up(network, role, spaces, seed) for seed in (0, 1)]
            _try(name, network, role, batches)
            _check_given(name, network, role, given, agreed, spaces)
            if role.kind == "discriminator":
                _check_logits(game, name, network, role, spaces)
                _refuse_vector(game, name, given, spaces)
        if role.kind == "discriminator":
            if batches[0] is not None and judges_examples(role):
                try_augmentations(game.augmentations, batches[0])
            if None not in batches and not mixes_examples(network, *batches):
                alone.add(name)
    return alone


def _try(name: str, network: keras.Model, role: Role, batches: Sequence[Any]) -> None:
    """Refuse what a network gives for made-up examples: no tensors of a row each, or NaN alone."""
    finite = False
    for batch, training in itertools.product(batches, (False, True)):
        if batch is None or finite:
            return
        try:
            with keras.StatelessScope():  # what a layer keeps is not to change
                given = _call(network, batch, training)
        except Exception as error:
            log.debug("%s was not to be called with made-up examples: %s", network.name, error)
            return
        refuse_other_gifts(given, name, role, ASKED)
        finite = any(_is_finite(value) for value in tf.nest.flatten(given))
    if role.player is not None and role.gives is not None and not finite:
        raise UsageError(
            f"the {name} gives {np.asarray(tf.nest.flatten(given)[0]).flat[0]} for each of "
            f"{len(batches) * ASKED} made-up examples: no gradient would be finite",
            hint="look for a division by 0, a logarithm or a root of what is not positive",
        )


def _is_finite(value: Any) -> bool:
    floating = isinstance(value, tf.Tensor) and value.dtype.is_floating
    return not floating or bool(np.isfinite(np.asarray(value)).any())


def warn_of_range(game: AdversarialGame, examples: Range | None, space: str = "example") -> None:
    """Warn where what ends the generator does not reach the examples, or far beyond them.

    Args:
        game: The game.
        examples: The ends of the interval that its examples lie in; ``None``: unknown.
        space: Whose: of the main data, or ``STREAM.example``.
    """
    for name, role in game.roles.items():
        if examples is None or list((role.gives or {}).values()) != [space]:
            continue
        network, spaces = game.networks[name], dict(_declared(game))
        activation, how = last_activation(network), ""
        if activation is None:
            activation = _guess(network, role, spaces, ("sigmoid", "tanh"))
            how = f", as far as {ASKED} samples tell"
        found = explain_misfit(activation, examples) if activation is not None else None
        if found is not None:
            whose = tell_origin(network)
            log.warning("the %s%s does not fit the data%s: %s; %s", name, whose, how, *found)


def _declared(game: AdversarialGame) -> dict[Space, Field]:
    """Return what is known of spaces without calling anything."""
    known: dict[Space, Field] = {name: each.field for name, each in game.conditions.items()}
    if game.prior is not None:
        known["latent"] = Field(game.prior.shape, "float32")
    for name, network in game.networks.items():
        role, inputs = game.roles[name], input_fields(network, game.roles[name])
        for key, space in role.takes.items():
            if key in inputs:
                known.setdefault(space, inputs[key])
    return known


def _outputs(name: str, network: keras.Model, role: Role, spaces: Mapping[Space, Field]) -> Any:
    """Return what a network gives, symbolically where it can; ``None`` where it is not known."""
    output = graph_output(network)
    if output is not None:
        return output
    batch = _made_up(network, role, spaces, 0)
    if batch is None:
        return None
    shapes = tf.nest.map_structure(lambda x: tuple(x.shape[1:]), batch)
    try:
        return _call(network, batch)
    except Exception as error:
        first = (str(error).strip().splitlines() or [""])[0][:300]
        raise UsageError(
            f"the {name} cannot be called with {shapes}, the shape of what it takes: "
            f"{type(error).__name__}: {first}",
            hint="networks that exchange something agree on its shape",
        ) from error


def _call(network: keras.Model, batch: Any, training: bool = False) -> Any:
    segments = [("asked", len(tf.nest.flatten(batch)[0]))]
    with random.scope(Draw(0, 0), "asked", segments):
        return network(batch, training=training)


def _agree(
    agreed: Agreed,
    name: str,
    network: keras.Model,
    verb: str,
    space: Space,
    shape: tuple[int | None, ...],
) -> None:
    """Refuse another shape of what networks exchange than those before have; remember the first.

    Fields are left out: one of classes, say, is taken as a number, and given by its logits.
    """
    if isinstance(space, tuple):
        agreed.setdefault(space, ("its role", space, network))
    elif space != "latent" and not is_example(space):
        return
    if None in shape:
        return
    who, other, first = agreed.setdefault(space, (f"the {name}", shape, network))
    if other == shape:
        return
    if who == PRIOR:
        said = (
            f"{who} draws latent points of the shape {other}, the network that takes them wants "
            f"{shape}"
        )
    else:
        what = "the shape" if isinstance(space, tuple) else f"{space!r} of the shape"
        has = "says" if who == "its role" else "has"
        said = f"the network {name!r} {verb} {what} {shape}; {who} {has} {other}"
    error = UsageError(said, hint="networks that exchange something agree on its shape")
    raise accuse(error, network, first)


def _check_given(
    name: str,
    network: keras.Model,
    role: Role,
    given: Any,
    agreed: Agreed,
    spaces: dict[Space, Field],
) -> None:
    """Refuse whole numbers of what moves, and another shape than others know; learn the shape."""
    gives = role.gives or {}
    said = dict(given) if isinstance(given, Mapping) else dict.fromkeys(list(gives)[:1], given)
    for key, value in said.items():
        if not (hasattr(value, "dtype") and key in (*gives, "logits", "energy")):
            continue
        dtype = tf.as_dtype(keras.backend.standardize_dtype(value.dtype))
        if role.player is not None and not dtype.is_floating:
            raise UsageError(
                f"the {name} returns {dtype.name}, which has no gradient: it could not be trained",
                hint="let it return floating-point numbers, without a cast or an argmax at its end",
            )
        if key in gives:
            space, shape = gives[key], tuple(value.shape[1:])
            _agree(agreed, name, network, "gives", space, shape)
            if (space == "latent" or is_example(space)) and None not in shape:
                spaces.setdefault(space, Field(shape, "float32"))


def _refuse_vector(
    game: AdversarialGame, name: str, given: Any, spaces: Mapping[Space, Field]
) -> None:
    """Refuse several logits of an example that are no map of its parts: a classifier's habit.

    A loss of such logits would be the mean of what each says by itself; one that reads them as
    classes, and returns one value per example, is asked for it. One for each step of a sequence
    is a map.
    """
    logits = given.get("logits") if isinstance(given, Mapping) else given
    shape = tuple(getattr(logits, "shape", ()))
    if "logits" not in game.loss.requires or len(shape) != 2 or shape[1] in (None, 1):
        return
    example = spaces.get(next(iter(game.roles[name].takes.values())))
    if example is not None and len(example.shape) == 2 and example.shape[0] == shape[1]:
        return
    side = Side(tf.zeros([1, shape[1]]))
    try:
        values = game.loss.discriminator(side, side)
    except Exception as error:  # it reads more than that
        log.debug("%s was not to be asked what it makes of several logits: %s", game.loss, error)
        return
    if tf.convert_to_tensor(values).shape.rank == 2:
        raise UsageError(
            f"the {name} gives {shape[1]} logits for each example, and {type(game.loss).__name__} "
            "takes each by itself for whether the example is real: they are no classes",
            hint="end it in Dense(1). If each judges a part of the example, return a map of parts, "
            f"[N, {shape[1]}, 1]: keras.layers.Reshape(({shape[1]}, 1))",
        )


def _check_logits(
    game: AdversarialGame,
    name: str,
    network: keras.Model,
    role: Role,
    spaces: Mapping[Space, Field],
) -> None:
    """Refuse a judge whose probabilities would be taken for logits; warn of other bounds."""
    if "logits" not in game.loss.requires:
        return
    loss = type(game.loss).__name__
    activation = last_activation(network, "logits")
    if activation is None and _guess(network, role, spaces, ("sigmoid",)) is not None:
        log.warning(
            "what the %s%s returns lies in %s, as far as %d examples tell: are these "
            "probabilities? %s takes them for logits, any number",
            *(name, tell_origin(network), describe_range(UNIT), ASKED, loss),
        )
    if activation not in ACTIVATIONS:
        return
    reached = ACTIVATIONS[activation]
    if reached == UNIT and game.loss.log_odds:
        raise UsageError(
            f"the {name} ends in {activation}, and {loss} takes what it returns for a logit, "
            "log D/(1 - D): as one, a number in [0, 1] says D = 0.5 to 0.73, whatever the example",
            hint="end it in a linear layer, Dense(1): the loss applies the sigmoid itself",
        )
    log.warning(
        "the %s%s ends in %s, in %s, and %s takes what it returns for logits, any number: end it "
        "in a linear layer",
        *(name, tell_origin(network), activation, describe_range(reached), loss),
    )


def _say_who_hears_nothing(game: AdversarialGame) -> None:
    """Warn of conditions that draw what neither a network nor a term of a loss reads."""
    heard = {name for role in game.roles.values() for pair in role.takes.items() for name in pair}
    for name in game.conditions:
        if name not in heard.union(game.fields):
            log.warning(
                "the condition %r draws what nobody is told: `given: {generator: [%s]}` tells it "
                "to the generator",
                *(name, name),
            )


def _guess(
    network: keras.Model, role: Role, spaces: Mapping[Space, Field], among: tuple[str, ...]
) -> str | None:
    """Return the activation whose interval holds all that a network gives for wide inputs."""
    batch = _made_up(network, role, spaces, 1, scale=100.0)
    if batch is None:
        return None
    given = _call(network, batch)
    given = given.get("logits") if isinstance(given, Mapping) else given
    if given is None:
        return None
    values = np.asarray(given, np.float64)
    for name in among:
        low, high = ACTIVATIONS[name]
        if values.size and low <= values.min() < values.max() <= high:
            return name
    return None


def _made_up(
    network: keras.Model,
    role: Role,
    spaces: Mapping[Space, Field],
    seed: int,
    scale: float = 3.0,
) -> Any:
    """Return made-up examples of all that a network takes; ``None`` if a shape is not known.

    Those of another seed have another mean and deviation. Classes are 0, which there is always.
    """
    inputs, draw = input_fields(network, role), np.random.default_rng(seed)
    made = {}
    for key, space in role.takes.items():
        plain = Field(tuple(space), "float32") if isinstance(space, tuple) else None
        field = inputs.get(key) or spaces.get(space) or plain
        if field is None:
            return None
        shape, dtype = (ASKED, *field.shape), tf.as_dtype(field.dtype)
        drawn: Any = draw.uniform(size=shape) if seed == 0 else draw.normal(1.0, scale, shape)
        if not dtype.is_floating:
            drawn = draw.integers(0, 256, shape) if is_example(space) else np.zeros(shape)
        made[key] = tf.constant(drawn, dtype)
    return made if len(made) > 1 else next(iter(made.values()), None)
