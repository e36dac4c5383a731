"""From a validated recipe to its game: networks, loss, update rule, optimizers."""

from __future__ import annotations

import keras

from ..data import Source
from ..data.order import rounds_per_epoch
from ..errors import PluginError
from ..game import AdversarialGame, GeneratorAverage, Loss, Penalty, Prior, UpdateRule
from ..game.state import find_variables
from ..networks import NetworkContext, cast_output, under_policy
from ..observe.observer import Observer
from ..optimizers import OptimizerContext
from ..plugins import Registry
from ..plugins.components import ROLES
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
    networks = {
        "generator": NetworkContext(
            role="generator",
            input_shape=(prior.size,),
            output_shape=source.spec.shape,
            marginals=source.marginals,
            seed=recipe.seed,
        ),
        "discriminator": NetworkContext(
            role="discriminator",
            input_shape=source.spec.shape,
            output_shape=(),
            marginals=source.marginals,
            seed=recipe.seed,
        ),
    }
    with under_policy(settings.distribution.precision):
        generator, discriminator = (
            recipe.make(role, keras.Model, context) for role, context in networks.items()
        )
        generator = cast_output(generator)
        average = _average(recipe, networks["generator"])
    _check_shape(recipe, "generator", generator, source.spec.shape)
    game = AdversarialGame(
        generator,
        discriminator,
        prior=prior,
        loss=recipe.make("loss", Loss),
        penalties=recipe.make_all("penalties", Penalty),
        updates=recipe.make("updates", UpdateRule),
        average=average,
        seed=recipe.seed,
    )
    optimizers = {
        f"{player}_optimizer": recipe.make(
            f"optimizers.{player}",
            keras.optimizers.Optimizer,
            optimizer_context(settings.training, source, game.updates, player),
        )
        for player in ROLES
    }
    game.compile(**optimizers)
    game.skips = settings.health.policy == "skip"
    game.discriminator_calls = settings.distribution.discriminator_calls
    game.norms_every = min(NORMS_EVERY, settings.monitoring.log_every)
    game.sees_weights = True
    return game


def _average(recipe: Recipe, context: NetworkContext) -> GeneratorAverage | None:
    """Return what keeps the average of G's weights, in a network built like G, where it is asked
    for.
    """
    averaging = recipe.settings.averaging
    if averaging is None:
        return None
    network = recipe.make("generator", keras.Model, context)
    return GeneratorAverage(cast_output(network), averaging.decay, averaging.every)


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


WRITERS = (
    keras.callbacks.BackupAndRestore,
    keras.callbacks.CSVLogger,
    keras.callbacks.ModelCheckpoint,
    keras.callbacks.RemoteMonitor,
    keras.callbacks.TensorBoard,
)


def build_callbacks(
    recipe: Recipe, chief: bool = True
) -> list[keras.callbacks.Callback | Observer]:
    """Return the Keras callbacks and observers that the recipe names: ``monitoring.callbacks``.

    Args:
        recipe: The recipe.
        chief: Whether for the chief. Other workers leave out what writes: Keras's own
            writers, and callbacks with an attribute ``chief_only = True``. The rest runs on
            all workers, since it may change the game, a learning rate say.

    Raises:
        PluginError: If one cannot be built, or a Keras callback holds what no checkpoint has.
    """
    made = recipe.make_all("monitoring.callbacks", (keras.callbacks.Callback, Observer))
    for callback in made:
        if isinstance(callback, keras.callbacks.Callback):
            _refuse_state(callback)
    return [
        callback
        for callback in made
        if chief or not (isinstance(callback, WRITERS) or getattr(callback, "chief_only", False))
    ]


def _refuse_state(callback: keras.callbacks.Callback) -> None:
    """Refuse a callback that a run which is resumed could not bring back to where it was."""
    name, module = type(callback).__name__, type(callback).__module__
    for variable, _ in find_variables(callback):
        raise PluginError(
            f"the callback {name} holds the variable {variable!r}; what a callback keeps between "
            "rounds must be a number, since no checkpoint has its variables",
            hint="keep a Python number, or make it a loss, a penalty or an update rule, whose "
            "variables are saved; what only looks may be an advnets.observe.Observer",
            module=module,
        )
    if getattr(callback, "restore_best_weights", False):
        raise PluginError(
            f"{name}(restore_best_weights=True) keeps weights that no checkpoint has, so a run "
            "that is resumed would forget them",
            hint="name a metric in checkpoints.best, which keeps the best checkpoint",
            module=module,
        )


def fingerprints(registry: Registry, recipe: Recipe) -> list[dict[str, str]]:
    """Name, source and hash of the plugins in play, for the manifest."""
    return [
        {"name": p.name, "source": p.source, "sha256": p.fingerprint}
        for p in registry.plugins
        if p.status == "ok" and p.source != "built in"
    ]


def _check_shape(recipe: Recipe, path: str, network: keras.Model, shape: tuple[int, ...]) -> None:
    if tuple(network.output_shape[1:]) != tuple(shape):
        component, _ = recipe.component(path)
        raise PluginError(
            f"{path} {component.name!r} makes examples of shape {tuple(network.output_shape[1:])}; "
            f"the data has {tuple(shape)}",
            module=component.target.partition(":")[0],
        )
