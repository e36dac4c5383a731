"""Find a recipe's data, or its stand-in, before TensorFlow is imported."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass

from ..data import DataUnavailable, Source
from ..data.ranges import ACTIVATIONS, explain_misfit
from ..plugins.attribution import attribute_errors
from ..plugins.registry import BUILT_IN
from ..recipe import Recipe
from ..recipe.fields import check_fields

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Found:
    """Data to run on.

    Attributes:
        recipe: The recipe as it will be run.
        source: Its data, which can be had.
        missing: If ``source`` is a stand-in, why the data set itself could not be had.
    """

    recipe: Recipe
    source: Source
    missing: str | None = None


def build_source(recipe: Recipe) -> Source:
    """Build the recipe's data source, which knows how much of it may be kept in memory."""
    source: Source = recipe.make("dataset", Source)
    source.memory_budget = int(recipe.settings.distribution.memory_budget * 2**30)
    return source


def find_data(recipe: Recipe) -> Found:
    """Return the recipe's data, or, with a warning, the stand-in that it declares for them.

    Args:
        recipe: A validated recipe.

    Raises:
        DataUnavailable: If the data set cannot be had and no stand-in is declared.
        RecipeError: If the recipe speaks of fields that the data lack.
    """
    with attribute_errors(recipe.registry):
        return _find(recipe)


def _find(recipe: Recipe) -> Found:
    source = build_source(recipe)
    try:
        source.available()
    except DataUnavailable as unavailable:
        stand_in = recipe.stand_in()
        if stand_in is None:
            raise
        note = stand_in_note(unavailable.message, stand_in.settings.dataset["name"])
        log.warning(note, extra={"style": "bold yellow"})
        source = build_source(stand_in)
        source.available()
        check_fields(stand_in, source.name, source.spec.fields)
        return Found(stand_in, source, unavailable.message)
    check_fields(recipe, source.name, source.spec.fields)
    return Found(recipe, source)


def explain_range(recipe: Recipe, source: Source) -> str | None:
    """Say why a recipe's generator does not fit its data, where the recipe tells how it ends.

    Args:
        recipe: A validated recipe; built-in architectures tell it by ``output``.
        source: Its data.
    """
    activation, examples = ends_in(recipe), range_of(source)
    found = explain_misfit(activation, examples) if activation and examples else None
    return None if found is None else f"the generator does not fit the data: {'; '.join(found)}"


def ends_in(recipe: Recipe) -> str | None:
    """Return the activation that a built-in generator ends in, if it bounds what is made."""
    component, parameters = recipe.component("generator")
    ends = parameters.get("output")
    activation = ends.get("activation") if isinstance(ends, Mapping) else ends
    built_in = recipe.registry.owner("architectures", component.name).source == BUILT_IN
    return activation if built_in and activation in ACTIVATIONS else None


def range_of(source: Source) -> tuple[float, float] | None:
    """Return the ends of the interval that preprocessed examples lie in, if it can be told.

    Where the data declare none, some of them are looked at.
    """
    if source.preprocess.range is not None:
        return source.preprocess.range
    read = source.excerpt()
    return (
        None
        if read is None or not len(read.examples)
        else source.preprocess.find_ends(read.examples)
    )


def stand_in_note(missing: str, used: str) -> str:
    """Return the warning shown when a stand-in is used.

    >>> print(stand_in_note("MNIST is not here.", "digits"))
    STAND-IN DATA: MNIST is not here.
    Going on with 'digits', as the recipe's `offline` says.
    """
    return f"STAND-IN DATA: {missing}\nGoing on with {used!r}, as the recipe's `offline` says."
