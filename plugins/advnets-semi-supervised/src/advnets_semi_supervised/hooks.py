"""Register this plugin's components: names, parameters, targets. TensorFlow-free."""

from __future__ import annotations

from advnets import Component, hookimpl, list_recipes


@hookimpl
def advnets_recipes() -> list[Component]:
    """Register the recipes of this distribution."""
    return list_recipes("advnets_semi_supervised")
