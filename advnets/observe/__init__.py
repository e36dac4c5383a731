"""What watches a game and never moves it."""

from __future__ import annotations

from .observer import Moment, Observer, View

__all__ = ["Moment", "Observer", "View"]
