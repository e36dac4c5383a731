"""Scores of several runs beside each other. Imports no TensorFlow: all it reads are files."""

from __future__ import annotations

from .at_one_step import counting
from .comparison import compare
from .protocols import differing, settings
from .ranking import Comparison, Pair, Row
from .scored_run import ScoredRun, read_run
from .statistics import holm, permutation, standard_error, welch

__all__ = [
    "Comparison",
    "Pair",
    "Row",
    "ScoredRun",
    "compare",
    "counting",
    "differing",
    "holm",
    "permutation",
    "read_run",
    "settings",
    "standard_error",
    "welch",
]
