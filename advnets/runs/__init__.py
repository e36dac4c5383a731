"""Keep a run's folder: its layout, its lock, its manifest. Imports no TensorFlow."""

from __future__ import annotations

from .folder import RunFolder, refuse_links
from .lock import RunLock
from .manifest import Manifest

__all__ = ["Manifest", "RunFolder", "RunLock", "refuse_links"]
