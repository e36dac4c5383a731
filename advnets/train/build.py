"""From a validated recipe to its game: networks, loss, update rule, optimizers."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import keras
import numpy as np
import tensorflow as tf

from ..data import Field, Source
from ..data.order import rounds_per_epoch
from ..data.spec import INDEX
from ..errors import PluginError, UsageError
from ..game import (
    PLAYERS,
    AdversarialGame,
    Batch,
    Condition,
    Encounter,
    Frequencies,
    GameContext,
    GeneratorAverage,
    Loss,
    NoLatent,
    Penalty,
    Prior,
    Role,
    UpdateRule,
)
from ..game.role import Space, gather_roles
from ..game.wiring import input_fields, input_names
from ..networks import NetworkContext, cast_output, under_policy
from ..optimizers import OptimizerContext
from ..plugins import Registry
from ..random import stream_key
from ..recipe import Recipe
from ..recipe.schema import Training

NORMS_EVERY = 10
"""Rounds between two that measure gradient norms, unless lines are logged more often."""


def build_game(recipe: Recipe, source: Source) -> AdversarialGame:
    """Build networks, loss, prior, update rule and both optimizers, and compile the game.

    Call it inside the strategy's scope. Weights depend on the recipe's seed alone.

    Args:
        recipe: A validated recipe.
        source: Its data.

    Raises:
        PluginError: If a component fails or is not what its kind must be.
    """
    settings = recipe.settings
    keras.utils.set_random_seed(stream_key(recipe.seed, "initial weights") % 2**31)
    prior = recipe.make("latent", Prior)
    counted: set[str] = set()
    encounter = recipe.make("encounter", Encounter, context=game_context(recipe, source, counted))
    penalties = recipe.make_all("penalties", Penalty)
    conditions = {
        name: recipe.make(
            f"conditions.{name}", Condition, context=game_context(recipe, source, counted, name)
        )
        for name in settings.conditions
    }
    for name, condition in conditions.items():
        _check_classes(name, condition, source)
    roles = gather_roles(encounter, penalties, latent=not isinstance(prior, NoLatent))
    contexts = network_contexts(recipe, source, prior, roles, conditions)
    with under_policy(settings.distribution.precision):
        networks = {
            name: cast_output(network) if context.role != "discriminator" else network
            for name, context in contexts.items()
            for network in [_make_network(recipe, name, context)]
        }
        averages = _averages(recipe, contexts, roles)
    for name, context in contexts.items():
        _check_told(recipe, _path(name), networks[name], context)
        _check_shapes(recipe, _path(name), networks[name], context, roles[name])
    game = AdversarialGame(
        networks.pop("generator"),
        networks.pop("discriminator"),
        networks=networks,
        encounter=encounter,
        conditions=conditions,
        prior=prior,
        loss=recipe.make("loss", Loss),
        penalties=penalties,
        given=settings.given,
        updates=recipe.make("updates", UpdateRule),
        average=averages,
        seed=recipe.seed,
    )
    game.counted = counted
    draw_outside_from(game, source)
    optimizers = {
        f"{player}_optimizer": recipe.make(
            f"optimizers.{player}",
            keras.optimizers.Optimizer,
            optimizer_context(settings.training, source, game.updates, player),
        )
        for player in PLAYERS
    }
    own = {
        name: recipe.make(
            f"optimizers.{name}",
            keras.optimizers.Optimizer,
            optimizer_context(settings.training, source, game.updates, roles[name].player or ""),
        )
        for name in settings.optimizers.model_extra or {}
    }
    game.compile(**optimizers, optimizers=own)
    game.skips = settings.health.policy == "skip"
    game.discriminator_calls = settings.distribution.discriminator_calls
    game.norms_every = min(NORMS_EVERY, settings.monitoring.log_every)
    game.sees_weights = True
    return game


def carried(game: AdversarialGame, source: Source) -> tuple[str, ...]:
    """Return the fields of the data that a game's rounds need."""
    return tuple(name for name in game.fields if name == "index" or name in source.spec.fields)


def game_context(recipe: Recipe, source: Source, counted: set[str], name: str = "") -> GameContext:
    """Return what a component of the game may know of the run.

    Args:
        recipe: The recipe.
        source: Its data.
        counted: Gets the fields whose frequencies are asked for.
        name: A condition's.
    """
    training = recipe.settings.training

    def frequencies(field: str) -> np.ndarray:
        counted.add(field)
        return source.frequencies(field)

    return GameContext(
        source.spec, recipe.seed, training.batch_size, training.steps, name, frequencies
    )


def network_contexts(
    recipe: Recipe,
    source: Source,
    prior: Prior,
    roles: Mapping[str, Role],
    conditions: Mapping[str, Condition],
) -> dict[str, NetworkContext]:
    """Return what each network of a game is built from, by its role and what it is told.

    Raises:
        UsageError: If a network takes or is told something that there is not.
    """
    spaces = {
        "example": Field(source.spec.shape, "float32", kind=source.spec.kind),
        **({} if isinstance(prior, NoLatent) else {"latent": Field(prior.shape, "float32")}),
        INDEX: Field((), "int64"),
        **source.spec.fields,
        **{name: condition.field for name, condition in conditions.items()},
    }

    def look_up(space: Space, network: str) -> Field:
        if not isinstance(space, str):
            return Field(tuple(space), "float32")
        if space not in spaces:
            raise UsageError(
                f"the network {network!r} is told {space!r}, which there is not",
                where="given",
                hint=f"there are {', '.join(sorted(spaces))}; `conditions` adds others",
            )
        return spaces[space]

    contexts = {}
    for name in ("generator", "discriminator", *recipe.settings.networks):
        role = roles.get(name)
        if role is None:
            raise UsageError(
                f"nothing in the game calls the network {name!r}",
                where="networks",
                hint=f"the encounter and the penalties call {', '.join(sorted(roles))}",
            )
        taken = {key: look_up(space, name) for key, space in role.takes.items()}
        told = {key: look_up(key, name) for key in recipe.settings.given.get(name, [])}
        taken |= {key: field for key, field in told.items() if key not in taken}
        if not taken:
            raise UsageError(
                f"the network {name!r} takes nothing: there is no latent, and it is told nothing",
                where="given",
                hint=f"given: {{{name}: [label]}} says what it makes examples of",
            )
        first, *others = taken
        contexts[name] = NetworkContext(
            role=role.kind,
            input_shape=taken[first].shape,
            output_shape=_output_shape(role, name, look_up),
            marginals=source.marginals,
            seed=recipe.seed,
            name=name,
            given={key: taken[key] for key in others},
            fields=spaces,
            input_name=first,
        )
    return contexts


def _output_shape(role: Role, name: str, look_up: Callable[[Space, str], Field]) -> tuple[int, ...]:
    gives = role.gives or {}
    if "logits" in gives or not gives:
        return ()
    field = look_up(next(iter(gives.values())), name)
    return (*field.shape, field.classes) if field.classes is not None else field.shape


def _make_network(recipe: Recipe, name: str, context: NetworkContext) -> keras.Model:
    component, _ = recipe.component(_path(name))
    if context.role in PLAYERS and context.role not in component.roles:
        raise UsageError(
            f"architecture {component.name!r} cannot be a {context.role}, which {name!r} is here",
            where=_path(name),
            hint=f"it can be {' or '.join(component.roles)}",
        )
    try:
        return recipe.make(_path(name), keras.Model, context)
    except UsageError as error:
        error.where = error.where or _path(name)
        raise


def _averages(
    recipe: Recipe, contexts: Mapping[str, NetworkContext], roles: Mapping[str, Role]
) -> dict[str, GeneratorAverage]:
    """Return what keeps averages, in networks built alike, of all that move with G."""
    averaging = recipe.settings.averaging
    if averaging is None:
        return {}
    return {
        name: GeneratorAverage(
            cast_output(recipe.make(_path(name), keras.Model, context)),
            averaging.decay,
            averaging.every,
        )
        for name, context in contexts.items()
        if roles[name].player == "generator"
    }


def _path(network: str) -> str:
    return network if network in PLAYERS else f"networks.{network}"


def draw_outside_from(game: AdversarialGame, source: Source) -> None:
    """Draw from a source, or from what is kept of it, what comes with a batch in a round."""
    game.outside = _outside(game, source)
    game.kept = _kept(game, source)


def _outside(game: AdversarialGame, source: Source) -> dict[str, Condition]:
    """Return how fields that come with the batch are drawn outside of a round: by frequencies."""
    found: dict[str, Condition] = {}
    for name in game.fields:
        declared = source.spec.fields.get(name)
        if declared is not None and declared.classes is not None and not declared.shape:
            found[name] = Frequencies(source.frequencies(name))
    return found


def _kept(game: AdversarialGame, source: Source) -> Batch | None:
    """Return some examples with their fields, for conditions of examples outside of a round."""
    wanted = any(condition.of_example for condition in game.conditions.values())
    others = [n for n in game.fields if n in source.spec.fields and n not in game.outside]
    if not (wanted or others):
        return None
    read = source.excerpt()
    if read is None:
        return None
    fields = {
        name: tf.convert_to_tensor(source.preprocess_field(name, values))
        for name, values in read.fields.items()
        if name in game.fields
    }
    return Batch(tf.convert_to_tensor(source.preprocess.apply(read.examples)), fields)


def optimizer_context(
    training: Training, source: Source, updates: UpdateRule, player: str
) -> OptimizerContext:
    """Return what a player's schedules may depend on, counted in the player's own moves.

    Args:
        training: How long, in rounds, and the size of a batch.
        source: The data.
        updates: The update rule: D moves ``discriminator_steps`` times a round, G once.
        player: ``generator`` or ``discriminator``.
    """
    steps = updates.discriminator_steps
    moves = steps if player == "discriminator" else 1
    rounds = rounds_per_epoch(source.count("train"), training.batch_size, steps)
    return OptimizerContext(
        steps_per_epoch=rounds * moves,
        total_steps=training.steps * moves,
        batch_size=training.batch_size,
    )


def fingerprints(registry: Registry, recipe: Recipe) -> list[dict[str, str]]:
    """Name, source and hash of the plugins in play, for the manifest."""
    return [
        {"name": p.name, "source": p.source, "sha256": p.fingerprint}
        for p in registry.plugins
        if p.status == "ok" and p.source != "built in"
    ]


def _check_classes(name: str, condition: Condition, source: Source) -> None:
    """Refuse a condition that draws a field of the data otherwise than the data have it."""
    own, drawn = source.spec.fields.get(name), getattr(condition, "field", None)
    if own is None or drawn is None or (own.shape, own.classes) == (drawn.shape, drawn.classes):
        return
    raise UsageError(
        f"{name} of {source.name} is {_describe(own)}; {type(condition).__name__} draws "
        f"{_describe(drawn)}",
        where=f"conditions.{name}",
        hint="real and generated examples are told the same kind of thing; give the condition "
        "another name, if it is another thing",
    )


def _describe(field: Field) -> str:
    return f"of {field.classes} classes" if field.classes else f"of the shape {field.shape}"


def _check_told(recipe: Recipe, path: str, network: keras.Model, context: NetworkContext) -> None:
    """Refuse a network that was built without an input for something that it is to be told."""
    ignored = [name for name in context.given if name not in (input_names(network) or ())]
    if ignored:
        component, _ = recipe.component(path)
        raise PluginError(
            f"{path} {component.name!r} has no input for {', '.join(ignored)}, which it is told",
            hint="an architecture that can be told things makes its inputs by context.inputs()",
            module=component.target.partition(":")[0],
        )


def _check_shapes(
    recipe: Recipe, path: str, network: keras.Model, context: NetworkContext, role: Role
) -> None:
    """Refuse a network that was built for something else than it was to be built for."""
    inputs, outputs = input_fields(network, role), getattr(network, "output_shape", None)
    first = inputs.get(context.input_name)
    ends = [] if first is None else [("takes", first.shape, context.input_shape)]
    if len(role.gives or ()) == 1 and context.output_shape and isinstance(outputs, tuple):
        ends.append(("gives", tuple(outputs[1:]), context.output_shape))
    for verb, found, expected in ends:
        if tuple(found) != tuple(expected):
            component, _ = recipe.component(path)
            raise PluginError(
                f"{path} {component.name!r} {verb} the shape {tuple(found)}; {tuple(expected)} is "
                "expected",
                hint="an architecture builds for context.input_shape and context.output_shape",
                module=component.target.partition(":")[0],
            )
