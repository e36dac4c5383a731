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
from ..distribute.workers import Team, is_loss
from ..errors import PluginError
from ..evaluate import Data, MetricContext, Players, Score, Weights, check_scores
from ..evaluate.features import Extractors, Wanted
from ..evaluate.features.extractors import compute
from ..evaluate.per_example import import_function, importable_name, per_example, split_evenly
from ..game import AdversarialGame
from ..plugins import Registry
from ..plugins.components import Component
from ..plugins.tracebacks import find_source
from ..recipe import Recipe, load_recipe
from ..safe_io.jsonable import to_jsonable
from .inference import at_rest, judged_in_play, made, said
from .switched_off import Observers
from .tf32 import without_tf32


class Helpers:
    """What all devices and workers do together for a metric, when the chief calls for it.

    Every worker makes its own, and all call the same methods at the same time, with the
    same arguments (:meth:`advnets.distribute.workers.Team.serve`).

    Args:
        game: The game; its strategy says which devices there are.
        team: The workers.
        extractors: Where this worker makes its feature extractors.
    """

    def __init__(self, game: AdversarialGame, team: Team, extractors: Extractors):
        self._game, self._team, self._extractors = game, team, extractors
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

    def samples(self, first: int, last: int, seed: int, weights: str = "auto") -> np.ndarray:
        """Return some samples, in the range of the preprocessed data, on all workers."""
        game = self._game
        return game.generate(last, seed, stream="evaluate", weights=weights, first=first)[1]

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
        team = self._team
        extractor = team.agree(lambda: self._extractors.get(wanted))
        described = team.agree(extractor.describe)
        if examples is None:
            return described
        said = json.dumps(described, sort_keys=True, default=to_jsonable)
        # What was learnt on machines of several kinds may differ: then the chief's counts.
        alone = bool(team.differing(hashlib.sha256(said.encode()).hexdigest()))

        def share(part: np.ndarray) -> np.ndarray:
            if alone and not team.chief:
                return np.zeros((len(part), 1))
            one = partial(compute, extractor, what)
            return per_example(one, part, at_once=extractor.at_once, devices=self._devices)

        return self._shared(share, examples, whole=alone)

    def _shared(
        self, work: Callable[[np.ndarray], np.ndarray], examples: np.ndarray, whole: bool = False
    ) -> np.ndarray:
        """Let each worker do its share of some examples; ``whole``: each does all of them."""
        team, count = self._team, len(examples)
        # Where there are fewer examples than workers, each computes all of them.
        apart = count >= team.workers > 1 and not whole
        bounds = split_evenly(count, team.workers) if apart else [(0, count)]
        first, last = bounds[team.index % len(bounds)]
        own = team.agree(lambda: work(examples[first:last]))
        return own if len(bounds) == 1 else team.gather(own, [b - a for a, b in bounds])


def _checked(component: Component, returned: Any) -> list[Score]:
    try:
        return check_scores(component.name, returned)
    except PluginError as error:
        error.where = find_source(component.load())
        error.module = component.target.partition(":")[0]
        raise


def _chosen(
    recipe: Recipe, registry: Registry, wanted: Sequence[str | Mapping[str, Any]] | None
) -> list[tuple[Component, dict[str, Any]]]:
    """Return metrics and their parameters; see :meth:`advnets.session.api.Run.evaluate`."""
    declared = recipe.components("evaluation.metrics")
    if wanted is None:
        return declared
    chosen: list[tuple[Component, dict[str, Any]]] = []
    for entry in wanted:
        own = [(known, parameters) for known, parameters in declared if known.name == entry]
        if isinstance(entry, str):
            registry.component("metrics", entry)  # says what there is instead
        if not own:
            read = load_recipe(recipe.data, {"evaluation.metrics": [entry]}, registry)
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
    observers: Observers | None = None,
    weights: str = "auto",
) -> list[Score]:
    """Compute metrics of a game's generator; see :meth:`advnets.session.api.Run.evaluate`.

    Args:
        together: :class:`Helpers`, or what calls those of all workers.
        observers: During a run: where a metric that fails is switched off. Else, whatever it
            raises is raised.
        weights: ``averaged``, ``current``, or ``auto``: averaged ones where they are kept.
    """
    chosen = _chosen(recipe, registry, wanted)
    generator, average = game.sampling_generator(weights), game.average
    context = MetricContext(
        samples=lambda n, seed, first=0: together("samples", first, n, seed, weights),
        data=Data.of(source),
        seed=recipe.data["seed"] if seed is None else seed,
        weights=Weights(
            step=int(game.rounds.numpy()),
            sha256=weights_sha256(generator.get_weights()),
            averaging=average.describe() if average and generator is average.network else None,
            precision=recipe.data["distribution"]["precision"],
        ),
        players=Players(
            prior=game.prior,
            generator=partial(made, at_rest(generator), numbers=source.spec.size),
            discriminator=partial(said, at_rest(game.discriminator), game.loss),
            judge_in_play=partial(judged_in_play, game.discriminator, game.loss, game.seed),
            loss=game.loss,
        ),
        spread=lambda function, examples, *others, at_once: together(
            "per_example", importable_name(function), np.asarray(examples), others, at_once
        ),
        extract=lambda what, wanted, examples: together("extract", what, wanted, examples),
    )
    scores: list[Score] = []
    for component, parameters in chosen:
        who = f"metric {component.name!r}"
        if observers is not None and who in observers:
            continue
        try:
            with without_tf32():
                returned = component.load()(context.for_another(), **parameters)
            scores += _checked(component, returned)
        except (Exception, SystemExit) as error:
            if observers is None or is_loss(error):
                raise
            observers.switch_off(who, context.step, error)
    return scores
