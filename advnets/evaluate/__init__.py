"""Scores of a trained generator, each saying how it was measured."""

from __future__ import annotations

from .context import MetricContext
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
from .metrics.real_and_generated import RealAndGenerated, real_and_generated
from .score import Score, append_scores, check_scores, up_to

__all__ = [
    "FeatureContext",
    "FeatureExtractor",
    "Interval",
    "MetricContext",
    "RealAndGenerated",
    "Score",
    "append_scores",
    "bootstrap",
    "bootstrap_means",
    "check_scores",
    "jackknife_error",
    "mean_interval",
    "normal_interval",
    "proportion_interval",
    "real_and_generated",
    "student_interval",
    "up_to",
]
