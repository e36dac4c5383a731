"""Open a run: its folder, its figures, its networks, its samples and scores."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ..checkpoint import CheckpointStore, Commit
from ..data import Field, Preprocess, Source
from ..data.by_source import read_words
from ..data.given import check_given, count_rows
from ..data.kept import KeptSource, parse_told
from ..distribute.strategy import make_local_strategy
from ..distribute.workers import Workers
from ..errors import RunError, UsageError
from ..evaluate import Score
from ..evaluate.features import Extractors
from ..game import AdversarialGame
from ..game.columns import columns_of
from ..game.inverting import Inverted, invert
from ..game.sampling import PER_LINE, interpolate_told
from ..game.state import state_variables
from ..observe.evaluation import Helpers, evaluate_game
from ..plugins import Registry, load_plugins
from ..plugins.attribution import attribute_errors
from ..recipe import Recipe
from ..runs import RunFolder
from ..train.build import build_game, draw_outside_from
from .exchanged import fingerprints_of, say_what_differs, say_what_was_exchanged
from .kept import data_or_kept, in_own_range, read_kept

log = logging.getLogger(__name__)


class Run:
    """Open a run: its folder, its figures, its networks.

    Args:
        folder: The run's folder.
        registry: The registry of components; all installed plugins by default.
        recipe: The recipe as it was run; by default as the folder holds it.
        checkpoint: Which to read: ``newest``, ``best`` (by the recipe's ``checkpoints.best``),
            or a step.

    Attributes:
        path: The folder's path.
        folder: Its layout.
        recipe: The recipe as it was run.
    """

    def __init__(
        self,
        folder: RunFolder,
        registry: Registry | None = None,
        recipe: Recipe | None = None,
        checkpoint: str | int = "newest",
    ):
        self._which = checkpoint
        self.folder = folder
        self.path = folder.path
        self.registry = registry if registry is not None else load_plugins()
        self.recipe: Recipe = recipe or folder.load_recipe(self.registry, to_play=False)
        if recipe is None:
            say_what_differs(folder, self.registry)

    @property
    def manifest(self) -> dict[str, Any]:
        """The run's manifest: versions, data, status, step, time, scores."""
        return self.folder.manifest.data

    @property
    def metrics(self) -> list[dict[str, Any]]:
        """What was logged, one record per log boundary, oldest first."""
        return self.folder.metrics.read()

    @cached_property
    def source(self) -> Source:
        """The run's data; where they are not here, or are others, what it keeps of them."""
        return data_or_kept(self.recipe, self.folder)

    @cached_property
    def told(self) -> dict[str, Field | None]:
        """What samples are made of, by name: ``latent``, and the fields that G is told."""
        return parse_told(self.folder) or in_own_range(self.game, self.source)

    @cached_property
    def _extractors(self) -> Extractors:
        return Extractors(self.source, self.registry)

    @cached_property
    def commit(self) -> Commit:
        """The checkpoint asked for: the newest sound one, if nothing was.

        Raises:
            RunError: If there is none, or not that one.
            UsageError: If the best one is asked for, and none is known.
        """
        store = CheckpointStore.of(self.folder)
        commit = store.newest(hold=True)
        if commit is None and store.faults:
            raise RunError(
                f"no checkpoint verifies: {store.described_faults()}", where=str(self.path)
            )
        if commit is None:
            raise RunError(
                "there is no checkpoint to read",
                where=str(self.path),
                hint="run its recipe first: `advnets run RECIPE`",
            )
        for step, fault in store.faults.items():
            log.warning("the checkpoint of step %d is left out: %s", step, fault)
        if self._which == "newest":
            return commit
        if self._which != "best":
            return store.read(int(self._which), hold=True)
        best = commit.extras.get("best") or {}
        if best.get("step") is None:
            raise UsageError(
                "the run knows of no best checkpoint",
                where=str(self.path),
                hint="a recipe with checkpoints.best={metric: NAME} keeps one",
            )
        return store.read(best["step"], hold=True)

    @cached_property
    def game(self) -> AdversarialGame:
        """The game on one device, restored from the checkpoint."""
        return self._restored(tf.distribute.get_strategy())

    @cached_property
    def _shared_game(self) -> AdversarialGame:
        """The same on all devices of this machine that the run would use."""
        strategy = make_local_strategy(self.recipe.settings.distribution.strategy)
        return self.game if strategy.num_replicas_in_sync == 1 else self._restored(strategy)

    def _restored(self, strategy: tf.distribute.Strategy) -> AdversarialGame:
        commit = self.commit
        with strategy.scope():
            game = build_game(self.recipe, self.source)
            self._draw_from_kept(game)
        lists = {"penalties.": game.penalties, "augmentations.": game.augmentations}
        left_out = [group for group, here in lists.items() if not here]
        state = state_variables(game)
        CheckpointStore.of(self.folder).restore(commit, state, left_out)
        return game

    def _draw_from_kept(self, game: AdversarialGame) -> None:
        """Draw fields from what the run keeps, so that samples are the same without the data."""
        kept = read_kept(self.folder, "")
        if kept is None or isinstance(self.source, KeptSource):
            return  # the data are all that there is, or the game was built from what is kept
        try:
            draw_outside_from(game, kept)
        except RunError as error:
            log.warning("%s; they are taken from the data", error.message)
            draw_outside_from(game, self.source)
            if self.source.fits("train"):
                here = {"train": self.source.fingerprint()}
                say_what_was_exchanged(self.folder, here, "drawn from")

    @property
    def generator(self) -> keras.Model:
        """The trained generator, latent ``[N, size]`` → examples in the preprocessed range."""
        return self.game.generator

    @property
    def averaged_generator(self) -> keras.Model | None:
        """The generator with averaged weights; ``None`` where the recipe keeps none."""
        return self.game.averaged_generator

    @property
    def discriminator(self) -> keras.Model:
        """The trained discriminator."""
        return self.game.discriminator

    def network(self, name: str, weights: str = "auto") -> keras.Model:
        """Return a trained network by its name.

        Args:
            name: ``generator``, ``discriminator``, or another of the recipe's ``networks``.
            weights: ``averaged``, ``current``, or ``auto``: averaged ones where they are kept.

        Raises:
            UsageError: If there is no such network, or no average is kept.
        """
        networks = self.game.sampling_networks(weights)
        if name not in networks:
            raise UsageError(
                f"the run has no network {name!r}",
                where=str(self.path),
                hint=f"it has {', '.join(networks)}",
            )
        return networks[name]

    def sample(
        self,
        n: int | None = None,
        seed: int = 0,
        interpolate: bool = False,
        weights: str = "auto",
        given: Mapping[str, Any] | None = None,
        truncation: float | None = None,
    ) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        """Sample from the trained generator, on all devices that the run would use here.

        Args:
            n: How many samples; by default as many as something is given for, or else 64, or
                10 lines.
            seed: Seed of the latent points; equal seeds give equal points.
            interpolate: Draw rows of 10 samples along straight lines between pairs of
                latent points (figure 3 of Goodfellow et al. 2014); a row has one label.
            weights: ``averaged``, ``current``, or ``auto``: averaged ones where they are kept.
            given: What is not to be drawn, by name: one value for all samples, or one for
                each: ``{"label": 3}``. With ``interpolate`` one for each row, and latent points
                for the ends of the lines, one more. Images in the data set's own range.
            truncation: ψ ≥ 0: latent points are pulled to the prior's mean z̄, z̄ + ψ (z - z̄),
                given ones too; below 1 for samples that are less varied and, as a rule, better.

        Returns:
            Samples in the data set's own range, ``[n, *shape]``, and what they were made of,
            by name: ``latent``, and the fields that the generator is told, ``[n, ...]`` each.

        Raises:
            UsageError: If something is given that the game does not take, or if there are no
                latent points to truncate.
        """
        own = read_words({} if given is None else given, self.told, lambda: self.source)
        if interpolate:
            n, own = _for_lines(n, own, self.told)
        elif n is None:
            n = count_rows(own, self.told) or 64
        drawn = -(-n // PER_LINE) + 1 if interpolate else n
        prepared = self._prepared(check_given(own, self.told, drawn))
        game = self._shared_game
        told = game.draw_told(drawn, seed, given=prepared, truncation=truncation)
        if interpolate:
            told = interpolate_told(told, n)
        generated = game.generate_from(told, weights=weights)
        images = self._images(told)
        told |= {name: images[name].invert(told[name]) for name in images}
        return self.source.preprocess.invert(generated), told

    def invert(
        self,
        examples: np.ndarray,
        *,
        steps: int = 500,
        learning_rate: float = 0.05,
        restarts: int = 4,
        seed: int = 0,
        given: Mapping[str, Any] | None = None,
        weights: str = "auto",
    ) -> Inverted:
        """Find latent points z whose G(z) is near examples x: min ‖G(z) - x‖², on one device.

        Args:
            examples: x, ``[n, *shape]``, in the data set's own range, as :meth:`sample` returns
                them.
            steps: Steps of Adam on z; its learning rate falls to 0.
            learning_rate: Where that begins, in units of z.
            restarts: How many starts from the prior each example gets; the best is kept.
            seed: Of the starts.
            given: What the generator is told besides z, by name: one value for all examples, or
                one for each, as for :meth:`sample`.
            weights: As for :meth:`sample`.

        Returns:
            ``latents`` ``[n, *latent]``, which the prior can draw; their ``samples``
            ``[n, *shape]`` in the data set's own range; and the ``differences`` ``[n]``, what
            remains of ‖G(z) - x‖² in the range of the preprocessed data.

        Raises:
            UsageError: If the examples are of another shape, if the game has no latent, or if
                something that the generator is told is not given.
        """
        x, spec = np.asarray(examples), self.source.spec
        if x.shape[1:] == tuple(spec.shape) and x.dtype.kind in "fiub":
            x = np.asarray(self.source.preprocess.apply(x))
        own = read_words({} if given is None else given, self.told, lambda: self.source)
        told = self._prepared(check_given(own, self.told, max(len(x), 1) if x.ndim else 1))
        found = invert(
            self.game,
            x,
            tuple(spec.shape),
            steps=steps,
            learning_rate=learning_rate,
            restarts=restarts,
            seed=seed,
            given=told,
            weights=weights,
        )
        return replace(found, samples=self.source.preprocess.invert(found.samples))

    def columns(
        self,
        samples: np.ndarray,
        told: Mapping[str, np.ndarray],
        given: Iterable[str] = (),
        weights: str = "auto",
        interpolate: bool = False,
    ) -> dict[str, np.ndarray]:
        """Return what samples are shown next to in grids, by label, they themselves included.

        Args:
            samples, told: As :meth:`sample` returned them.
            given: The names of what was given.
            weights, interpolate: As for :meth:`sample`.

        Returns:
            Arrays ``[n, ...]`` in the data set's own range; empty where they are shown alone:
            the encounter decides (:meth:`advnets.game.Encounter.columns`).
        """
        way, prepared = self.source.preprocess, self._prepared(told)
        as_given = np.asarray(way.apply(samples))
        line = PER_LINE if interpolate else 1
        shown = columns_of(self.game, self.source, as_given, prepared, set(given), weights, line)
        return {label: way.invert(each) for label, each in shown.items()}

    def _prepared(self, given: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        """Return what is given as the game is told it."""
        images = self._images(given)
        return {**given, **{name: np.asarray(images[name].apply(given[name])) for name in images}}

    def _images(self, names: Iterable[str]) -> dict[str, Preprocess]:
        """Return how those are preprocessed that are images of the data, or streams' examples."""
        source, drawn = self.source, self.recipe.settings.conditions
        found: dict[str, Preprocess] = {}
        for name in names:
            stream, _, own = name.rpartition(".")
            data = source.streams.get(stream) if stream else source
            if data is None or name in drawn:
                continue
            if stream and own == "example":
                found[name] = data.preprocess
            elif own in data.spec.fields and data.spec.fields[own].kind == "image":
                found[name] = data.preprocess.for_field(data.spec.fields[own])
        return found

    def evaluate(
        self,
        metrics: Sequence[str | Mapping[str, Any]] | None = None,
        seed: int | None = None,
        weights: str = "auto",
    ) -> list[Score]:
        """Compute metrics of the trained generator, on all devices that the run would use here.

        Args:
            metrics: Names, or entries as in a recipe, ``{"name": …, parameters …}``; the
                recipe's ``evaluation.metrics`` by default. A metric that is only named keeps
                the parameters that the recipe gives it, or has its defaults.
            seed: Seed of the samples; the recipe's by default.
            weights: ``averaged``, ``current``, or ``auto``: averaged ones where they are kept.
        """
        with attribute_errors(self.registry, lambda: True):
            game = self._shared_game
            workers = Workers(tf.distribute.get_strategy())  # this process alone
            helpers = Helpers(game, workers, self._extractors)
            scores = evaluate_game(
                *(self.recipe, self.registry, self.source, game, helpers, metrics, seed),
                weights=weights,
            )
        say_what_was_exchanged(self.folder, fingerprints_of(scores, self.source), "measured on")
        return scores

    def __repr__(self) -> str:
        status, step = self.manifest.get("status"), self.manifest.get("step")
        return f"Run({str(self.path)!r}, {status}, step {step})"


def _for_lines(
    n: int | None, given: Mapping[str, Any], told: Mapping[str, Field | None]
) -> tuple[int, dict[str, Any]]:
    """Return how many samples on lines are meant, and what is given for the lines' ends.

    Of a field there is one value a line; the end of the last line has that of its beginning.
    """
    if "latent" not in told:
        raise UsageError("there are no lines to sample along: this game has no latent")
    found = dict(given)
    fields = {name: value for name, value in given.items() if name != "latent"}
    lines = count_rows(fields, told)
    for name in fields if lines is not None else ():
        if count_rows({name: fields[name]}, told) is not None:
            found[name] = [*fields[name], fields[name][-1]]
    if lines is None and "latent" in given:
        ends = count_rows({"latent": given["latent"]}, told)
        lines = None if ends is None else max(ends - 1, 1)
    return (10 if lines is None else lines) * PER_LINE if n is None else n, found
