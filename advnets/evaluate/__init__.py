"""Scores of a trained generator, each saying how it was measured."""

from __future__ import annotations

from .context import MetricContext
from .features import FeatureContext, FeatureExtractor
from .score import Score, append_scores, check_scores, up_to

__all__ = [
    "FeatureContext",
    "FeatureExtractor",
    "MetricContext",
    "Score",
    "append_scores",
    "check_scores",
    "up_to",
]
