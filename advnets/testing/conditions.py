"""Checks of conditions."""

from __future__ import annotations

from .. import game
from .failure import fail
from .subject import Subject


def is_of_its_kind(subject: Subject) -> None:
    """It makes an ``advnets.game.Condition``."""
    made = subject.make()
    if not isinstance(made, game.Condition):
        fail(f"it makes {type(made).__name__}, not an advnets.game.Condition")
