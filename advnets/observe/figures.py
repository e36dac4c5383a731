"""What figures 2 and 3 of the paper show of a game: samples, neighbours, lines."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any, BinaryIO

import numpy as np

from ..data import Source
from ..errors import UsageError
from ..evaluate.estimators.nearest import find_nearest
from ..game import AdversarialGame
from ..game.sampling import interpolate_told
from ..monitor.figures.figure_1 import DPI, PANELS, choose_panels, figure_1
from ..monitor.figures.figure_2 import SamplesAndNeighbours, figure_2
from ..monitor.figures.figure_3 import LatentLines, figure_3
from ..monitor.snapshot import read_snapshots
from ..safe_io.atomic import replace_atomically
from .inference import generate
from .observer import Observer, View

WIDE = 640
"""Pixels, about, that a row of samples may have where nobody says how many there are."""
ROWS, COLUMNS = 8, 10


def shape_of_grid(source: Source) -> tuple[int, int]:
    """Return rows and columns of samples that fit on a sheet, for images of this size."""
    height, width = source.spec.shape[:2]
    return max(2, min(ROWS, WIDE // height)), max(2, min(COLUMNS, WIDE // width))


def samples_and_neighbours(
    game: AdversarialGame,
    source: Source,
    seed: int = 0,
    rows: int | None = None,
    columns: int | None = None,
    weights: str = "auto",
) -> SamplesAndNeighbours:
    """Return random samples, with the training example nearest to the last of each row.

    All of the training split is looked through.

    Args:
        game: The game; run by this process alone.
        source: Its data, images.
        seed: Of the latent points, those of ``advnets sample``.
        rows, columns: Of samples; as many as fit by default.
        weights: See :meth:`AdversarialGame.sampling_generator`.
    """
    fitting = shape_of_grid(source)
    rows, columns = rows or fitting[0], columns or fitting[1]
    told = game.draw_told(rows * columns, seed)
    generated = generate(game.maker(weights), told, source.spec.size)
    samples = source.preprocess.invert(generated).reshape(rows, columns, *source.spec.shape)
    latents = told.get("latent", np.zeros((len(generated), 0)))
    places, neighbours = _nearest(samples[:, -1], source)
    apart = samples[:, -1].astype(np.float64) - neighbours
    return SamplesAndNeighbours(
        samples=samples,
        latents=latents.reshape(rows, columns, math.prod(latents.shape[1:])),
        neighbours=neighbours,
        places=places,
        distances=np.sqrt(np.square(apart).reshape(rows, -1).sum(axis=1)),
        step=int(game.rounds.numpy()),
        seed=seed,
        averaged=game.sampling_generator(weights) is not game.generator,
    )


def latent_lines(
    game: AdversarialGame,
    source: Source,
    seed: int = 0,
    rows: int | None = None,
    columns: int | None = None,
    weights: str = "auto",
) -> LatentLines:
    """Generate images along straight lines, each from where the one before has ended.

    Args:
        game, source, seed, weights: As in :func:`samples_and_neighbours`.
        rows: How many lines.
        columns: Images on each, both ends included.

    Raises:
        UsageError: If the game has no latent.
    """
    if game.prior is None:
        raise UsageError("figure 3 shows lines through latent space; this game has no latent")
    fitting = shape_of_grid(source)
    rows, columns = rows or fitting[0], columns or fitting[1]
    told = interpolate_told(game.draw_told(rows + 1, seed), rows * columns, columns)
    generated = generate(game.maker(weights), told, source.spec.size)
    return LatentLines(
        samples=source.preprocess.invert(generated).reshape(rows, columns, *source.spec.shape),
        latents=told["latent"].reshape(rows, columns, -1),
        step=int(game.rounds.numpy()),
        seed=seed,
        averaged=game.sampling_generator(weights) is not game.generator,
    )


class Figures(Observer):
    """Draw the figures of the paper that a game has into ``exports/figure-N.png``, at the end.

    As far as that takes no long time: figure 2 is left to ``advnets figure`` where the training
    split does not fit into memory, since all of it is looked through.

    Source: Goodfellow et al. 2014, figures 1 to 3.
    """

    name = "figures"

    def start(self, view: View, step: int) -> None:
        """Keep what may be looked at."""
        self._view = view

    def finish(self, step: int, status: str) -> None:
        """Draw those that this game has."""
        if status != "finished":
            return
        game, source, name = self._view.game, self._view.source, self._view.recipe.name
        spec = source.spec
        if spec.kind != "image":
            snapshots = read_snapshots(self._view.folder.samples)
            if len(snapshots) >= PANELS:
                first = partial(figure_1, choose_panels(snapshots), name)
                self._draw(1, step, lambda file: first().savefig(file, format="png", dpi=DPI))
            return
        if source.fits("train"):
            second = partial(samples_and_neighbours, game, source)
            self._draw(2, step, lambda file: figure_2(second(), spec, name).save(file, "PNG"))
        if game.prior is None:
            return
        third = partial(latent_lines, game, source)
        self._draw(3, step, lambda file: figure_3(third(), spec, name).save(file, "PNG"))

    def _draw(self, number: int, step: int, draw: Callable[[BinaryIO], Any]) -> None:
        path = self._view.folder.exports / f"figure-{number}.png"

        def work() -> None:
            path.parent.mkdir(exist_ok=True)
            with replace_atomically(path) as file:
                draw(file)
            self._view.observers.picture(step, f"figures/{number}", path)

        self._view.guard.attempt(f"figure {number}", step, work)


def _nearest(samples: np.ndarray, source: Source) -> tuple[np.ndarray, np.ndarray]:
    """Find the training example nearest to each sample: its index, and the example."""
    rows = samples.reshape(len(samples), -1)
    best = np.full(len(samples), np.inf)
    places = np.zeros(len(samples), np.int64)
    first = 0
    for chunk in source.chunks("train"):
        place, distance = find_nearest(rows, chunk.reshape(len(chunk), -1)).T
        closer = distance < best
        best[closer], places[closer] = distance[closer], first + place[closer].astype(np.int64)
        first += len(chunk)
    return places, source.take("train", places).examples
