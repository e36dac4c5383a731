"""Scores of a trained generator, each saying how it was measured."""

from __future__ import annotations

from .features import FeatureContext, FeatureExtractor
from .score import MetricContext, Score, append_scores, check_scores

__all__ = [
    "FeatureContext",
    "FeatureExtractor",
    "MetricContext",
    "Score",
    "append_scores",
    "check_scores",
]
