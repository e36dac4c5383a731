"""Checks of conditions."""

from __future__ import annotations

import numpy as np

from .. import game
from ..data import DataSpec, Field
from .failure import fail
from .subject import Subject

SPEC = DataSpec((2,), "float32", 0.0, 1.0, "vector", {"label": Field((), "int64", classes=10)})
CONTEXT = game.GameContext(SPEC, name="label", frequencies=lambda name: np.full(10, 0.1))
"""What conditions are told of their run: it draws the label of data of ten classes."""


def is_of_its_kind(subject: Subject) -> None:
    """It makes an ``advnets.game.Condition``."""
    made = subject.make(context=CONTEXT)
    if not isinstance(made, game.Condition):
        fail(f"it makes {type(made).__name__}, not an advnets.game.Condition")
