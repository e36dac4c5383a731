"""Register this plugin's components: names, parameters, targets. TensorFlow-free."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, model_validator

from advnets import Component, Parameters, hookimpl, list_recipes


class LeastSquaresParameters(Parameters):
    """Validate the numbers that D's output is pulled to."""

    a: float = Field(0.0, description="what D is to say of generated examples")
    b: float = Field(1.0, description="what D is to say of real ones")
    c: float = Field(1.0, description="what G wants D to say of generated ones")

    @model_validator(mode="after")
    def _tells_sides_apart(self) -> LeastSquaresParameters:
        if self.a == self.b:
            raise ValueError(f"a and b are both {self.a}: D would say the same of both sides")
        return self


class HingeParameters(Parameters):
    """Validate the margin."""

    margin: float = Field(1.0, gt=0, description="m, beyond which D stops caring")


class BeganParameters(Parameters):
    """Validate the balance and how fast it is kept."""

    gamma: float = Field(0.5, gt=0, le=1, description="γ, what E(G(z)) / E(x) is held at")
    rate: float = Field(0.001, ge=0, description="λ, how fast k moves")


class FGanParameters(Parameters):
    """Validate which divergence it is."""

    divergence: Literal[
        "gan", "jensen_shannon", "kl", "reverse_kl", "pearson", "neyman", "squared_hellinger"
    ] = Field("jensen_shannon", description="which f-divergence")
    saturating: bool = Field(
        False, description="whether G minimises −f*(T(v)), as in the bound, and not −T(v)"
    )


@hookimpl
def advnets_losses() -> list[Component]:
    """Register the losses, each in the module of its name."""
    return [
        Component(
            "least_squares",
            "advnets_losses.least_squares:LeastSquares",
            "½(C(x) - b)² + ½(C(G(z)) - a)² for D, ½(C(G(z)) - c)² for G (Mao et al. 2017)",
            LeastSquaresParameters,
            requires=("logits",),
        ),
        Component(
            "hinge",
            "advnets_losses.hinge:Hinge",
            "[m - C(x)]⁺ + [m + C(G(z))]⁺ for D, -C(G(z)) for G (Lim and Ye 2017)",
            HingeParameters,
            requires=("logits",),
        ),
        Component(
            "began",
            "advnets_losses.began:Began",
            "E(x) - k E(G(z)) for D, E(G(z)) for G, k in balance (Berthelot et al. 2017)",
            BeganParameters,
            requires=("energy",),
        ),
        Component(
            "cramer",
            "advnets_losses.cramer:Cramer",
            "the energy distance of both sides in D's features (Bellemare et al. 2017)",
            requires=("features",),
        ),
        Component(
            "f_gan",
            "advnets_losses.f_gan:FGan",
            "-T(v(x)) + f*(T(v(G(z)))) for D: any f-divergence (Nowozin et al. 2016)",
            FGanParameters,
            requires=("logits",),
        ),
        Component(
            "boundary_seeking",
            "advnets_losses.boundary_seeking:BoundarySeeking",
            "-V(D, G) for D, ½ C(G(z))² for G (Hjelm et al. 2018)",
            requires=("logits",),
        ),
        Component(
            "feature_matching",
            "advnets_losses.feature_matching:FeatureMatching",
            "-V(D, G) for D, ‖Ē f(x) - Ē f(G(z))‖² for G (Salimans et al. 2016)",
            requires=("logits", "features"),
        ),
        Component(
            "symmetric",
            "advnets_losses.symmetric:Symmetric",
            "-V(D, G) for D, -log D(G(z)) - log(1 - D(x)) for G (Dumoulin et al. 2017)",
            requires=("logits",),
        ),
    ]


@hookimpl
def advnets_recipes() -> list[Component]:
    """Register the recipes of this distribution."""
    return list_recipes("advnets_losses")
