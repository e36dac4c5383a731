"""Asking a game's players outside of a round: in inference mode, by this process alone.

Nothing here meets other workers, so the chief may do it by itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from .. import random
from ..data import Source
from ..errors import UsageError
from ..evaluate.estimators.line_game import LineGame, explain_unfit, line_game
from ..game import AdversarialGame, Loss, Side
from ..random import Draw

Network = Callable[[np.ndarray], Any]

NUMBERS = 2**22
"""Of examples that a network is given at a time, about: 16 MiB."""


def generate(
    make: Callable[[dict[str, np.ndarray]], Any], told: Mapping[str, np.ndarray], numbers: int = 1
) -> np.ndarray:
    """Generate examples from latent points and fields.

    Args:
        make: What makes them; see :meth:`advnets.game.AdversarialGame.maker`.
        told: Arrays ``[n, ...]`` by name.
        numbers: In one example.

    Returns:
        float32 ``[n, *shape]``, in the preprocessed range.
    """
    named = [_parts(values, numbers) for values in told.values()]
    parts = (dict(zip(told, part, strict=True)) for part in zip(*named, strict=True))
    return np.concatenate([np.asarray(make(part), np.float32) for part in parts])


def ask(game: AdversarialGame, name: str, weights: str = "auto", **given: Any) -> Any:
    """Return what a network of the game gives for what it takes, by name.

    Args:
        game: The game.
        name: The network's.
        weights: See :meth:`advnets.game.AdversarialGame.sampling_networks`.
        **given: All that the network takes, ``[n, ...]`` each.

    Returns:
        ``[n, ...]``, or a dictionary of such where it gives several things.

    Raises:
        UsageError: If there is no such network, or if it takes other things.
    """
    networks = game.sampling_networks(weights)
    if name not in networks:
        raise UsageError(
            f"the game has no network {name!r}", hint=f"it has {', '.join(sorted(networks))}"
        )
    arrays = {key: np.asarray(value) for key, value in given.items()}
    call, numbers = by_name(game, name, networks[name]), max(v[0].size for v in arrays.values())
    named = [_parts(values, numbers) for values in arrays.values()]
    found = [call(**dict(zip(arrays, part, strict=True))) for part in zip(*named, strict=True)]
    return tf.nest.map_structure(lambda *parts: np.concatenate(parts), *found)


def by_name(game: AdversarialGame, name: str, network: keras.Model) -> Callable[..., Any]:
    """Return a network in inference mode, to be called with what it takes by name."""
    return lambda **given: network(_taken(game, name, given), training=False)


def _taken(game: AdversarialGame, name: str, given: Mapping[str, Any]) -> Any:
    """Return what a network is called with: one thing as a tensor, several by name."""
    takes = game.roles[name].takes
    if given.keys() != takes.keys():
        raise UsageError(
            f"the network {name!r} takes {', '.join(takes)}; it was called with {', '.join(given)}",
            hint="a metric calls it by context.network, and passes all that it takes by name",
        )
    told = {key: tf.convert_to_tensor(value) for key, value in given.items()}
    return told if len(told) > 1 else next(iter(told.values()))


def judge(
    discriminator: Callable[..., Any], loss: Loss, examples: np.ndarray, **told: np.ndarray
) -> dict[str, np.ndarray]:
    """Return what D says of examples ``[n, *shape]`` in the preprocessed range.

    Args:
        discriminator: D, in inference mode.
        loss: The game's.
        examples: What it judges.
        **told: What it is told besides, ``[n, ...]`` each.

    Returns:
        By name, ``[n, ...]`` each: all that D returns, and ``probability``, the probability
        that it gives to "real", where the loss defines one.
    """
    numbers = examples[0].size
    named = [_parts(np.asarray(values), numbers) for values in (examples, *told.values())]
    found: list[dict[str, np.ndarray]] = []
    for part, *others in zip(*named, strict=True):
        said = discriminator(part, **dict(zip(told, others, strict=True)))
        found.append(_named(Side(said), loss))
    return {name: np.concatenate([part[name] for part in found]) for name in found[0]}


def judge_in_play(
    game: AdversarialGame, examples: np.ndarray, **told: np.ndarray
) -> dict[str, np.ndarray]:
    """Return what D says of one batch, told as :func:`judge` tells it, as it does in a round.

    Batch normalisation takes the batch's own statistics, and dropout drops: by masks that are a
    function of the seed and the batch, so that no order of asking changes them. (Keras's own
    ``Dropout`` drops the same in every batch.) The network's state stays as it is.
    """
    batch = {"example": np.asarray(examples), **told}
    inputs, d = _taken(game, "discriminator", batch), game.discriminator
    draw = Draw(game.seed, _number_of(*batch.values()))
    with random.scope(draw, "asked", [("batch", len(examples))]), keras.StatelessScope():
        output = d(inputs, training=True)
    return _named(Side(output), game.loss)


def _number_of(*batch: np.ndarray) -> int:
    """Return 62 bits that tell batches apart."""
    held = b"".join(np.asarray(each).tobytes() for each in batch)
    return random.stream_key(0, hashlib.sha256(held).hexdigest())


def _named(output: Side, loss: Loss) -> dict[str, np.ndarray]:
    named = {name: np.asarray(value) for name, value in output.items()}
    probability = loss.probability(output)
    if probability is not None:
        named["probability"] = np.asarray(probability)
    return named


def in_inference(network: keras.Model) -> Network:
    """Return the network in inference mode."""
    return lambda x: network(x, training=False)


class Line:
    """Show a game on the line as theory sees it at any moment.

    Args:
        game: Any game.
        source: Its data.
        cells: Of z; see :class:`advnets.evaluate.estimators.push_forward.PushForward`.
    """

    def __init__(self, game: AdversarialGame, source: Source, cells: int):
        self._game, self._source, self._cells = game, source, cells
        self.fits = game.unconditional and explain_unfit(source, game.prior) is None
        self._players = in_inference(game.generator), in_inference(game.discriminator)
        if game.distribute_strategy.num_replicas_in_sync == 1:
            # Kept as graphs: most of the time would go into Keras's Python otherwise.
            generator, discriminator = self._players
            self._players = _as_graph(generator), _as_graph(discriminator)

    def __call__(self) -> LineGame:
        """Return the game at this moment."""
        generator, discriminator = self._players
        return line_game(
            *(self._source, self._game.prior),
            lambda latents: generate(
                lambda told: generator(told["latent"]), {"latent": np.asarray(latents, np.float32)}
            ),
            lambda examples: judge(discriminator, self._game.loss, examples),
            self._cells,
        )


def _as_graph(network: Network) -> Network:
    return tf.function(network, autograph=False, reduce_retracing=True)


def _parts(x: np.ndarray, numbers: int) -> list[np.ndarray]:
    at_once = max(NUMBERS // max(numbers, 1), 1)
    return [x[i : i + at_once] for i in range(0, len(x), at_once)]
