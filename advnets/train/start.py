"""Start networks from the weights of another run, or of a file, as a recipe says."""

from __future__ import annotations

import logging
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ..checkpoint import CheckpointStore
from ..errors import AdvnetsError, UsageError
from ..game import AdversarialGame
from ..networks.weight_files import open_weights, put_weights
from ..networks.weights import named_weights
from ..plugins.components import PLAYERS
from ..recipe import Recipe
from ..recipe.starts import Origin
from ..runs import RunFolder
from ..runs.index import read_index
from ..safe_io.reading import as_path

log = logging.getLogger(__name__)


def start_networks(game: AdversarialGame, recipe: Recipe) -> dict[str, Any]:
    """Give a game's networks the weights that its recipe has them start from.

    Averages of weights begin from these; optimizers are new. Of a run that has begun nothing of
    it is needed: the weights are in its first checkpoint.

    Args:
        game: The game, as it was built.
        recipe: Its recipe, with all origins settled.

    Returns:
        What was done, by the network, for the manifest; nothing where the recipe starts none.

    Raises:
        UsageError: If weights are missing, or do not fit.
    """
    start, done = recipe.settings.start, {}
    for name, role in game.roles.items():
        if role.player is None and name not in start.origins and game.networks[name].weights:
            log.warning(
                "nobody moves the %s, and it starts from no other run: it stays as it was drawn. "
                "`start: {%s: {run: RUN}}` says where its weights are",
                *(name, name),
            )
    for name, origin in start.origins.items():
        try:
            counts = _start(game.networks[name], origin, start.missing == "keep")
        except AdvnetsError as error:
            error.where = error.where or f"start.{name}"
            raise
        done[name] = {**origin.model_dump(exclude_none=True), **counts}
        rest = [
            f"{counts['kept']} of its weights stay as they were drawn" * bool(counts["kept"]),
            f"{counts['left']} found there are left out" * bool(counts["left"]),
        ]
        log.info("%s", "; ".join([f"the {name} starts from {origin}", *filter(None, rest)]))
    if done:
        for name, average in game.averages.items():
            average.start(game.networks[name])
    return done


def _start(network: keras.Model, origin: Origin, keep: bool) -> dict[str, int]:
    if origin.file is not None:
        with open_weights(as_path(origin.file)) as file:
            own = file.names_in(network)
            return put_weights(network, own, file.shapes, file.read, keep=keep, source=origin.place)
    arrays = _read_run(origin)
    shapes = {name: array.shape for name, array in arrays.items()}
    return put_weights(
        network,
        named_weights(network),
        shapes,
        arrays.__getitem__,
        keep=keep,
        source=f"{origin.place} ({origin.network}, step {origin.step})",
    )


def _read_run(origin: Origin) -> dict[str, np.ndarray]:
    """Return a network's weights in a run's checkpoint, by their names: none of its code is run."""
    store = CheckpointStore.of(RunFolder.open(as_path(str(origin.run))))
    commit = store.read(int(origin.step), hold=True)
    if commit.state_sha256 != origin.sha256:
        raise UsageError(f"the run {origin.run} has been played anew since the recipe was read")
    named = commit.extras.get("weights", {}).get(str(origin.network))
    if named is None:
        raise UsageError(
            f"the checkpoint of step {commit.step} in {origin.run} does not say what the weights "
            "of its networks are called",
            hint="it was written by an older advnets; give the file that `advnets export RUN "
            "--format npz` writes",
        )
    with tf.device("CPU:0"):
        state = {
            name: tf.Variable(tf.zeros(shape, dtype), trainable=False)
            for name, (dtype, shape) in read_index(commit.path).variables.items()
        }
    store.restore(commit, state)  # whole, so that its hash is known to be right
    group = str(origin.network)
    group = group if group in PLAYERS else f"networks.{group}"
    averaged = f"averaged_{origin.network}" if origin.weights == "averaged" else group
    places = {path: averaged + place.removeprefix(group) for path, place in named.items()}
    if absent := [place for place in places.values() if place not in state]:
        raise UsageError(
            f"the checkpoint in {commit.path} names weights that it lacks: {absent[0]}"
        )
    return {path: state[place].numpy() for path, place in places.items()}
