"""Register this plugin's components: names, parameters, targets. TensorFlow-free."""

from __future__ import annotations

from pydantic import Field

from advnets import Component, Parameters, Positive, Weight, hookimpl, list_recipes


class GradientPenaltyParameters(Parameters):
    """Validate the parameters of ``gradient_penalty``."""

    weight: Weight = Field(
        10.0, description="λ, the factor of the term in D's loss; 0.1 suits toy data"
    )
    one_sided: bool = Field(False, description="whether slopes below 1 cost nothing")


class ClippedRmspropParameters(Parameters):
    """Validate the parameters of ``clipped_rmsprop``."""

    learning_rate: Positive = Field(5e-5, description="learning rate, or its schedule")
    clip: float = Field(0.01, gt=0, description="c: after each step weights lie in [-c, c]")
    rho: float = Field(0.9, ge=0, lt=1, description="decay of the mean of the squared gradient")
    epsilon: float = Field(1e-7, gt=0, description="added under the root")


@hookimpl
def advnets_losses() -> list[Component]:
    """Register the critic's loss."""
    return [
        Component(
            "wasserstein",
            "advnets_wgan.wasserstein:Wasserstein",
            "D minimises C(G(z)) - C(x), G minimises -C(G(z)) (Arjovsky et al. 2017)",
            requires=("logits",),
        )
    ]


@hookimpl
def advnets_penalties() -> list[Component]:
    """Register what keeps the critic's slope near 1 in WGAN-GP."""
    return [
        Component(
            "gradient_penalty",
            "advnets_wgan.gradient_penalty:GradientPenalty",
            "λ (‖∇C‖ - 1)² between real and generated examples, for D (Gulrajani et al. 2017)",
            GradientPenaltyParameters,
            requires=("logits",),
            networks=(),
        )
    ]


@hookimpl
def advnets_optimizers() -> list[Component]:
    """Register what keeps the critic's slope bounded in the first WGAN."""
    return [
        Component(
            "clipped_rmsprop",
            "advnets_wgan.clipping:clipped_rmsprop",
            "RMSprop that clips the weights to [-c, c] after each step (Arjovsky et al. 2017)",
            ClippedRmspropParameters,
        )
    ]


@hookimpl
def advnets_recipes() -> list[Component]:
    """Register a ring of Gaussians, with the penalty."""
    return list_recipes("advnets_wgan")
