"""What a metric is given: samples, real examples, features, and where they come from."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Literal

import numpy as np

from ..errors import DataError
from ..safe_io.jsonable import to_jsonable
from .array_cache import Remembered, digest
from .features.extractors import Extractors, Wanted, canonical
from .inputs import Material
from .per_example import AT_ONCE, name_of, per_example


@dataclass(frozen=True, kw_only=True)
class MetricContext(Material):
    """What a metric may look at: generated samples, real examples, and where both come from.

    Attributes, besides those of its material (samples, data, splits, seed, …):
        source: The :class:`advnets.data.Source`, or ``None``.
        step: The generator's step.
        weights: A hash of the generator's weights.
        averaging: How these are averages of its weights, ``None`` where they are its own.
        precision: What the samples were computed in.
        spread: What computes :meth:`per_example`: this process, by default, in one piece.
        extract: What computes :meth:`features` and its like, ``(what, wanted, examples)``:
            this process, by default.
        prior: p_z, a :class:`advnets.game.Prior`, or ``None``.
        generator: G in inference mode, on the chief alone: latent points ``[n, size]`` →
            examples in the preprocessed range; or ``None``. Many samples are better asked of
            ``samples``, which all devices make.
        discriminator: D in inference mode, likewise: examples in the preprocessed range → what
            D says of them, by name (``logits``, …), and the ``probability`` of "real" where
            the loss defines one; or ``None``.
        judge_in_play: The same for one batch as D judges it in a round: by the batch's own
            statistics, where it is batch-normalised, and with dropout; or ``None``.
        loss: The game's :class:`advnets.game.Loss`, or ``None``.

    >>> context = MetricContext(
    ...     samples=lambda n, seed: np.random.default_rng(seed).random((n, 2), np.float32),
    ...     data=lambda split: np.zeros((5, 2), np.float32),
    ...     seed=1,
    ... )
    >>> context.generated_features("pixels", 3).shape, context.examples("train").shape
    ((3, 2), (5, 2))
    """

    source: Any = None
    step: int = 0
    weights: str = ""
    averaging: Mapping[str, Any] | None = None
    precision: str = "float32"
    spread: Callable[..., np.ndarray] = per_example
    extract: Callable[[str, Wanted, np.ndarray | None], Any] | None = None
    prior: Any = None
    generator: Callable[[np.ndarray], np.ndarray] | None = None
    discriminator: Callable[[np.ndarray], Mapping[str, np.ndarray]] | None = None
    judge_in_play: Callable[[np.ndarray], Mapping[str, np.ndarray]] | None = None
    loss: Any = None
    _known: Remembered = field(default_factory=Remembered, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if self.extract is None:
            alone = partial(Extractors(self.source, spec=self.spec).extract, spread=self.spread)
            object.__setattr__(self, "extract", alone)

    def for_another(self) -> MetricContext:
        """Return the same for another metric, whose protocol tells of what it looks at itself.

        Features stay remembered.
        """
        other = replace(self)
        object.__setattr__(other, "_known", self._known)
        return other

    def per_example(
        self,
        function: Callable[..., Any],
        examples: np.ndarray,
        *others: Any,
        at_once: int = AT_ONCE,
    ) -> np.ndarray:
        """Return a function's values for each example, computed by all devices and workers.

        For what takes long, such as a density at every test point. Each device of each
        worker takes a share of the examples; the values come back in their order, and are
        the same however many there are.

        Args:
            function: ``(part [n, ...], *others)`` → numbers ``[n, ...]``, one row for each
                example. It is called with NumPy arrays, on other workers too, which find it
                by its name: so it is a function of a module, not a lambda, and what else it
                needs, it is passed. Several threads may be in it at once, each under the
                ``tf.device`` of its own. Sums in it are worth taking in float64.
            examples: ``[N, ...]``.
            *others: Arrays or JSON values, which it is given whole.
            at_once: How many examples it is given at a time, at most, which bounds memory.

        Returns:
            float64 ``[N, ...]``.

        Raises:
            PluginError: If the function cannot be found by its name, or does not return one
                row for each example.

        >>> context = MetricContext(samples=None, data=None)
        >>> context.per_example(np.linalg.norm, np.array([[3.0, 4.0], [0.0, 1.0]]), None, 1)
        array([5., 1.])
        """
        name_of(function)  # what would fail on several workers fails on one
        return self.spread(function, examples, *others, at_once=at_once)

    def features(self, extractor: Wanted, examples: np.ndarray) -> np.ndarray:
        """Return features of examples, computed by all devices and workers, and remembered.

        Args:
            extractor: A component of kind ``features``: its name, or
                ``{"name": …, parameters …}``.
            examples: float32 ``[n, *shape]`` in the range of the preprocessed data, as
                :meth:`examples` and :meth:`generated` return them.

        Returns:
            float64 ``[n, d]``, not to be written to.

        Raises:
            UsageError: If there is no such extractor.
            AdvnetsError: If it cannot be made, for want of labels, of weights, ….

        >>> context = MetricContext(samples=None, data=None)
        >>> context.features("pixels", np.ones((2, 3, 3, 1), "float32")).shape
        (2, 9)
        """
        return self._extracted("features", extractor, examples)

    def class_probabilities(self, extractor: Wanted, examples: np.ndarray) -> np.ndarray:
        """Return the probability of each class; arguments as for :meth:`features`.

        Returns:
            float64 ``[n, classes]``, rows that add up to 1; not to be written to.

        Raises:
            UsageError: If those features know no classes.
        """
        return self._extracted("probabilities", extractor, examples)

    def real_features(
        self, extractor: Wanted, split: str, places: np.ndarray | None = None
    ) -> np.ndarray:
        """Return features of a split's examples, of which only a part is in memory at a time.

        Args:
            extractor: See :meth:`features`.
            split: Of which examples.
            places: Integers ``[n]``: which of them, in which order; ``None`` for all.

        Returns:
            float64 ``[n, d]``, not to be written to.

        >>> context = MetricContext(samples=None, data=lambda split: np.arange(3.0)[:, None])
        >>> context.real_features("pixels", "train", np.array([2, 0])).tolist()
        [[2.0], [0.0]]
        """
        if places is None:
            places = np.arange(self.size(split))
        which = digest(places, split)
        return self._of_parts("features", extractor, which, self.real_parts(split, places))

    def generated_features(self, extractor: Wanted, n: int) -> np.ndarray:
        """Return features of the samples ``generated(n)``, of which only a part is in memory at a
        time.

        >>> context = MetricContext(samples=lambda n, seed: np.ones((n, 2)), data=None)
        >>> context.generated_features("pixels", 3).shape
        (3, 2)
        """
        return self._of_parts("features", extractor, str(n), self.generated_parts(n))

    def generated_probabilities(self, extractor: Wanted, n: int) -> np.ndarray:
        """Class probabilities of the samples ``generated(n)``, as :meth:`generated_features`."""
        return self._of_parts("probabilities", extractor, str(n), self.generated_parts(n))

    def _of_parts(
        self, what: str, extractor: Wanted, which: str, parts: Iterator[np.ndarray]
    ) -> np.ndarray:
        """Return features, or probabilities; parts are not made where they are remembered."""

        def made() -> np.ndarray:
            assert self.extract is not None
            rows = [self.extract(what, extractor, np.asarray(part, np.float32)) for part in parts]
            if not rows:
                raise DataError("no examples were asked for; they have no features")
            return np.concatenate(rows)

        return self._known.get((what, canonical(extractor), which), made)

    def describe_features(self, extractor: Wanted) -> dict[str, Any]:
        """Return what a protocol says of an extractor: name, dimensions, weights, accuracy, ….

        >>> MetricContext(samples=None, data=None).describe_features("pixels")
        {'name': 'pixels', 'dimensions': None}
        """
        assert self.extract is not None
        described = self.extract("describe", extractor, None)
        name = extractor if isinstance(extractor, str) else extractor["name"]
        return {"name": name} | {key: to_jsonable(value) for key, value in described.items()}

    def _extracted(self, what: str, extractor: Wanted, examples: np.ndarray) -> np.ndarray:
        assert self.extract is not None
        examples = np.ascontiguousarray(examples, np.float32)
        key = (what, canonical(extractor), digest(examples))
        return self._known.get(key, partial(self.extract, what, extractor, examples))

    def protocol(
        self,
        *,
        better: Literal["higher", "lower"] | None = None,
        outcomes: Sequence[str] = (),
        **more: Any,
    ) -> dict[str, Any]:
        """Return what every protocol begins with, and ``more``: data, seed, step, weights.

        The data are told by a hash of the splits that the metric looked at, as they are stored.

        `advnets compare` ranks scores of one protocol only. What tells the samples apart
        (``seed``, ``step``, ``weights_sha256``, ``averaging``, ``samples_precision``) and what the
        measurement found out may differ; all else is a setting, and must be the same.

        Args:
            better: Which values are better; leave it out for a score that has no better.
            outcomes: The keys of ``more`` that the measurement found out, such as a bandwidth
                that it chose, dotted where they are nested. ``interval`` need not be named.
            **more: Everything else that somebody needs to repeat the measurement.

        >>> context = MetricContext(samples=None, data=None, step=5)
        >>> made = context.protocol(better="higher", outcomes=["sigma"], samples=100, sigma=0.2)
        >>> made["step"], made["better"], made["outcomes"], made["sigma"]
        (5, 'higher', ['sigma'], 0.2)
        """
        common = {
            "dataset": getattr(self.source, "name", None),
            "data_sha256": self._fingerprints(),
            "seed": self.seed,
            "step": self.step,
            "weights_sha256": self.weights or None,
            "averaging": self.averaging,
            "samples_precision": self.precision,
        }
        told = {"better": better, "outcomes": list(outcomes)}
        common |= {key: value for key, value in told.items() if value}
        return {key: to_jsonable(value) for key, value in (common | more).items()}

    def _fingerprints(self) -> dict[str, str] | None:
        """Of the splits that were looked at, or else of the one that scores are mostly of."""
        if self.source is None or not self.splits:
            return None
        mostly = next((s for s in ("test", "validation", "train") if s in self.splits), None)
        looked_at = sorted(self._looked_at) or [split for split in (mostly,) if split]
        return {split: self.source.fingerprint(split)[:16] for split in looked_at}
