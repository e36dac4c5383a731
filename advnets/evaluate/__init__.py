"""Score a trained generator; each score says how it was measured."""

from __future__ import annotations

from .context import MetricContext, Players
from .estimators.bootstrap import bootstrap, bootstrap_means
from .estimators.interval import (
    Interval,
    jackknife_error,
    mean_interval,
    normal_interval,
    proportion_interval,
    student_interval,
)
from .features import FeatureContext, FeatureExtractor
from .inputs import Data
from .metrics.real_and_generated import RealAndGenerated, real_and_generated
from .score import Score, append_scores, check_scores, drop_after
from .weights import Weights

__all__ = [
    "Data",
    "FeatureContext",
    "FeatureExtractor",
    "Interval",
    "MetricContext",
    "Players",
    "RealAndGenerated",
    "Score",
    "Weights",
    "append_scores",
    "bootstrap",
    "bootstrap_means",
    "check_scores",
    "drop_after",
    "jackknife_error",
    "mean_interval",
    "normal_interval",
    "proportion_interval",
    "real_and_generated",
    "student_interval",
]
