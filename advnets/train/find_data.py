"""Find a recipe's data, or its stand-in, before TensorFlow is imported."""

from __future__ import annotations

import logging
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from ..data import DataContext, DataUnavailable, Source
from ..data.order import batches_per_epoch, check_stream
from ..data.ranges import ACTIVATIONS, explain_misfit
from ..data.taken import Taken, check_balanced
from ..errors import DataError, UsageError
from ..plugins.attribution import attribute_errors
from ..plugins.components import Component
from ..plugins.registry import BUILT_IN, Registry
from ..plugins.trace import at_place
from ..recipe import Recipe
from ..recipe.axes import check_axes
from ..recipe.document import join_keys
from ..recipe.fields import check_fields
from ..recipe.problems import Findings, resolve_alone
from ..recipe.schema import OFFLINE
from ..runs.entries import join_fingerprints

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

    def fingerprint(self) -> str:
        """Return a hash of all examples for training, which reads them."""
        return fingerprint_of_all(self.source)


def fingerprint_of_all(source: Source) -> str:
    """Return a hash of a run's examples for training, those of its streams included."""
    streams = {name: own.fingerprint() for name, own in source.streams.items()}
    return join_fingerprints(source.fingerprint(), streams)


def build_source(recipe: Recipe) -> Source:
    """Build the recipe's data source, and with it those of its streams.

    Each knows how much of it may be kept in memory.
    """
    source = _build(recipe, "dataset")
    for name, stream in recipe.settings.streams.items():
        own = source if stream.dataset is None else _build(recipe, f"streams.{name}.dataset")
        if stream.take is not None or stream.dataset is None:
            taken = {} if stream.take is None else stream.take.model_dump()
            held_out, where = stream.dataset is not None, f"streams.{name}.take"
            own = Taken(own, **taken, held_out=held_out, where=where)
        source.streams[name] = own
    return source


def _build(recipe: Recipe, path: str) -> Source:
    budget = int(recipe.settings.distribution.memory_budget * 2**30)
    with at_place(path):
        return _make_source(recipe.registry, *recipe.component(path), budget)


def _make_source(
    registry: Registry, component: Component, parameters: Mapping[str, Any], budget: int | None
) -> Source:
    context = DataContext(component.name, partial(make_data, registry, budget))
    source: Source = component.make(Source, parameters, context=context)
    source.memory_budget = budget
    return source


def make_data(registry: Registry, budget: int | None, kind: str, entry: Any) -> Source:
    """Make a data set that another names; see :meth:`advnets.data.DataContext.make`."""
    if kind != "datasets":
        raise UsageError(f"a data set makes no {kind}", hint="it makes datasets")
    given = {"name": entry} if isinstance(entry, str) else dict(entry)
    component = registry.component("datasets", given.pop("name", ""))
    parameters = resolve_alone(component, "datasets", given).model_dump()
    return _make_source(registry, component, parameters, budget)


def look_for(source: Source) -> None:
    """Find out within seconds whether a run's data can be had, those of its streams included.

    Raises:
        DataUnavailable: If not, with the stream's name.
    """
    source.available()
    for name, stream in source.streams.items():
        try:
            stream.available()
        except DataUnavailable as error:
            what = f"the stream {name!r}: {error.message}"
            hint = (error.hint or "").replace("dataset.", f"streams.{name}.dataset.")
            raise DataUnavailable(what, hint=hint or None) from error


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
        look_for(source)
    except DataUnavailable as unavailable:
        stand_in = recipe.stand_in()
        if stand_in is None:
            raise explain_lacking(recipe, unavailable) from unavailable
        note = stand_in_note(unavailable.message, *names_of_data(stand_in))
        log.warning(note, extra={"style": "bold yellow"})
        source = build_source(stand_in)
        look_for(source)
        check_data(stand_in, source)
        return Found(stand_in, source, unavailable.message)
    check_data(recipe, source)
    return Found(recipe, source)


def check_data(recipe: Recipe, source: Source) -> None:
    """Check what a recipe says of its data, as far as that takes no reading.

    Raises:
        RecipeError: With all that is wrong, each with its place in the recipe.
    """
    check_fields(recipe, source.name, source.spec.fields)
    check_axes(recipe, source.name, source.spec.shape)
    findings = Findings(recipe.document)
    for name, stream in recipe.settings.streams.items():
        keys = ("streams", name, "take", "balanced")
        own = source.streams[name]
        if isinstance(own, Taken) and stream.take is not None and stream.take.balanced is not None:
            try:
                check_balanced(own.source, stream.take.balanced, stream.take.examples)
            except DataError as error:
                findings.add(keys, f"{join_keys(keys)}: {error.message}", error.hint)
    if findings.problems:
        raise findings.error()


def check_sizes(recipe: Recipe, source: Source, reading: Collection[str]) -> None:
    """Check that the training examples of the data, and of each stream, fill a batch.

    Only what is known of them, or can be found out within seconds, is checked.

    Args:
        recipe: The recipe.
        source: Its data, which are there.
        reading: The streams that may be read for it.

    Raises:
        DataError: With the stream's name, if it is one.
    """
    batch_size, of_streams = batch_sizes(recipe)
    count = _count(source)
    if count is not None:
        batches_per_epoch(count, batch_size)
    for name, stream in source.streams.items():
        if (count := _count(stream, name in reading)) is not None:
            check_stream(name, count, of_streams[name])


def batch_sizes(recipe: Recipe) -> tuple[int, dict[str, int]]:
    """Return the examples in a global batch of the data, and in one of each stream, by name."""
    size = recipe.settings.training.batch_size
    streams = recipe.settings.streams.items()
    return size, {name: stream.batch_size or size for name, stream in streams}


def _count(source: Source, reading: bool = False) -> int | None:
    return source.count("train") if reading or source.quick() else source.known("train")[0]


def explain_lacking(recipe: Recipe, unavailable: DataUnavailable) -> DataUnavailable:
    """Say which of a recipe's data have no stand-in, where others have one."""
    named = {"dataset": recipe.settings.dataset} | {
        f"streams.{name}.dataset": stream.dataset
        for name, stream in recipe.settings.streams.items()
        if stream.dataset is not None
    }
    lacking = [place for place, entry in named.items() if OFFLINE not in entry]
    if not 0 < len(lacking) < len(named):
        return unavailable
    hint = f"or stand-ins for all: {', '.join(f'{place}.{OFFLINE}' for place in lacking)} say none"
    return DataUnavailable(unavailable.message, hint=f"{unavailable.hint}; {hint}")


def names_of_data(recipe: Recipe) -> list[str]:
    """Name a recipe's data sets: the main one, and those of streams that have their own."""
    streams = recipe.settings.streams.values()
    own = [stream.dataset["name"] for stream in streams if stream.dataset is not None]
    return [recipe.settings.dataset["name"], *own]


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


def stand_in_note(missing: str, *used: str) -> str:
    """Return the warning shown when stand-ins are used.

    >>> print(stand_in_note("MNIST is not here.", "digits"))
    STAND-IN DATA: MNIST is not here.
    Going on with 'digits', as the recipe's `offline` says.
    """
    instead = " and ".join(map(repr, used))
    return f"STAND-IN DATA: {missing}\nGoing on with {instead}, as the recipe's `offline` says."
