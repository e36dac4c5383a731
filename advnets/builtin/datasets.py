"""Register the data sets that ship with advnets: names, parameters, targets. TensorFlow-free."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import Field

from ..plugins.components import Component, list_components
from ..plugins.dataset_parameters import DatasetParameters
from ..plugins.hookspecs import hookimpl
from ..plugins.parameters import Parameters, Place

Count = Annotated[int, Field(ge=1, le=10_000_000)]
Word = Annotated[str, Field(min_length=1)]
Pixels = Annotated[int, Field(ge=1, le=4096)]
Size = Pixels | Annotated[list[Pixels], Field(min_length=2, max_length=2)] | None
SIZE = (
    "resize each image's central square to this, in pixels; or [height, width]: the largest "
    "central part of that shape"
)
TFDS_IDENTIFIER = r"^[A-Za-z_]\w*(/[\w.+-]+)?(:\d+\.\d+\.\d+)?$"


class TfdsParameters(DatasetParameters):
    """Validate the parameters of ``tfds``."""

    id: str = Field(
        pattern=TFDS_IDENTIFIER, description="TFDS's id: mnist, emnist/letters, cifar10:3.0.2"
    )
    train: str = Field("train", min_length=1, description="split expression, such as train[:50000]")
    validation: str | None = Field(
        None, min_length=1, description="split expression; by default the data set's own, if any"
    )
    test: str | None = Field(
        None, min_length=1, description="split expression; by default the data set's own, if any"
    )
    feature: Word | None = Field(None, description="the feature to learn; by default image")
    fields: list[Word] = Field(
        [], description="further features that come with each example; label always does"
    )
    size: Size = Field(None, description=SIZE)
    data_dir: Annotated[str | None, Place()] = Field(
        None,
        min_length=1,
        description="a folder in which the data set lies prepared; by default TFDS's own, where "
        "it is prepared if need be",
    )


class DigitsParameters(DatasetParameters):
    """Validate the parameters of ``digits``."""

    size: int = Field(8, ge=1, le=512, description="width and height in pixels; 8 is native")


class SyntheticParameters(DatasetParameters):
    """Validate the parameters of what is drawn from a density."""

    examples: Count = Field(100_000, description="examples in the training split")
    held_out: Count = Field(10_000, description="in the validation split, and in the test split")
    seed: int = Field(
        0, ge=0, lt=2**63, description="of the draw of the data; independent of the run's seed"
    )


class Gaussian1dParameters(SyntheticParameters):
    """Validate the parameters of ``gaussian_1d``."""

    mean: float = Field(4.0, description="μ")
    deviation: float = Field(0.5, gt=0, description="σ")
    examples: Count = Field(50_000, description="examples in the training split")


class RingParameters(SyntheticParameters):
    """Validate the parameters of ``ring``."""

    modes: int = Field(8, ge=1, le=10_000, description="Gaussians on the circle")
    radius: float = Field(1.0, gt=0, description="of the circle")
    deviation: float = Field(0.01, gt=0, description="σ of each mode")


class GridParameters(SyntheticParameters):
    """Validate the parameters of ``grid``."""

    side: int = Field(5, ge=1, le=100, description="modes along each side; side² in all")
    spacing: float = Field(2.0, gt=0, description="between neighbouring modes")
    deviation: float = Field(0.05, gt=0, description="σ of each mode")


class StackedMnistParameters(SyntheticParameters):
    """Validate the parameters of ``stacked_mnist``."""

    digits: Literal["mnist", "sklearn"] = Field(
        "mnist", description="mnist, from TFDS; sklearn: another data set, which needs no download"
    )
    examples: Count = Field(128_000, description="examples in the training split")
    data_dir: Annotated[str | None, Place()] = Field(
        None, min_length=1, description="a folder in which MNIST lies prepared, or TFDS's own"
    )


class FolderParameters(DatasetParameters):
    """Validate the parameters of ``folder``."""

    path: Annotated[str, Place()] = Field(
        min_length=1, description="the folder, relative to the current one"
    )
    size: Size = Field(None, description=SIZE)
    channels: Literal[1, 3, 4] = Field(
        3, description="1 for grey, 3 for colour, 4 for colour and opacity"
    )
    validation: float = Field(
        0.1, ge=0, lt=1, description="part of the training images, unless there is such a folder"
    )
    test: float = Field(
        0.1, ge=0, lt=1, description="part of the training images, unless there is such a folder"
    )
    subfolders: Literal["splits", "classes"] | None = Field(
        None, description="what sub-folders are that are called like splits; by default, if plain"
    )


class NpzField(Parameters):
    """Validate what is said about a field of ``npz``."""

    classes: int | None = Field(
        None, ge=1, description="how many classes there are, if it holds classes: integers from 0"
    )
    kind: Literal["image", "vector"] = Field(
        "vector", description="image: to be preprocessed as the data set's images are"
    )


class NpzParameters(DatasetParameters):
    """Validate the parameters of ``npz``."""

    path: Annotated[str, Place()] = Field(
        min_length=1, description="a .npz file, a .npy file, or a folder of them"
    )
    train: str = Field(
        "train", min_length=1, description="name of the training split's array, or a usual one"
    )
    validation: str | None = Field(
        None, min_length=1, description="array's name; by default a usual one, if there is one"
    )
    test: Word | None = Field(
        None, description="array's name; by default a usual one, if there is one"
    )
    labels: Word | dict[Literal["train", "validation", "test"], Word] | None = Field(
        None, description="name of the array of the training split's labels, or a name by split"
    )
    channels: Literal["first", "last"] | None = Field(
        None, description="where arrays of rank 4 have them; last, unless it looks otherwise"
    )
    kind: Literal["sequence"] | None = Field(
        None, description="sequence: [N, steps, channels], or [N, steps]; else images or vectors"
    )
    fields: dict[Word, NpzField] = Field(
        {},
        description="what else comes with each example, from the arrays train_NAME, test_NAME, …: "
        "{NAME: {classes: N}}, {NAME: {kind: image}}, or {NAME: {}} for numbers",
    )
    low: float | None = Field(None, description="lower end of the range; 0 for uint8")
    high: float | None = Field(None, description="upper end of the range; 255 for uint8")


EXAMPLES: dict[str, dict[str, Any]] = {
    "tfds": {"id": "mnist", "train": "train[:100]", "test": "test[:50]"},
    "stacked_mnist": {"digits": "sklearn", "examples": 60, "held_out": 40},
    "gaussian_1d": {"examples": 500, "held_out": 100},
    "ring": {"examples": 500, "held_out": 100},
    "grid": {"examples": 500, "held_out": 100},
    "folder": {"path": "images"},
    "npz": {"path": "arrays.npz"},
}
"""What they are tried with by `advnets plugins check`: few examples, and what has no default."""


@hookimpl
def advnets_datasets() -> list[Component]:
    """Register the built-in data sets."""
    found = list_components(
        "advnets.data.sources:{camel}",
        tfds=("any image or vector data set of TensorFlow Datasets, by id", TfdsParameters),
        digits=(
            "1,797 real 8×8 digits from scikit-learn, at any size; no download",
            DigitsParameters,
        ),
        gaussian_1d=("one Gaussian on the line, its density known", Gaussian1dParameters),
        ring=("Gaussians on a circle, their density known", RingParameters),
        grid=("Gaussians on a square grid, their density known", GridParameters),
        stacked_mnist=(
            "three random digits as the channels of an image: 1,000 modes",
            StackedMnistParameters,
        ),
        folder=("images of a folder, with sub-folders as splits and classes", FolderParameters),
        npz=("arrays of a NumPy archive, images or vectors", NpzParameters),
    )
    return [
        replace(
            one,
            example={"parameters": EXAMPLES.get(one.name, {})},
            light=one.name not in ("tfds", "stacked_mnist"),
        )
        for one in found
    ]
