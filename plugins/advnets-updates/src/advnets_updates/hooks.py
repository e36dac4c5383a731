"""Register this plugin's components: names, parameters, targets. TensorFlow-free."""

from __future__ import annotations

from pydantic import Field

from advnets import Component, Parameters, Weight, hookimpl, list_recipes


class ConsensusParameters(Parameters):
    """Validate the weight of the gradients' length."""

    weight: Weight = Field(10.0, description="γ, of ½‖v‖² in both players' losses")


class UnrolledParameters(Parameters):
    """Validate how far D looks ahead."""

    steps: int = Field(5, ge=0, le=100, description="k, the steps of D that G looks ahead")


@hookimpl
def advnets_updates() -> list[Component]:
    """Register the rules, each in the module of its name."""
    return [
        Component(
            "extragradient",
            "advnets_updates.extragradient:Extragradient",
            "θ ← θ - η ∇L(θ - η ∇L(θ)), both players at once (Gidel et al. 2019)",
        ),
        Component(
            "optimistic",
            "advnets_updates.optimistic:Optimistic",
            "θ ← θ - 2η g_t + η g_(t-1), both players at once (Daskalakis et al. 2018)",
        ),
        Component(
            "consensus",
            "advnets_updates.consensus:Consensus",
            "both losses with γ ½‖(∇L_D, ∇L_G)‖² added (Mescheder et al. 2017)",
            ConsensusParameters,
        ),
        Component(
            "unrolled",
            "advnets_updates.unrolled:Unrolled",
            "G against a D that is k steps ahead, of first order (Metz et al. 2017)",
            UnrolledParameters,
        ),
    ]


@hookimpl
def advnets_recipes() -> list[Component]:
    """Register the recipes of this distribution."""
    return list_recipes("advnets_updates")
