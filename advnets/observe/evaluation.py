"""Scores of a game: the chief computes them, with the help of all devices and workers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

from ..checkpoint import weights_sha256
from ..data import Source
from ..distribute.workers import Workers
from ..errors import PluginError
from ..evaluate import Data, MetricContext, Players, Score, Weights, check_scores
from ..evaluate.features import Extractors, Wanted
from ..evaluate.features.extractors import compute
from ..evaluate.per_example import import_function, importable_name, per_example, split_evenly
from ..game import AdversarialGame
from ..plugins import Registry
from ..plugins.components import Component
from ..plugins.tracebacks import find_source
from ..recipe import Recipe
from ..safe_io.jsonable import to_jsonable
from .guard import Guard
from .inference import ask, by_name, generate, judge, judge_in_play
from .tf32 import without_tf32


class Helpers:
    """Do together on all devices and workers what a metric asks of them, when the chief calls.

    Every worker makes its own, and all call the same methods at the same time, with the
    same arguments (:meth:`advnets.distribute.workers.Workers.coordinate`).

    Args:
        game: The game; its strategy says which devices there are.
        workers: The workers.
        extractors: Where this worker makes its feature extractors.
    """

    def __init__(self, game: AdversarialGame, workers: Workers, extractors: Extractors):
        self._game, self._workers, self._extractors = game, workers, extractors
        strategy = game.distribute_strategy
        several = strategy.num_replicas_in_sync > 1  # the default strategy knows no devices
        self._devices = tuple(strategy.extended.worker_devices) if several else ()

    def __call__(self, what: str, *arguments: Any) -> Any:
        """Do ``samples``, ``per_example`` or ``extract``."""
        do: dict[str, Callable[..., Any]] = {
            "samples": self.samples,
            "per_example": self.per_example,
            "extract": self.extract,
        }
        with without_tf32():
            return do[what](*arguments)

    def samples(
        self,
        first: int,
        last: int,
        seed: int,
        weights: str = "auto",
        given: Mapping[str, Any] | None = None,
    ) -> np.ndarray:
        """Return some samples, in the range of the preprocessed data, on all workers."""
        told = self._game.draw_told(last, seed, "evaluate", given, first)
        return self._game.generate_from(told, weights=weights)

    def per_example(
        self, name: Sequence[str], examples: np.ndarray, others: Sequence[Any], at_once: int
    ) -> np.ndarray:
        """Return the values of a function for each example; see :meth:`MetricContext.per_example`.

        Args:
            name: The function's module and name, by which each worker finds it.
            examples, others, at_once: What it is called with.
        """

        def share(part: np.ndarray) -> np.ndarray:
            function = import_function(*name)
            return per_example(function, part, *others, at_once=at_once, devices=self._devices)

        return self._shared(share, examples)

    def extract(self, what: str, wanted: Wanted, examples: np.ndarray | None) -> Any:
        """Return what an extractor says of examples, or of itself; see
        :meth:`MetricContext.features`.

        Args:
            what: ``features``, ``probabilities`` or ``describe``.
            wanted: The extractor's name, or its name and parameters.
            examples: What it is given; ``None`` where it is to describe itself.
        """
        workers = self._workers
        extractor = workers.run_on_all(lambda: self._extractors.get(wanted))
        described = workers.run_on_all(extractor.describe)
        if examples is None:
            return described
        text = json.dumps(described, sort_keys=True, default=to_jsonable)
        # What was learnt on machines of several kinds may differ: then the chief's counts.
        alone = bool(workers.find_differing(hashlib.sha256(text.encode()).hexdigest()))

        def share(part: np.ndarray) -> np.ndarray:
            if alone and not workers.is_chief:
                return np.zeros((len(part), 1))
            one = partial(compute, extractor, what)
            return per_example(one, part, at_once=extractor.at_once, devices=self._devices)

        return self._shared(share, examples, whole=alone)

    def _shared(
        self, work: Callable[[np.ndarray], np.ndarray], examples: np.ndarray, whole: bool = False
    ) -> np.ndarray:
        """Let each worker do its share of some examples; ``whole``: each does all of them."""
        workers, count = self._workers, len(examples)
        # Where there are fewer examples than workers, each computes all of them.
        apart = count >= workers.count > 1 and not whole
        bounds = split_evenly(count, workers.count) if apart else [(0, count)]
        first, last = bounds[workers.index % len(bounds)]
        own = workers.run_on_all(lambda: work(examples[first:last]))
        return own if len(bounds) == 1 else workers.all_gather(own, [b - a for a, b in bounds])


def _some(source: Source, split: str, places: np.ndarray) -> np.ndarray:
    """Return preprocessed examples of a split, which is read once if it fits into memory."""
    if source.fits(split):
        return np.asarray(source.preprocess.apply(source.load(split)[places]))
    return np.asarray(source.preprocess.apply(source.take(split, places).examples))


def _compute(
    component: Component, context: MetricContext, parameters: Mapping[str, Any]
) -> list[Score]:
    with without_tf32():
        returned = component.load()(context, **parameters)
    try:
        return check_scores(component.name, returned)
    except PluginError as error:
        error.where = find_source(component.load())
        error.module = component.target.partition(":")[0]
        raise


def _chosen(
    recipe: Recipe, registry: Registry, wanted: Sequence[str | Mapping[str, Any]] | None
) -> list[tuple[Component, dict[str, Any]]]:
    """Return metrics and their parameters; see :meth:`advnets.session.opened.Run.evaluate`."""
    declared = recipe.components("evaluation.metrics")
    if wanted is None:
        return declared
    chosen: list[tuple[Component, dict[str, Any]]] = []
    for entry in wanted:
        own = [(known, parameters) for known, parameters in declared if known.name == entry]
        if isinstance(entry, str):
            registry.component("metrics", entry)  # says what there is instead
        if not own:
            read = recipe.override({"evaluation.metrics": [entry]})
            own = read.components("evaluation.metrics")
        chosen += own
    return chosen


def evaluate_game(
    recipe: Recipe,
    registry: Registry,
    source: Source,
    game: AdversarialGame,
    together: Callable[..., Any],
    wanted: Sequence[str | Mapping[str, Any]] | None = None,
    seed: int | None = None,
    guard: Guard | None = None,
    weights: str = "auto",
) -> list[Score]:
    """Compute metrics of a game's generator; see :meth:`advnets.session.opened.Run.evaluate`.

    Args:
        together: :class:`Helpers`, or what calls those of all workers.
        guard: During a run: where a metric that fails is switched off. Else, whatever it
            raises is raised.
        weights: ``averaged``, ``current``, or ``auto``: averaged ones where they are kept.
    """
    chosen = _chosen(recipe, registry, wanted)
    weigh = partial(_weigh, game, weights)
    sha256, averaging = weigh("generator")
    d = by_name(game, "discriminator", game.discriminator)
    context = MetricContext(
        samples=lambda n, seed, first=0, given=None: together(
            "samples", first, n, seed, weights, given
        ),
        data=Data.of(source),
        seed=recipe.seed if seed is None else seed,
        told=game.told,
        weights=Weights(
            step=int(game.rounds.numpy()),
            sha256=sha256,
            averaging=averaging,
            precision=recipe.settings.distribution.precision,
            of=weigh,
        ),
        players=Players(
            prior=game.prior,
            generator=partial(_generate_from, game, weights, source.spec.size),
            discriminator=partial(judge, lambda x, **told: d(example=x, **told), game.loss),
            judge_in_play=partial(judge_in_play, game),
            discriminator_told=tuple(
                n for n in game.roles["discriminator"].takes if n != "example"
            ),
            loss=game.loss,
            networks=lambda name, **given: ask(game, name, weights, **given),
        ),
        spread=lambda function, examples, *others, at_once: together(
            "per_example", importable_name(function), np.asarray(examples), others, at_once
        ),
        extract=lambda what, wanted, examples: together("extract", what, wanted, examples),
    )
    scores: list[Score] = []
    for component, parameters in chosen:
        compute = partial(_compute, component, context.for_another(), parameters)
        if guard is None:
            scores += compute()
        else:
            who = f"metric {component.name!r}"
            scores += guard.attempt(who, context.step, compute) or []
    return scores


def _weigh(
    game: AdversarialGame, weights: str, name: str
) -> tuple[str, Mapping[str, Any] | str | None]:
    """Return a hash of a network's weights, and how these are averages, if they are."""
    networks = game.sampling_networks(weights)
    if name not in networks:
        return "", None  # whoever asks it is told so
    averaging: Mapping[str, Any] | str | None = None
    if game.averages and weights != "current":
        kept = game.averages.get(name)
        averaging = f"none is kept of the {name}" if kept is None else kept.describe()
    return weights_sha256(networks[name].get_weights()), averaging


def _generate_from(
    game: AdversarialGame,
    weights: str,
    numbers: int,
    latents: np.ndarray,
    **told: np.ndarray,
) -> np.ndarray:
    """Return what is made of latent points, and of fields ``[n, ...]`` by name."""
    made_of = {"latent": np.asarray(latents, np.float32), **told}
    return generate(game.maker(weights), made_of, numbers)
