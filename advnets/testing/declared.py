"""Check that a component says of itself what its target does."""

from __future__ import annotations

from typing import Any

from ..game.streams import gather_streams
from ..plugins.components import PLAYERS
from .failure import fail
from .subject import Subject


def check_declared(subject: Subject, made: Any) -> None:
    """Check what a component declares for recipes that are looked at without TensorFlow.

    Args:
        subject: Of kind ``losses``, ``penalties``, ``encounters`` or ``updates``.
        made: What its target makes.
    """
    roles = getattr(made, "roles", {})
    for what, own in (
        ("requires", set(getattr(made, "requires", ()))),
        ("networks", {name for name in roles if name not in PLAYERS}),
        ("streams", set(gather_streams([made], roles))),
    ):
        declared = getattr(subject.component, what, None)
        if subject.component is not None and what == "requires" and declared is not None:
            declared = subject.component.words(subject.parameters)
        if declared is not None and set(declared) != own:
            fail(
                f"its component says {what}={tuple(declared)}; what it makes has {sorted(own)}",
                hint=f"Component({subject.name!r}, …, {what}={tuple(sorted(own))})",
            )
