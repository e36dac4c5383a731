"""What watches a game and never moves it."""

from __future__ import annotations

from .context import CallbackContext
from .observer import Moment, Observer, View

__all__ = ["CallbackContext", "Moment", "Observer", "View"]
