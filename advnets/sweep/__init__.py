"""Sweep a recipe over a space of its values, which a YAML file describes.

Importing it imports neither TensorFlow nor Optuna.
"""

from __future__ import annotations

from .folder import SweepFolder
from .load import Sweep, find_sweep, load_sweep
from .trial import Trial

__all__ = ["Sweep", "SweepFolder", "Trial", "find_sweep", "load_sweep"]
