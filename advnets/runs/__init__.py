"""A run's folder: its layout, its lock, its manifest. Imports no TensorFlow."""

from __future__ import annotations

from .folder import RunFolder
from .lock import RunLock
from .manifest import Manifest

__all__ = ["Manifest", "RunFolder", "RunLock"]
