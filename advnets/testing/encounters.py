"""Checks of encounters."""

from __future__ import annotations

from .. import game
from .failure import fail
from .subject import Subject


def is_of_its_kind(subject: Subject) -> None:
    """It makes an ``advnets.game.Encounter``."""
    made = subject.make()
    if not isinstance(made, game.Encounter):
        fail(f"it makes {type(made).__name__}, not an advnets.game.Encounter")
