"""Sample grids: what G makes of fixed latent points, drawn, and how much it varies."""

from __future__ import annotations

from functools import partial
from typing import Any

import numpy as np

from ..data import Source
from ..data.by_source import draw
from ..data.feed.choose import reference_examples
from ..evaluate.estimators.diversity import diversity
from ..game import AdversarialGame, Side
from ..game.columns import columns_of
from ..monitor.columns import save_columns
from ..monitor.grid import save_grid
from ..runs.sample_files import sample_file, samples_of, step_of
from .observer import Moment, Observer, View

COMPARED = 256
"""Examples of a kind that are compared with each other, at most."""


class SampleGrids(Observer):
    """Draw samples into ``samples/step-XXXXXXXX.png``.

    Args:
        every: Rounds between two grids; 0: none.
    """

    name = "sample grids"
    from_start = True
    everywhere = True  # all workers make the samples together

    def __init__(self, every: int):
        self.every = every
        self._beneath: dict[str, Any] = {}

    def start(self, view: View, step: int) -> None:
        """Remove the grids of later rounds; find what is drawn beneath samples."""
        self._view = view
        if view.workers.is_chief:
            self.rewind(step)
            self._beneath = background(view.game, view.source)

    def observe(self, moment: Moment) -> None:
        """Draw a grid."""
        samples, view = moment.samples, self._view
        if not view.workers.is_chief:
            return
        shown = columns_of(view.game, *moment.made)
        shown = {label: view.source.preprocess.invert(each) for label, each in shown.items()}
        path = view.folder.samples / sample_file(moment.step)
        title = f"step {moment.step:,}"
        spec, columns, own = view.source.spec, moment.columns, partial(draw, view.source)
        look: dict[str, Any] = {"columns": columns, "title": title, "draw": own} | self._beneath
        if shown:
            save_columns(path, shown, spec, **look)
        else:
            save_grid(path, samples, spec, **look)
        view.observers.picture(moment.step, "samples", path)

    def rewind(self, step: int) -> None:
        """Remove the grids of rounds after ``step``."""
        if self._view.workers.is_chief:
            for path in samples_of(self._view.folder.samples):
                if step_of(path) > step:
                    path.unlink()


class Variety(Observer):
    """Compare how much samples differ from each other with how much real examples do.

    What it finds (see :func:`advnets.evaluate.estimators.diversity.diversity`) is a part of the
    next line of metrics.jsonl.

    Args:
        every: Rounds between two comparisons; 0: none.
    """

    name = "variety"
    everywhere = True  # all workers make the samples together

    def __init__(self, every: int):
        self.every = every

    def start(self, view: View, step: int) -> None:
        """Take as many real examples as samples are compared."""
        self._chief = view.workers.is_chief
        if self._chief:
            rows = np.arange(min(COMPARED, view.source.count("train")))
            self._real = view.source.take("train", rows).examples
            modes = getattr(view.source, "modes", None)
            self._modes = None if modes is None else modes()

    def observe(self, moment: Moment) -> None:
        """Compare."""
        samples = moment.samples[:COMPARED]
        if self._chief:
            moment.window.seen |= diversity(samples, self._real, self._modes)


def probability(game: AdversarialGame, source: Source, x: np.ndarray) -> np.ndarray:
    """Return D(x) ``[n]`` for x in the data set's own range ``[n, 1]``; NaN without one."""
    output = Side(game.discriminator(source.preprocess.apply(x), training=False))
    probability = game.loss.probability(output)
    return np.full(len(x), np.nan) if probability is None else probability.numpy()


def background(game: AdversarialGame, source: Source) -> dict[str, Any]:
    """Return what is drawn beneath vectors: p_data where known, real examples, D(x) on a line."""
    if source.spec.kind == "image":
        return {}
    density = getattr(source, "log_density", None)
    return {
        "density": None if density is None else lambda x: np.exp(density(x)),
        "reference": reference_examples(source),
        "probability": partial(probability, game, source)
        if source.spec.shape == (1,) and game.unconditional
        else None,
    }
