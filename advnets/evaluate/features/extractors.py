"""Make the feature extractors of one process, each once for the data that are scored."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from threading import Lock
from typing import Any

import numpy as np

from ...data import DataSpec, Source, open_source
from ...errors import PluginError, UsageError
from ...plugins import Registry, load_plugins
from ...plugins.components import Component
from ...recipe.problems import resolve_alone
from ...safe_io.cache import cache_folder
from ...safe_io.wording import shorten
from ..per_example import per_example
from .extractor import FeatureContext, FeatureExtractor

Wanted = str | Mapping[str, Any]
"""A feature extractor as a metric names it: its name, or ``{"name": …, parameters …}``."""


class Extractors:
    """Make feature extractors when they are first needed, and keep them.

    Args:
        source: The data that are scored, or ``None`` where there are only arrays.
        registry: The components; those of all installed plugins by default.
        cache: A folder for what takes long to compute; see
            :func:`advnets.safe_io.cache.cache_folder` for the default.
        spec: What an example looks like, where there is no source.

    >>> extractors = Extractors()
    >>> extractors.get("pixels")(np.ones((2, 3, 3, 1), "float32")).shape
    (2, 9)
    >>> extractors.get("pixls")
    Traceback (most recent call last):
    ...
    advnets.errors.UsageError: 'pixls' is not among the registered features
      hint: did you mean 'pixels'?
    """

    def __init__(
        self,
        source: Source | None = None,
        registry: Registry | None = None,
        cache: Path | None = None,
        spec: DataSpec | None = None,
    ):
        self._source, self._spec = source, spec
        self._registry, self._cache = registry, cache
        self._made: dict[str, FeatureExtractor] = {}
        self._lock = Lock()

    def get(self, wanted: Wanted) -> FeatureExtractor:
        """Return the extractor of that name and those parameters, made at the first call.

        Raises:
            UsageError: If there is none of that name, or its parameters are wrong.
            AdvnetsError: Whatever its construction raises.
        """
        with self._lock:  # Threads that need the same one wait for it.
            key = to_canonical_json(wanted)
            if key not in self._made:
                self._made[key] = self._make(wanted)
            return self._made[key]

    def extract(
        self,
        what: str,
        wanted: Wanted,
        examples: np.ndarray | None,
        spread: Callable[..., np.ndarray] = per_example,
    ) -> Any:
        """Compute features or probabilities of examples, or return an extractor's description.

        Args:
            what: ``features``, ``probabilities`` or ``describe``.
            wanted: The extractor.
            examples: float32 ``[n, *shape]``; ``None`` where it is to describe itself.
            spread: Calls a function for parts of the examples.

        Returns:
            float64 ``[n, d]``, or the description.
        """
        extractor = self.get(wanted)
        if examples is None:
            return extractor.describe()
        return spread(partial(compute, extractor, what), examples, at_once=extractor.at_once)

    def _make(self, wanted: Wanted) -> FeatureExtractor:
        component, parameters = self._resolve("features", wanted)
        context = FeatureContext(
            data=self._source,
            spec=self._source.spec if self._source is not None else self._spec,
            cache=self._cache or cache_folder(),
            open=self._open,
        )
        extractor: FeatureExtractor = component.make(FeatureExtractor, parameters, context)
        extractor.name = component.name
        return extractor

    def _open(self, wanted: Wanted) -> Source:
        component, parameters = self._resolve("datasets", wanted)
        source = open_source(component, parameters)
        source.available()
        return source

    def _resolve(self, kind: str, wanted: Wanted) -> tuple[Component, dict[str, Any]]:
        """Return a component and its parameters, checked as those of a recipe are."""
        entry = to_entry(wanted)
        if self._registry is None:
            self._registry = load_plugins()
        try:
            component = self._registry.component(kind, entry.pop("name"))
        except PluginError as error:
            raise UsageError(error.message, hint=error.hint) from error
        return component, resolve_alone(component, kind, entry).model_dump()


def to_canonical_json(wanted: Wanted) -> str:
    """Return an extractor's name and parameters as one line of JSON: equal for equal ones.

    Raises:
        UsageError: If it is neither a name, nor a mapping with one.

    >>> to_canonical_json("pixels") == to_canonical_json({"name": "pixels"})
    True
    """
    return json.dumps(to_entry(wanted), sort_keys=True)


def to_entry(wanted: Wanted) -> dict[str, Any]:
    """Return a component's entry as a mapping with a name.

    Raises:
        UsageError: If it is neither a name, nor a mapping with one.
    """
    entry = {"name": wanted} if isinstance(wanted, str) else wanted
    if not isinstance(entry, Mapping) or not isinstance(entry.get("name"), str):
        raise UsageError(
            f"{shorten(repr(wanted), 100)} names no component",
            hint="give a name, such as classifier, or {name: classifier, PARAMETER: …}",
        )
    return dict(entry)


def compute(extractor: FeatureExtractor, what: str, examples: np.ndarray) -> np.ndarray:
    """Compute features or probabilities of some examples, and check them.

    Args:
        extractor: The extractor.
        what: ``features`` or ``probabilities``.
        examples: float32 ``[n, *shape]``.

    Returns:
        float64 ``[n, d]``.

    Raises:
        PluginError: If it does not return one row of finite numbers for each example.
    """
    call = extractor if what == "features" else extractor.probabilities
    values = np.asarray(call(np.asarray(examples, np.float32)), np.float64)
    if values.ndim != 2 or len(values) != len(examples):
        raise PluginError(
            f"features {extractor.name!r}: {what} have shape {values.shape} for "
            f"{len(examples)} examples; [{len(examples)}, d] was expected"
        )
    if not np.isfinite(values).all():
        raise PluginError(f"features {extractor.name!r}: {what} are not finite")
    return values
