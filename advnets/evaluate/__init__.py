"""Scores of a trained generator, each saying how it was measured."""

from __future__ import annotations

from .score import MetricContext, Score, append_scores, check_scores

__all__ = ["MetricContext", "Score", "append_scores", "check_scores"]
