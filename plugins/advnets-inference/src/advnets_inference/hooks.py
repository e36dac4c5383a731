"""Register this plugin's components: names, parameters, targets. TensorFlow-free."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from advnets import Component, OfField, Parameters, Weight, hookimpl, list_recipes
from advnets.data import Field as DataField

Kind = Literal["halves", "left", "right", "top", "bottom", "centre", "rectangles", "pixels"]
FieldName = Annotated[str, Field(min_length=1, max_length=100), OfField("name")]
Network = Annotated[str, Field(min_length=1, max_length=100)]
Split = Literal["train", "validation", "test"]
MASKED = {"shape": (8, 8, 1), "fields": {"mask": DataField((8, 8, 2), "float32", kind="image")}}
"""Images with a mask: what is seen, and where."""


class WeightParameters(Parameters):
    """Validate the weight of a term."""

    weight: Weight = Field(1.0, description="w, the weight: a number, or a schedule")


class ClosenessParameters(WeightParameters):
    """Validate the weight of the closeness, and of what."""

    field: FieldName = Field("mask", description="the field that says what is hidden")


class InpaintingParameters(Parameters):
    """Validate what G is told of x."""

    field: FieldName = Field("mask", description="the field that says what is seen, and where")


class MaskParameters(Parameters):
    """Validate what is hidden."""

    kind: Kind | Annotated[list[Kind], Field(min_length=1, max_length=8)] = Field(
        "halves", description="what is hidden; of several, each as often"
    )
    share: float = Field(
        0.5, gt=0, lt=1, description="the part of an image that is hidden, or of its pixels"
    )


class InpaintingErrorParameters(MaskParameters):
    """Validate which masks, of which examples."""

    field: FieldName = Field("mask", description="the field that G is told")
    split: Split = Field("test", description="of the examples")
    examples: int | None = Field(None, ge=2, description="how many of them; by default all")


class ReconstructionParameters(Parameters):
    """Validate whose codes, of which examples."""

    encoder: Network = Field("encoder", description="the network that infers codes")
    split: Split = Field("test", description="of the examples")


class NeighbourParameters(ReconstructionParameters):
    """Validate what is told apart, by which neighbours."""

    field: FieldName = Field("label", description="the classes that are told apart")
    reference: Split = Field("train", description="the split in which neighbours are looked for")


@hookimpl
def advnets_encounters() -> list[Component]:
    """Register what is judged."""
    return [
        Component(
            "inference",
            "advnets_inference.inference:Inference",
            "(x, E(x)) against (G(z), z): BiGAN (Donahue et al. 2017)",
            networks=("encoder",),
        ),
        Component(
            "stochastic_inference",
            "advnets_inference.stochastic_inference:StochasticInference",
            "(x, μ(x) + σ(x) ε) against (G(z), z): ALI (Dumoulin et al. 2017)",
            networks=("encoder", "log_variance"),
        ),
        Component(
            "inversion",
            "advnets_inference.inversion:Inversion",
            "x against G(z), G held still: for networks that are trained after it",
            networks=(),
        ),
        Component(
            "inpainting",
            "advnets_inference.inpainting:Inpainting",
            "x against m x + (1 - m) G(z, m x, m): p(x_S | x_rest) (Goodfellow et al. 2014)",
            InpaintingParameters,
            example=MASKED,
            networks=(),
        ),
    ]


@hookimpl
def advnets_conditions() -> list[Component]:
    """Register what hides parts of examples."""
    return [
        Component(
            "mask",
            "advnets_inference.mask:Mask",
            "(m x, m): halves, squares, rectangles or pixels of x are hidden, m = 0 there",
            MaskParameters,
            example={"shape": (8, 8, 1)},
            axes=3,
        )
    ]


@hookimpl
def advnets_penalties() -> list[Component]:
    """Register the terms of encoders, and of painters."""
    return [
        Component(
            "latent_regression",
            "advnets_inference.latent_regression:LatentRegression",
            "w ‖E(G(z)) - z‖², for E (Goodfellow et al. 2014, section 7)",
            WeightParameters,
            example={"encounter": "advnets_inference.inversion:Inversion"},
            requires=(),
            networks=("encoder",),
        ),
        Component(
            "cycle_consistency",
            "advnets_inference.cycle_consistency:CycleConsistency",
            "w · mean |x - G(E(x))|, for G and E (Li et al. 2017)",
            WeightParameters,
            requires=(),
            networks=("encoder",),
        ),
        Component(
            "closeness",
            "advnets_inference.closeness:Closeness",
            "w · mean |G - x| over what is hidden, for G (Pathak et al. 2016)",
            ClosenessParameters,
            example={**MASKED, "encounter": "advnets_inference.inpainting:Inpainting"},
            requires=(),
            networks=(),
        ),
    ]


@hookimpl
def advnets_metrics() -> list[Component]:
    """Register what is measured of codes, and of what is painted."""
    return [
        Component(
            "reconstruction",
            "advnets_inference.reconstruction:reconstruction",
            "mean of ‖G(E(x)) - x‖ over held-out examples",
            ReconstructionParameters,
            example={"shape": (8, 8, 1)},
        ),
        Component(
            "latent_nearest_neighbour",
            "advnets_inference.latent_nearest_neighbour:latent_nearest_neighbour",
            "accuracy of the nearest neighbour's class in E(x) (Donahue et al. 2017, table 1)",
            NeighbourParameters,
            example={
                "shape": (8, 8, 1),
                "fields": {"label": DataField((), "int64", classes=4)},
            },
        ),
        Component(
            "inpainting_error",
            "advnets_inference.inpainting_error:inpainting_error",
            "mean of |painted - x| over what is hidden of held-out images",
            InpaintingErrorParameters,
            example=MASKED,
        ),
    ]


@hookimpl
def advnets_recipes() -> list[Component]:
    """Register the recipes of this distribution."""
    return list_recipes("advnets_inference")
