"""Compare the scores of several runs. Imports no TensorFlow: all it reads are files."""

from __future__ import annotations

from .at_one_step import choose_score
from .comparison import compare
from .protocols import diff_settings, settings
from .ranking import Comparison, Pair, Row
from .scored_run import ScoredRun, read_run, read_runs
from .statistics import holm, permutation, standard_error, welch

__all__ = [
    "Comparison",
    "Pair",
    "Row",
    "ScoredRun",
    "choose_score",
    "compare",
    "diff_settings",
    "holm",
    "permutation",
    "read_run",
    "read_runs",
    "settings",
    "standard_error",
    "welch",
]
