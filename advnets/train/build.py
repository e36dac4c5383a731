"""From a validated recipe to its game: networks, loss, update rule, optimizers."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ..data import Field, Source
from ..data.order import rounds_per_epoch
from ..errors import UsageError
from ..game import (
    PLAYERS,
    AdversarialGame,
    Augmentation,
    Batch,
    Condition,
    Encounter,
    Every,
    Frequencies,
    GameContext,
    Loss,
    NoLatent,
    Penalty,
    Prior,
    UpdateRule,
)
from ..game.batches import Streams
from ..game.classes import check_heads
from ..game.role import gather_roles, stream_of
from ..optimizers import OptimizerContext
from ..plugins import Registry
from ..plugins.trace import at_place
from ..random import stream_key
from ..recipe import Recipe
from ..recipe.problems import resolve_alone
from ..recipe.schema import EVERY, Training
from .build_networks import build_networks

PARTS: dict[str, type] = {
    "losses": Loss,
    "penalties": Penalty,
    "augmentations": Augmentation,
    "conditions": Condition,
    "encounters": Encounter,
    "priors": Prior,
    "updates": UpdateRule,
}
"""What the components of a game are, by their kinds."""
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
    counted: set[str] = set()
    context = game_context(recipe, source, counted)
    prior = recipe.make("latent", Prior, context=context)
    encounter = recipe.make("encounter", Encounter, context=context)
    penalties = recipe.make_all("penalties", Penalty, context=context)
    conditions = {
        name: recipe.make(
            f"conditions.{name}", Condition, context=game_context(recipe, source, counted, name)
        )
        for name in settings.conditions
    }
    for name, condition in conditions.items():
        _check_classes(name, condition, source)
    roles = gather_roles(encounter, penalties, latent=not isinstance(prior, NoLatent))
    networks, averages = build_networks(recipe, source, prior, roles, conditions)
    game = AdversarialGame(
        networks.pop("generator"),
        networks.pop("discriminator"),
        networks=networks,
        encounter=encounter,
        conditions=conditions,
        prior=prior,
        loss=recipe.make("loss", Loss, context=context),
        penalties=[
            Every(entry.get(EVERY, 1), penalty)
            for entry, penalty in zip(settings.penalties, penalties, strict=True)
        ],
        augmentations=recipe.make_all("augmentations", Augmentation, context=context),
        given=settings.given,
        updates=recipe.make("updates", UpdateRule, context=context),
        average=averages,
        seed=recipe.seed,
    )
    game.counted = counted
    _check_streams(recipe, game)
    check_heads(game, dict(_counted(source)))
    draw_outside_from(game, source)
    optimizers = {
        f"{player}_optimizer": recipe.make(
            f"optimizers.{player}",
            keras.optimizers.Optimizer,
            optimizer_context(settings.training, source, game.updates),
        )
        for player in PLAYERS
    }
    own = {
        name: recipe.make(
            f"optimizers.{name}",
            keras.optimizers.Optimizer,
            optimizer_context(settings.training, source, game.updates),
        )
        for name in settings.optimizers.model_extra or {}
    }
    game.compile(**optimizers, optimizers=own)
    for one in game.optimizer.optimizers:
        if one.use_ema and not one.ema_overwrite_frequency:
            raise UsageError(
                f"the optimizer of the {one.name} keeps averages (use_ema), which a run never uses",
                where=f"optimizers.{one.name}",
                hint="`averaging: {decay: 0.999}` keeps those that samples and scores are of",
            )
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

    def values(field: str) -> np.ndarray:
        counted.add(field)
        return source.field("train", field)

    lengths = training.batch_size, training.steps
    make = partial(make_part, recipe.registry)
    streams = {stream: own.spec for stream, own in source.streams.items()}
    return GameContext(
        *(source.spec, recipe.seed, *lengths, name, frequencies, make, streams),
        values=values,
        range=source.preprocess.range,
    )


def make_part(registry: Registry, kind: str, entry: Any, context: GameContext) -> Any:
    """Make a component that a parameter of another names; see :meth:`.GameContext.make`."""
    if kind not in PARTS:
        raise UsageError(f"a game has no {kind}", hint=f"it has {', '.join(PARTS)}")
    given = {"name": entry} if isinstance(entry, str) else dict(entry)
    component = registry.component(kind, given.pop("name", ""))
    parameters = resolve_alone(component, kind, given).model_dump()
    with at_place(kind):
        return component.make(PARTS[kind], parameters, context=context)


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
    """Return some examples with their fields, and those of streams that samples are made of, for
    what is drawn of examples outside of a round."""
    wanted = any(condition.of_example for condition in game.conditions.values())
    others = [n for n in game.fields if n in source.spec.fields and n not in game.outside]
    if not (wanted or others or streams_of_samples(game)):
        return None
    own = {
        name: batch
        for name in streams_of_samples(game)
        if (batch := _some(source.streams[name], game.streams[name])) is not None
    }
    batch = _some(source, game.fields)
    return None if batch is None else replace(batch, streams=Streams(own))


def _some(source: Source, fields: Collection[str]) -> Batch | None:
    read = source.excerpt()
    if read is None or not len(read.examples):
        return None
    kept = {
        name: tf.convert_to_tensor(source.preprocess_field(name, values))
        for name, values in read.fields.items()
        if name in fields
    }
    return Batch(tf.convert_to_tensor(source.preprocess.apply(read.examples)), kept)


def streams_of_samples(game: AdversarialGame) -> list[str]:
    """Return the streams that samples are made of, in alphabetical order."""
    return sorted({stream_of(name) for name in game.told} - {""})


def optimizer_context(training: Training, source: Source, updates: UpdateRule) -> OptimizerContext:
    """Return what an optimizer's schedules may depend on, counted in rounds.

    Args:
        training: How long, in rounds, and the size of a batch.
        source: The data.
        updates: The update rule: a round uses ``batches`` of them.
    """
    return OptimizerContext(
        steps_per_epoch=rounds_per_epoch(
            source.count("train"), training.batch_size, updates.batches
        ),
        total_steps=training.steps,
        batch_size=training.batch_size,
    )


def fingerprints(registry: Registry, recipe: Recipe) -> list[dict[str, str]]:
    """Name, source and hash of the plugins in play, for the manifest."""
    return [
        {"name": p.name, "source": p.source, "sha256": p.fingerprint}
        for p in registry.plugins
        if p.status == "ok" and p.source != "built in"
    ]


def _check_streams(recipe: Recipe, game: AdversarialGame) -> None:
    """Refuse a stream that nothing in a game reads, and one that is read and that there is not."""
    declared, where = recipe.settings.streams, "streams"
    for name in declared:
        if name not in game.streams:
            raise UsageError(
                f"nothing in the game reads the stream {name!r}",
                where=where,
                hint=f"it reads {', '.join(game.streams) or 'none'}: an encounter, a penalty or an "
                "update rule declares what it reads, `streams = {...}`",
            )
    for name in game.streams:
        if name not in declared:
            raise UsageError(
                f"the game reads a stream {name!r}, and the recipe has none",
                where=where,
                hint=f"say what it is: `streams: {{{name}: {{take: {{examples: 100}}}}}}` is some "
                "of the main data; `dataset` names another data set",
            )


def _counted(source: Source) -> Iterator[tuple[str, int | None]]:
    """Yield how many classes the fields of the data have, and those of streams."""
    for stream, own in {"": source, **source.streams}.items():
        for name, field in own.spec.fields.items():
            yield f"{stream}.{name}" if stream else name, field.classes


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
