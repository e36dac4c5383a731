"""Register the game's own components: losses, penalties, priors, conditions, and so on."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from ..plugins.components import Component, list_components
from ..plugins.hookspecs import hookimpl
from ..plugins.latent_parameters import LatentParameters
from ..plugins.parameters import OfField, Parameters
from ..plugins.schedule import Positive, Weight


class MinimaxParameters(Parameters):
    """Validate the parameters of ``minimax`` and ``non_saturating``."""

    discriminator_weight: Positive = Field(
        1.0, description="factor on D's loss; the authors' code of 2014 uses 0.5"
    )


class R1Parameters(Parameters):
    """Validate the parameters of ``r1``."""

    gamma: Weight = Field(10.0, description="γ, the weight of the penalty")


class UniformParameters(LatentParameters):
    """Validate the parameters of ``uniform``."""

    low: float = Field(-(3.0**0.5), description="lower bound; -√3 gives unit variance")
    high: float = Field(3.0**0.5, description="upper bound")

    @model_validator(mode="after")
    def _check_order(self) -> UniformParameters:
        if self.low >= self.high:
            raise ValueError(f"low ({self.low}) must be less than high ({self.high})")
        return self


class GaussianParameters(LatentParameters):
    """Validate the parameters of ``gaussian``."""

    mean: float = Field(0.0, description="mean of every dimension")
    deviation: float = Field(1.0, gt=0, description="standard deviation of every dimension")


class ClassesParameters(Parameters):
    """Validate the parameters of ``frequencies`` and ``uniform``."""

    field: Annotated[str | None, OfField("classes")] = Field(
        None, description="the field whose classes are drawn; the one of the condition's own name"
    )


class BatchParameters(Parameters):
    """Validate the parameters of ``batch``."""

    field: Annotated[str | None, OfField("data")] = Field(
        None, description="the field that is taken; the one of the condition's own name"
    )


class CategoricalParameters(Parameters):
    """Validate the parameters of ``categorical``."""

    classes: Annotated[int, OfField("count")] = Field(
        ge=2, le=65536, description="number of classes, each as likely"
    )


class InstanceNoiseParameters(Parameters):
    """Validate the parameters of ``instance_noise``."""

    deviation: Weight = Field(0.1, description="σ, in units of the preprocessed data")


class TranslationParameters(Parameters):
    """Validate the parameters of ``translation``."""

    share: float = Field(
        0.125, gt=0, lt=1, description="the most that is moved, of height and width"
    )


class AlternatingParameters(Parameters):
    """Validate the parameters of ``alternating``."""

    discriminator_steps: int = Field(
        1, ge=1, le=1000, description="k, the D steps of a round, each on fresh examples and noise"
    )


@hookimpl
def advnets_losses() -> list[Component]:
    """Register the paper's two losses."""
    logits = ("logits",)
    return [
        Component(
            "minimax",
            "advnets.game:Minimax",
            "V(D, G) = E log D(x) + E log(1 - D(G(z))): the original game (Goodfellow et al. 2014)",
            MinimaxParameters,
            requires=logits,
        ),
        Component(
            "non_saturating",
            "advnets.game:NonSaturating",
            "D as in minimax; G minimises -log D(G(z)) (Goodfellow et al. 2014, section 3)",
            MinimaxParameters,
            requires=logits,
        ),
    ]


@hookimpl
def advnets_penalties() -> list[Component]:
    """Register the gradient penalty."""
    return [
        Component(
            "r1",
            "advnets.game:R1",
            "(γ/2) ‖∇C(x)‖² on real examples, for D (Mescheder et al. 2018)",
            R1Parameters,
            requires=("logits",),
            networks=(),
        )
    ]


@hookimpl
def advnets_priors() -> list[Component]:
    """Register the distributions of z."""
    return [
        Component(
            "uniform",
            "advnets.game:Uniform",
            "U(low, high) in every dimension; U(-√3, √3) by default",
            UniformParameters,
            example={"parameters": {"size": 4}},
        ),
        Component(
            "gaussian",
            "advnets.game:Gaussian",
            "N(mean, deviation²) in every dimension",
            GaussianParameters,
            example={"parameters": {"size": 4}},
        ),
        Component(
            "none",
            "advnets.game:NoLatent",
            "no latent: what G is told is all that it makes examples of",
        ),
    ]


@hookimpl
def advnets_conditions() -> list[Component]:
    """Register how fields are drawn that networks are told."""
    return [
        *list_components(
            "advnets.game:{camel}",
            frequencies=(
                "a class field, drawn by its frequencies in the training data",
                ClassesParameters,
            ),
        ),
        Component(
            "categorical",
            "advnets.game:Categorical",
            "a new class field, every class alike",
            CategoricalParameters,
            example={"parameters": {"classes": 4}},
        ),
        Component(
            "uniform",
            "advnets.game:UniformClasses",
            "a class field, every class alike",
            ClassesParameters,
        ),
        Component(
            "batch",
            "advnets.game:FromBatch",
            "that of the real examples of the batch",
            BatchParameters,
        ),
    ]


@hookimpl
def advnets_encounters() -> list[Component]:
    """Register the meeting of real examples and those that G makes."""
    return [
        Component(
            "generated",
            "advnets.game:Generated",
            "real examples against those that G makes of the latent points",
            networks=(),
        )
    ]


@hookimpl
def advnets_augmentations() -> list[Component]:
    """Register noise, and two maps of images."""
    images = {"shape": (8, 8, 1)}
    return [
        Component(
            "instance_noise",
            "advnets.game:InstanceNoise",
            "x + σ ε, with ε ~ N(0, 1) (Arjovsky and Bottou 2017)",
            InstanceNoiseParameters,
        ),
        Component(
            "mirror",
            "advnets.game:Mirror",
            "images mirrored left to right, by ½ (Karras et al. 2020)",
            example=images,
            axes=3,
        ),
        Component(
            "translation",
            "advnets.game:Translation",
            "images moved by whole pixels (Zhao et al. 2020)",
            TranslationParameters,
            example=images,
            axes=3,
        ),
    ]


@hookimpl
def advnets_updates() -> list[Component]:
    """Register the rules of who moves when."""
    return list_components(
        "advnets.game:{camel}",
        alternating=(
            "Algorithm 1: k steps of D on fresh batches, then one of G",
            AlternatingParameters,
        ),
        simultaneous=(
            "both players at once from the old parameters, on the same x, z and dropout "
            "(the authors' code of 2014)",
        ),
    )
