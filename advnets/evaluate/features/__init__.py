"""Extract the features by which metrics compare distributions of examples."""

from __future__ import annotations

from .extractor import FeatureContext, FeatureExtractor
from .extractors import Extractors, Wanted

__all__ = ["Extractors", "FeatureContext", "FeatureExtractor", "Wanted"]
