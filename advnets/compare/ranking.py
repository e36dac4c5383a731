"""Hold the result of a comparison: ranked recipes, and which of them differ."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

from ..safe_io.jsonable import to_jsonable

LEVEL = 0.05


@dataclass(frozen=True)
class Row:
    """Hold the scores of one recipe, under one or more seeds.

    Attributes:
        name: The recipe's name, with its identity where several recipes share a name.
        recipe: The identity of the recipe apart from its seed.
        n: How many seeds.
        mean: Of the scores.
        error: The standard error of the mean over seeds; ``None`` for one seed.
        own_error: Root mean square of the scores' own errors; ``None`` if one has none.
        runs: Each run: path, seed, step, value, error.
        differs: Where its recipe differs from the first row's.
    """

    name: str
    recipe: str
    n: int
    mean: float
    error: float | None
    own_error: float | None
    runs: list[dict[str, Any]]
    differs: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Pair:
    """Compare the means of two rows.

    Attributes:
        first, second: Positions of the rows, from 0.
        difference: The first's mean less the second's.
        welch, permutation: p-values; ``None`` where a test cannot be made.
        welch_holm, permutation_holm: The same, corrected by Holm for all pairs of the table.
    """

    first: int
    second: int
    difference: float
    welch: float | None
    permutation: float | None
    welch_holm: float | None
    permutation_holm: float | None

    @property
    def verdict(self) -> str:
        """What the tests imply, in words."""
        if self.welch_holm is None:
            return "no significance can be stated"
        return "differ" if self.welch_holm < LEVEL else "not shown to differ"


@dataclass(frozen=True)
class Comparison:
    """Rank recipes by one score, measured in one way.

    Attributes:
        metric: The score's name.
        at: Which scores count: ``step N``, ``best`` or ``last``.
        better: ``higher``, ``lower``, or ``None``: then the rows are in the order of values.
        unit: Of the values.
        settings: The measurement's settings, equal for all.
        rows: The best first.
        pairs: Of each two rows.
    """

    metric: str
    at: str
    better: str | None
    unit: str
    settings: dict[str, Any]
    rows: list[Row]
    pairs: list[Pair]

    def to_dict(self) -> dict[str, Any]:
        """Return the comparison as JSON values."""
        pairs = [asdict(pair) | {"verdict": pair.verdict} for pair in self.pairs]
        found: dict[str, Any] = to_jsonable(asdict(self) | {"pairs": pairs})
        return found
