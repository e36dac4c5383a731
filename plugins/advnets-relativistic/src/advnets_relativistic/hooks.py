"""Register this plugin's components: names, parameters, targets. TensorFlow-free."""

from __future__ import annotations

from advnets import Component, hookimpl, list_recipes


@hookimpl
def advnets_losses() -> list[Component]:
    """Register the loss against the average of the other side, and that in pairs."""
    return [
        Component(
            "relativistic_average",
            "advnets_relativistic.average:RelativisticAverage",
            "D compares each example with the other side's mean (Jolicoeur-Martineau 2018)",
            requires=("logits",),
        ),
        Component(
            "relativistic",
            "advnets_relativistic.paired:Relativistic",
            "D compares real and generated examples in pairs (Jolicoeur-Martineau 2018)",
            requires=("logits",),
        ),
    ]


@hookimpl
def advnets_recipes() -> list[Component]:
    """Register a small game with the average loss."""
    return list_recipes("advnets_relativistic")
