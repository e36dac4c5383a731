"""Register the metrics that compare generated with real examples. TensorFlow-free."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ..plugins.components import Component, Parameters
from ..plugins.hookspecs import hookimpl
from .features import Features

Bandwidth = Annotated[float, Field(gt=0, le=1e12)]


class Comparison(Parameters):
    """Choose what is compared, in all of these metrics."""

    features: Features = Field(
        None,
        description="what examples are compared by, a name or an entry; pixels for vectors, to be "
        "named for images",
    )
    samples: int = Field(10_000, ge=3, le=1_000_000, description="samples drawn from G")
    split: Literal["train", "validation", "test"] = Field(
        "test", description="the split of the real examples"
    )
    examples: int | None = Field(
        None, ge=3, description="real examples, from the first; null for all of the split"
    )


class KidParameters(Comparison):
    """Validate the parameters of ``kid``."""

    subsets: int = Field(
        100, ge=0, le=100_000, description="random subsets of the score kid_subsets; 0 for none"
    )
    subset_size: int = Field(
        1_000, ge=2, le=100_000, description="examples on either side of a subset"
    )


class InceptionScoreParameters(Parameters):
    """Validate the parameters of ``inception_score``."""

    features: Features = Field(
        "classifier", description="features that know classes, a name or an entry"
    )
    samples: int = Field(10_000, ge=2, le=1_000_000, description="samples drawn from G")
    splits: int = Field(10, ge=1, le=1_000, description="parts whose scores are averaged")
    resamples: int = Field(1_000, ge=2, le=100_000, description="of the bootstrap")


class PrdcParameters(Comparison):
    """Validate the parameters of ``prdc``."""

    k: int = Field(5, ge=1, le=1_000, description="the neighbour that balls reach to")


class MmdParameters(Comparison):
    """Validate the parameters of ``mmd``."""

    bandwidths: list[Bandwidth] | None = Field(
        None,
        min_length=1,
        max_length=100,
        description="the kernels' standard deviations; null for the median distance between real "
        "examples",
    )


class SlicedWassersteinParameters(Comparison):
    """Validate the parameters of ``sliced_wasserstein``."""

    projections: int = Field(500, ge=1, le=100_000, description="random directions")
    p: Literal[1, 2] = Field(2, description="the exponent of distances")


class ClassifierTwoSampleParameters(Comparison):
    """Validate the parameters of ``classifier_two_sample``."""

    classifier: Literal["mlp", "knn", "logistic"] = Field(
        "mlp", description="what learns to tell real from generated examples"
    )


@hookimpl
def advnets_metrics() -> list[Component]:
    """Register the metrics that compare samples with real examples, or classify them."""
    return [
        Component(
            "fid",
            "advnets.evaluate.metrics.fid:fid",
            "Fréchet distance of Gaussians fitted to features (Heusel et al. 2017)",
            Comparison,
        ),
        Component(
            "kid",
            "advnets.evaluate.metrics.kid:kid",
            "kernel inception distance, unbiased (Bińkowski et al. 2018)",
            KidParameters,
        ),
        Component(
            "inception_score",
            "advnets.evaluate.metrics.inception_score:inception_score",
            "inception score (Salimans et al. 2016), and the form that EBGAN's search used",
            InceptionScoreParameters,
        ),
        Component(
            "prdc",
            "advnets.evaluate.metrics.prdc:prdc",
            "precision, recall (Kynkäänniemi et al. 2019), density, coverage (Naeem et al. 2020)",
            PrdcParameters,
        ),
        Component(
            "mmd",
            "advnets.evaluate.metrics.mmd:mmd",
            "squared maximum mean discrepancy with Gaussian kernels (Gretton et al. 2012)",
            MmdParameters,
        ),
        Component(
            "energy_distance",
            "advnets.evaluate.metrics.energy_distance:energy_distance",
            "energy distance (Székely and Rizzo 2013)",
            Comparison,
        ),
        Component(
            "sliced_wasserstein",
            "advnets.evaluate.metrics.sliced_wasserstein:sliced_wasserstein",
            "Wasserstein distance along random directions (Bonneel et al. 2015)",
            SlicedWassersteinParameters,
        ),
        Component(
            "classifier_two_sample",
            "advnets.evaluate.metrics.classifier_two_sample:classifier_two_sample",
            "held-out accuracy of real against generated (Lopez-Paz and Oquab 2017)",
            ClassifierTwoSampleParameters,
        ),
    ]
