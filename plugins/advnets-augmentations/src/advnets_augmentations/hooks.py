"""Register this plugin's components: names, parameters, targets. TensorFlow-free."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from advnets import Component, Names, Parameters, Weight, hookimpl, list_recipes

Maps = Annotated[
    list[str | dict[str, Any]], Names("augmentations"), Field(min_length=1, max_length=64)
]


class ColourParameters(Parameters):
    """Validate the parameters of ``colour``."""

    brightness: Weight = Field(
        0.5, description="β: b ~ U(-β, β), in halves of the data's range, is added to an image"
    )
    saturation: Weight = Field(
        1.0,
        description="the factor on a pixel's difference from its mean over the channels is within "
        "1 ± this; images of one channel have none",
    )
    contrast: Weight = Field(
        0.5, description="the factor on the difference from the image's mean is within 1 ± this"
    )


class CutoutParameters(Parameters):
    """Validate the parameters of ``cutout``."""

    share: float = Field(0.5, gt=0, le=1, description="of height and width, what is cut out")


class DiffAugmentParameters(Parameters):
    """Validate the parameters of ``diff_augment``."""

    policy: Maps = Field(
        ["colour", "translation", "cutout"], description="augmentations, one after the other"
    )


class AdaParameters(Parameters):
    """Validate the parameters of ``ada``."""

    maps: Maps = Field(
        ["mirror", "translation", "colour"],
        description="augmentations, each applied to an example with the probability p",
    )
    target: float = Field(
        0.6, gt=-1, lt=1, description="of r = E sign C(x): p rises above, and falls below it"
    )
    images: int = Field(
        500_000, ge=1, description="real images in which p can go from 0 to 1; 500,000 in the paper"
    )
    interval: int = Field(4, ge=1, le=1000, description="rounds over which r is a mean")


@hookimpl
def advnets_augmentations() -> list[Component]:
    """Register the augmentations."""
    grey, coloured = {"shape": (8, 8, 1)}, {"shape": (8, 8, 3)}
    package = "advnets_augmentations"
    return [
        Component(
            "colour",
            f"{package}.colour:Colour",
            "c (s (x + b - x̄) - m) + m: brightness, saturation, contrast (Zhao et al. 2020)",
            ColourParameters,
            example=coloured,
            axes=3,
        ),
        Component(
            "cutout",
            f"{package}.cutout:Cutout",
            "x, but 0 in a square of half the side (Zhao et al. 2020)",
            CutoutParameters,
            example=grey,
            axes=3,
        ),
        Component(
            "diff_augment",
            f"{package}.diff_augment:DiffAugment",
            "T(x), T(G(z)), T = cutout ∘ translation ∘ colour or others (Zhao et al. 2020)",
            DiffAugmentParameters,
            example=coloured,
        ),
        Component(
            "ada",
            f"{package}.ada:Ada",
            "each map with the probability p; p ← p ± N / images by the sign of "
            "E sign C(x) - target (Karras et al. 2020)",
            AdaParameters,
            example=grey,
        ),
    ]


@hookimpl
def advnets_recipes() -> list[Component]:
    """Register the recipes of this distribution."""
    return list_recipes("advnets_augmentations")
