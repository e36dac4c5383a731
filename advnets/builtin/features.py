"""The feature extractors that ship with advnets. TensorFlow-free."""

from __future__ import annotations

from ..components import Component
from ..hookspecs import hookimpl


@hookimpl
def advnets_features() -> list[Component]:
    """The built-in feature extractors."""
    return [
        Component(
            "pixels",
            "advnets.evaluate.features.pixels:Pixels",
            "the values of an example themselves; for vectors",
        ),
    ]
