"""Asking a game's players outside of a round: in inference mode, by this process alone.

Nothing here meets other workers, so the chief may do it by itself.
"""

from __future__ import annotations

import keras
import numpy as np

from ..data import Source
from ..evaluate.line_game import LineGame, line_game, unfit
from ..game import AdversarialGame, DiscriminatorOutput

NUMBERS = 2**22
"""Of examples that a network is given at a time, about: 16 MiB."""


def made(generator: keras.Model, latents: np.ndarray) -> np.ndarray:
    """G of latent points ``[n, size]``: float32 ``[n, *shape]`` in the preprocessed range."""
    at_once = max(NUMBERS // int(np.prod(generator.output_shape[1:])), 1)
    parts = [
        np.asarray(generator(part, training=False), np.float32)
        for part in _parts(np.asarray(latents, np.float32), at_once)
    ]
    return np.concatenate(parts)


def said(game: AdversarialGame, examples: np.ndarray) -> dict[str, np.ndarray]:
    """What D says of examples ``[n, *shape]`` in the preprocessed range.

    Returns:
        By name, ``[n, ...]`` each: all that D returns, and ``probability``, the probability
        that it gives to "real", where the loss defines one.
    """
    found: list[dict[str, np.ndarray]] = []
    for part in _parts(np.asarray(examples), max(NUMBERS // max(examples[0].size, 1), 1)):
        output = DiscriminatorOutput(game.discriminator(part, training=False))
        probability = game.loss.probability(output)
        named = {name: np.asarray(value) for name, value in output.items()}
        if probability is not None:
            named["probability"] = np.asarray(probability)
        found.append(named)
    return {name: np.concatenate([part[name] for part in found]) for name in found[0]}


def on_the_line(game: AdversarialGame, source: Source, cells: int) -> LineGame | None:
    """The game at this moment as theory sees it; ``None`` if it is not one on the line."""
    if unfit(source, game.prior) is not None:
        return None
    return line_game(
        *(source, game.prior),
        lambda latents: made(game.generator, latents),
        lambda examples: said(game, examples),
        cells,
    )


def _parts(x: np.ndarray, at_once: int) -> list[np.ndarray]:
    return [x[i : i + at_once] for i in range(0, len(x), at_once)]
