"""Register the metrics that ship with advnets, without TensorFlow."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from ..plugins.components import Component, list_components
from ..plugins.hookspecs import hookimpl
from ..plugins.parameters import Parameters
from .features import Features

Bandwidth = Annotated[float, Field(gt=0, le=1e12)]
MOST = 1_000_000
Split = Literal["train", "validation", "test"]


class ParzenParameters(Parameters):
    """Validate the parameters of ``parzen``; the defaults are those of the paper's Table 1."""

    samples: int = Field(10_000, ge=1, le=MOST, description="samples drawn from G")
    sigmas: int = Field(10, ge=1, le=1_000, description="bandwidths tried")
    low: float = Field(-1.0, ge=-6, le=6, description="log10 of the smallest bandwidth")
    high: float = Field(0.0, ge=-6, le=6, description="log10 of the largest bandwidth")
    validation: int | None = Field(
        1_000, ge=1, description="examples the bandwidth is chosen on; null for the whole split"
    )

    @model_validator(mode="after")
    def _check_order(self) -> ParzenParameters:
        if self.low > self.high:
            raise ValueError(f"low ({self.low:g}) must not exceed high ({self.high:g})")
        return self


class Comparison(Parameters):
    """Choose what is compared, in all of these metrics."""

    features: Features = Field(
        None,
        description="what examples are compared by, a name or an entry; pixels for vectors, to be "
        "named for images",
    )
    samples: int = Field(10_000, ge=3, le=MOST, description="samples drawn from G")
    split: Split = Field("test", description="the split of the real examples")
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
    samples: int = Field(10_000, ge=2, le=MOST, description="samples drawn from G")
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


class ModesParameters(Parameters):
    """Validate the parameters of ``modes``."""

    samples: int | None = Field(
        None,
        ge=1,
        le=MOST,
        description="drawn from G; by default 2,500 where the data know their modes, else 26,000",
    )
    sigmas: float = Field(
        3.0, gt=0, description="standard deviations within which a sample is of high quality"
    )
    features: Features = Field(
        "classifier", description="whose classes are the modes, where the data do not know them"
    )


class DuplicatesParameters(Parameters):
    """Validate the parameters of ``duplicates``."""

    features: Features = Field(
        None, description="what distances are measured in; pixels for vectors, else to be named"
    )
    samples: int = Field(2_000, ge=3, le=MOST, description="drawn from G, and as many real ones")
    split: Split = Field("train", description="of the real examples")
    quantile: float = Field(
        0.01, ge=0, le=1, description="the share of real examples that would count as duplicates"
    )


class MemorisationParameters(Parameters):
    """Validate the parameters of ``memorisation``."""

    features: Features = Field(
        None, description="what distances are measured in; pixels for vectors, else to be named"
    )
    samples: int = Field(2_000, ge=2, le=MOST, description="drawn from G")
    held_out: Literal["validation", "test"] = Field(
        "test", description="the split that was not trained on"
    )
    examples: int | None = Field(
        None, ge=1, description="on either side; by default as many as both splits have"
    )


CLASSIFIER = {"name": "classifier", "steps": 30}
FEW = {"samples": 60, "features": "pixels"}
EXAMPLES: dict[str, dict[str, Any]] = {
    "modes": {"samples": 300, "features": CLASSIFIER},
    "duplicates": {"samples": 30, "features": "pixels"},
    "memorisation": {"samples": 40, "features": "pixels"},
    "parzen": {"samples": 200, "sigmas": 3, "validation": 20},
    "fid": FEW,
    "kid": {**FEW, "subsets": 3, "subset_size": 20},
    "inception_score": {"samples": 60, "features": CLASSIFIER, "splits": 3, "resamples": 20},
    "prdc": {**FEW, "k": 3},
    "mmd": FEW,
    "energy_distance": FEW,
    "sliced_wasserstein": {**FEW, "projections": 20},
    "classifier_two_sample": {**FEW, "classifier": "logistic"},
}
"""What they are tried with by `advnets plugins check`: few samples, and features of any data."""


@hookimpl
def advnets_metrics() -> list[Component]:
    """Register the built-in metrics; that of the theory is in :mod:`advnets.builtin.theory`."""
    found = list_components(
        "advnets.evaluate.metrics.{name}:{name}",
        parzen=(
            "Parzen-window log-likelihood of the test set, in nats (Goodfellow et al. 2014)",
            ParzenParameters,
        ),
        fid=("Fréchet distance of Gaussians fitted to features (Heusel et al. 2017)", Comparison),
        kid=("kernel inception distance, unbiased (Bińkowski et al. 2018)", KidParameters),
        inception_score=(
            "inception score (Salimans et al. 2016), and the form that EBGAN's search used",
            InceptionScoreParameters,
        ),
        prdc=(
            "precision, recall (Kynkäänniemi et al. 2019), density, coverage (Naeem et al. 2020)",
            PrdcParameters,
        ),
        mmd=(
            "squared maximum mean discrepancy with Gaussian kernels (Gretton et al. 2012)",
            MmdParameters,
        ),
        energy_distance=("energy distance (Székely and Rizzo 2013)", Comparison),
        sliced_wasserstein=(
            "Wasserstein distance along random directions (Bonneel et al. 2015)",
            SlicedWassersteinParameters,
        ),
        classifier_two_sample=(
            "held-out accuracy of real against generated (Lopez-Paz and Oquab 2017)",
            ClassifierTwoSampleParameters,
        ),
        modes=(
            "modes found, share of samples near one, and how evenly they are spread",
            ModesParameters,
        ),
        duplicates=(
            "share of samples nearer to another one than real examples are to each other",
            DuplicatesParameters,
        ),
        memorisation=(
            "whether samples lie nearer to training examples than to held-out ones",
            MemorisationParameters,
        ),
    )
    return [replace(one, example={"parameters": EXAMPLES.get(one.name, {})}) for one in found]
