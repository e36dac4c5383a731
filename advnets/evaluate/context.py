"""Give a metric samples, real examples, their features, and the protocol of its score."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from operator import attrgetter
from typing import Any, Literal

import numpy as np

from ..errors import DataError
from ..safe_io.jsonable import to_jsonable
from .array_cache import ArrayCache, digest
from .features.extractors import Extractors, Wanted, to_canonical_json
from .inputs import Inputs
from .per_example import AT_ONCE, importable_name, per_example
from .weights import Weights


@dataclass(frozen=True, kw_only=True)
class Players:
    """Hold a game's players in inference mode, on the chief alone, each ``None`` if not at hand.

    Attributes:
        prior: p_z, a :class:`advnets.game.Prior`.
        generator: Latent points ``[n, *shape]``, and by name what else it is told, ``[n, ...]``
            → examples in the preprocessed range. Many samples are better drawn by ``samples``,
            which all devices compute.
        discriminator: Examples in the preprocessed range → D's outputs by name (``logits``,
            …), and the ``probability`` of "real" where the loss defines one. What D is told
            besides is passed by name: ``discriminator(x, label=labels)``.
        judge_in_play: The same for one batch as D judges it in a round, told the same: by the
            batch's own statistics, where it is batch-normalised, and with dropout.
        discriminator_told: The names of what D is told besides.
        loss: The game's :class:`advnets.game.Loss`.
        networks: A network's name and what it takes, by name → what it gives; see
            :meth:`MetricContext.network`.
    """

    prior: Any = None
    generator: Callable[..., np.ndarray] | None = None
    discriminator: Callable[..., Mapping[str, np.ndarray]] | None = None
    judge_in_play: Callable[..., Mapping[str, np.ndarray]] | None = None
    discriminator_told: tuple[str, ...] = ()
    loss: Any = None
    networks: Callable[..., Any] | None = None


@dataclass(frozen=True, kw_only=True)
class MetricContext(Inputs):
    """Give a metric generated samples, real examples, their features, and the game's players.

    Attributes, besides those of its inputs (``samples``, ``data`` and ``seed``):
        weights: What the samples were drawn with.
        players: The game's players, whose fields are attributes of the context too.
        spread: Computes :meth:`per_example`; by default this process does, in one piece.
        extract: Computes :meth:`features` and its like, ``(what, wanted, examples)``; by
            default this process does.
        spec, splits, source, step, prior, generator, discriminator, judge_in_play,
        discriminator_told, loss: Those of the data, the weights and the players.

    >>> from advnets.evaluate import Data
    >>> context = MetricContext(
    ...     samples=lambda n, seed, first=0: np.random.default_rng(seed).random((n, 2))[first:],
    ...     data=Data(load=lambda split: np.zeros((5, 2)), splits=("train",)),
    ...     seed=1,
    ... )
    >>> context.generated_features("pixels", 3).shape, context.examples("train").shape
    ((3, 2), (5, 2))
    """

    weights: Weights = field(default_factory=Weights)
    players: Players = field(default_factory=Players)
    spread: Callable[..., np.ndarray] = per_example
    extract: Callable[[str, Wanted, np.ndarray | None], Any] | None = None
    _cache: ArrayCache = field(default_factory=ArrayCache, init=False, repr=False, compare=False)

    spec = property(attrgetter("data.spec"))
    splits = property(attrgetter("data.splits"))
    source = property(attrgetter("data.source"))
    step = property(attrgetter("weights.step"))
    prior = property(attrgetter("players.prior"))
    discriminator_told = property(attrgetter("players.discriminator_told"))
    loss = property(attrgetter("players.loss"))

    def __post_init__(self) -> None:
        if self.extract is None:
            alone = partial(Extractors(self.source, spec=self.spec).extract, spread=self.spread)
            object.__setattr__(self, "extract", alone)

    @property
    def generator(self) -> Callable[..., np.ndarray] | None:
        """Return that of the players; it is noted that it is asked."""
        self._asked.add("generator")
        return self.players.generator

    @property
    def discriminator(self) -> Callable[..., Mapping[str, np.ndarray]] | None:
        """Return that of the players; it is noted that it is asked."""
        self._asked.add("discriminator")
        return self.players.discriminator

    @property
    def judge_in_play(self) -> Callable[..., Mapping[str, np.ndarray]] | None:
        """Return that of the players; it is noted that D is asked."""
        self._asked.add("discriminator")
        return self.players.judge_in_play

    def for_another(self) -> MetricContext:
        """Return a copy for another metric, whose protocol is of what that one asks itself.

        Features stay cached.
        """
        other = replace(self)
        object.__setattr__(other, "_cache", self._cache)
        return other

    def network(self, name: str) -> Callable[..., Any]:
        """Return one of the game's networks, to be called on the chief alone.

        Args:
            name: ``generator``, ``discriminator``, or another of the recipe's ``networks``;
                averaged weights where the samples are of averaged ones.

        Returns:
            A function of all that the network takes, by name, ``[n, ...]`` each, in inference
            mode: ``context.network("encoder")(example=x)``. It returns an array ``[n, ...]``, or
            a dictionary of such, and raises :class:`advnets.UsageError` where there is no
            such network, or where it takes other things.

        Raises:
            DataError: If the context has no networks.

        >>> double = Players(networks=lambda name, example: 2 * example)
        >>> MetricContext(players=double).network("encoder")(example=np.ones(2))
        array([2., 2.])
        """
        if self.players.networks is None:
            raise DataError("this context does not have the game's networks")
        self._asked.add(name)
        return partial(self.players.networks, name)

    def per_example(
        self,
        function: Callable[..., Any],
        examples: np.ndarray,
        *others: Any,
        at_once: int = AT_ONCE,
    ) -> np.ndarray:
        """Compute a function's values for each example, on all devices and workers.

        Use it for what takes long, such as a density at every test point. Each device of each
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

        >>> context = MetricContext()
        >>> context.per_example(np.linalg.norm, np.array([[3.0, 4.0], [0.0, 1.0]]), None, 1)
        array([5., 1.])
        """
        importable_name(function)  # what would fail on several workers fails on one
        return self.spread(function, examples, *others, at_once=at_once)

    def features(self, extractor: Wanted, examples: np.ndarray) -> np.ndarray:
        """Compute features of examples on all devices and workers, and cache them.

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

        >>> context = MetricContext()
        >>> context.features("pixels", np.ones((2, 3, 3, 1), "float32")).shape
        (2, 9)
        """
        examples = np.ascontiguousarray(examples, np.float32)
        return self._extract_parts("features", extractor, digest(examples), [examples])

    def class_probabilities(self, extractor: Wanted, examples: np.ndarray) -> np.ndarray:
        """Compute the probability of each class; arguments as for :meth:`features`.

        Returns:
            float64 ``[n, classes]``, rows that add up to 1; not to be written to.

        Raises:
            UsageError: If those features know no classes.
        """
        examples = np.ascontiguousarray(examples, np.float32)
        return self._extract_parts("probabilities", extractor, digest(examples), [examples])

    def real_features(
        self, extractor: Wanted, split: str, indices: np.ndarray | None = None
    ) -> np.ndarray:
        """Compute features of a split's examples, of which only a part is in memory at a time.

        Args:
            extractor: See :meth:`features`.
            split: Which split.
            indices: Integers ``[n]``: which examples, in which order; ``None`` for all.

        Returns:
            float64 ``[n, d]``, not to be written to.

        >>> from advnets.evaluate import Data
        >>> data = Data(load=lambda split: np.arange(3.0)[:, None], splits=("train",))
        >>> context = MetricContext(data=data)
        >>> context.real_features("pixels", "train", np.array([2, 0])).tolist()
        [[2.0], [0.0]]
        """
        if indices is None:
            indices = np.arange(self.size(split))
        key, parts = digest(indices, split), self.real_parts(split, indices)
        return self._extract_parts("features", extractor, key, parts)

    def generated_features(
        self, extractor: Wanted, n: int, given: Mapping[str, Any] | None = None
    ) -> np.ndarray:
        """Compute features of ``generated(n, given)``, drawn and given up part by part.

        >>> context = MetricContext(samples=lambda n, seed, first=0: np.ones((n - first, 2)))
        >>> context.generated_features("pixels", 3).shape
        (3, 2)
        """
        parts = self.generated_parts(n, given)
        return self._extract_parts("features", extractor, self._key(n, given), parts)

    def generated_probabilities(
        self, extractor: Wanted, n: int, given: Mapping[str, Any] | None = None
    ) -> np.ndarray:
        """Compute class probabilities of samples, as :meth:`generated_features` features."""
        parts = self.generated_parts(n, given)
        return self._extract_parts("probabilities", extractor, self._key(n, given), parts)

    def _key(self, n: int, given: Mapping[str, Any] | None) -> str:
        """Return what tells these samples from others."""
        each = self._given(n, given)
        return "/".join([str(n), *(digest(each[name], name) for name in sorted(each))])

    def _extract_parts(
        self, what: str, extractor: Wanted, key: str, parts: Iterable[np.ndarray]
    ) -> np.ndarray:
        """Compute features or probabilities; if they are cached, no part is drawn."""

        def compute() -> np.ndarray:
            assert self.extract is not None
            rows = [self.extract(what, extractor, np.asarray(part, np.float32)) for part in parts]
            if not rows:
                raise DataError("no examples were requested; they have no features")
            return np.concatenate(rows)

        return self._cache.get((what, to_canonical_json(extractor), key), compute)

    def describe_features(self, extractor: Wanted) -> dict[str, Any]:
        """Describe an extractor for a protocol: name, dimensions, weights, accuracy, ….

        >>> MetricContext().describe_features("pixels")
        {'name': 'pixels', 'dimensions': None}
        """
        assert self.extract is not None
        described = self.extract("describe", extractor, None)
        name = extractor if isinstance(extractor, str) else extractor["name"]
        return {"name": name} | {key: to_jsonable(value) for key, value in described.items()}

    def protocol(
        self,
        *,
        better: Literal["higher", "lower"] | None = None,
        outcomes: Sequence[str] = (),
        **more: Any,
    ) -> dict[str, Any]:
        """Return the entries that every protocol begins with, and ``more``: data, seed, weights.

        The data are identified by a hash of the splits that the metric read, as they are stored,
        the weights by one of the networks that it asked, by the generator's where it asked none.

        `advnets compare` ranks scores of one protocol only. What identifies the samples
        (``seed``, ``step``, ``weights_sha256``, ``averaging``, ``samples_precision``) and what the
        measurement found out may differ; all else is a setting, and must be the same.

        Args:
            better: Which values are better; leave it out for a score that has no better.
            outcomes: The keys of ``more`` that the measurement found out, such as a bandwidth
                that it chose, dotted where they are nested. ``interval`` need not be named.
            **more: Everything else that somebody needs to repeat the measurement.

        >>> context = MetricContext(weights=Weights(step=5))
        >>> entries = context.protocol(better="higher", outcomes=["sigma"], samples=100, sigma=0.2)
        >>> entries["step"], entries["better"], entries["outcomes"], entries["sigma"]
        (5, 'higher', ['sigma'], 0.2)
        """
        sha256, averaging = self.weights.together(self._asked)
        common = {
            "dataset": getattr(self.source, "name", None),
            "data_sha256": self._fingerprints(),
            "seed": self.seed,
            "step": self.weights.step,
            "weights_sha256": sha256 or None,
            "averaging": averaging,
            "samples_precision": self.weights.precision,
        }
        optional = {"better": better, "outcomes": list(outcomes)}
        common |= {key: value for key, value in optional.items() if value}
        return {key: to_jsonable(value) for key, value in (common | more).items()}

    def _fingerprints(self) -> dict[str, str] | None:
        """Return those of the splits that were read, or else of the one that is usually scored."""
        if self.source is None or not self.splits:
            return None
        usual = [split for split in ("test", "validation", "train") if split in self.splits][:1]
        found = {}
        for read in sorted(self._looked_at) or usual:
            stream, _, split = read.rpartition(".")
            source = self.source.streams[stream] if stream else self.source
            found[read] = source.fingerprint(split)[:16]
        return found
