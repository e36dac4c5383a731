"""What one sees of a run: progress, TensorBoard, sample grids, the report."""

from __future__ import annotations

from .monitor import Monitor

__all__ = ["Monitor"]
