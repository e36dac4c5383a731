"""Describe the layers of the architectures that ship: their schemas, without TensorFlow."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from ..plugins.parameters import Parameters

Activation = Literal["relu", "leaky_relu", "elu", "gelu", "tanh", "sigmoid", "softplus", "linear"]
BatchNorm = Literal["none", "before", "after"]
Units = Annotated[int, Field(ge=1, le=1_000_000)]
Rate = Annotated[float, Field(ge=0, lt=1)]
Synchronized = Annotated[
    bool,
    Field(
        description="whether batch statistics are those of the global batch, rather than of each "
        "replica's part"
    ),
]


class Weights(Parameters):
    """Choose how a layer's weights start, and how long they may get.

    At most one of ``irange``, ``stddev`` and ``sparse``; with none, Glorot's uniform.
    """

    irange: float | None = Field(None, gt=0, description="a: weights start in U(-a, a)")
    stddev: float | None = Field(None, gt=0, description="weights start from N(0, stddev²)")
    sparse: int | None = Field(
        None, ge=1, description="each unit starts with so many weights from N(0, 1), the rest 0"
    )
    max_col_norm: float | None = Field(
        None, gt=0, description="upper bound of the L2 norm of each unit's incoming weights"
    )

    @model_validator(mode="after")
    def _check_one_start(self) -> Weights:
        given = [n for n in ("irange", "stddev", "sparse") if getattr(self, n) is not None]
        if len(given) > 1:
            raise ValueError(f"{' and '.join(given)} exclude each other: give one of them")
        return self


class Output(Weights):
    """Describe the layer that ends a network."""

    activation: Activation = Field(
        "linear", description="linear for a discriminator, whose output is a logit"
    )
    bias: float | Literal["marginals"] = Field(
        0.0,
        description="initial bias; marginals: so that the output starts at the training "
        "data's mean (sigmoid, tanh and linear)",
    )

    @model_validator(mode="after")
    def _check_invertible(self) -> Output:
        if self.bias == "marginals" and self.activation not in ("sigmoid", "tanh", "linear"):
            raise ValueError(
                f"bias: marginals needs an activation that can be inverted (sigmoid, tanh or "
                f"linear), not {self.activation}"
            )
        return self


def _as_layer(value: Any) -> Any:
    return {"units": value} if isinstance(value, int) and not isinstance(value, bool) else value


class Hidden(Weights):
    """Describe a hidden layer of an MLP; what is left out is taken from the network's own keys."""

    units: Units
    activation: Activation | None = None
    bias: float | None = Field(None, description="initial bias")
    batch_norm: BatchNorm | None = None


class Pieces(Weights):
    """Describe a maxout layer; what is left out is taken from the network's own keys."""

    units: Units
    pieces: int | None = Field(None, ge=1, le=1000)


HiddenLayer = Annotated[Hidden, BeforeValidator(_as_layer, json_schema_input_type=Units | Hidden)]
MaxoutLayer = Annotated[Pieces, BeforeValidator(_as_layer, json_schema_input_type=Units | Pieces)]


class Convolution(Parameters):
    """Describe a convolutional maxout layer with stride 1 and tied biases."""

    channels: Units
    pieces: int = Field(2, ge=1, le=1000, description="linear pieces per channel")
    kernel: int = Field(ge=1, le=1000, description="width and height of the filters")
    padding: int = Field(0, ge=0, le=1000, description="zeros on each side")
    pool: int = Field(1, ge=1, le=1000, description="width and height of the pooling windows")
    pool_stride: int = Field(1, ge=1, description="from one window to the next; at most pool")
    irange: float | None = Field(None, gt=0, description="a: weights start in U(-a, a)")
    stddev: float | None = Field(None, gt=0, description="weights start from N(0, stddev²)")

    @model_validator(mode="after")
    def _check_gaps(self) -> Convolution:
        if self.pool_stride > self.pool:
            raise ValueError(f"pool_stride ({self.pool_stride}) must not exceed pool ({self.pool})")
        if self.irange is not None and self.stddev is not None:
            raise ValueError("irange and stddev exclude each other: give one of them")
        return self


class Maps(Weights):
    """Describe the layer whose units are the pixels of the feature maps."""

    channels: Units
    activation: Activation = "sigmoid"
    bias: float = Field(0.0, description="initial bias")
