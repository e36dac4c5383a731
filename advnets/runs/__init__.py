"""Keep a run's folder: its layout, its lock, its manifest. Imports no TensorFlow."""

from __future__ import annotations

from .folder import RunFolder
from .layout import refuse_links, refuse_within_run
from .lock import RunLock
from .manifest import Manifest
from .recover import to_carry

__all__ = ["Manifest", "RunFolder", "RunLock", "refuse_links", "refuse_within_run", "to_carry"]
