"""The architectures that ship with advnets: their parameters, without TensorFlow."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from ..components import Component, Parameters
from ..hookspecs import hookimpl

Activation = Literal["relu", "leaky_relu", "elu", "gelu", "tanh", "sigmoid", "softplus", "linear"]
BatchNorm = Literal["none", "before", "after"]
Units = Annotated[int, Field(ge=1, le=1_000_000)]
Rate = Annotated[float, Field(ge=0, lt=1)]
Dropout = Annotated[
    list[Rate],
    Field(
        default_factory=list,
        description="probability of dropping an input of each layer in turn, the output "
        "layer's last; empty for none",
    ),
]


class Weights(Parameters):
    """How a layer's weights start, and how long they may get.

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
    def _one_start(self) -> Weights:
        given = [n for n in ("irange", "stddev", "sparse") if getattr(self, n) is not None]
        if len(given) > 1:
            raise ValueError(f"{' and '.join(given)} exclude each other: give one of them")
        return self


class Output(Weights):
    """The layer that ends a network."""

    activation: Activation = Field(
        "linear", description="linear for a discriminator, whose output is a logit"
    )
    bias: float | Literal["marginals"] = Field(
        0.0,
        description="initial bias; marginals: so that the output starts at the training "
        "data's mean (sigmoid, tanh and linear)",
    )

    @model_validator(mode="after")
    def _invertible(self) -> Output:
        if self.bias == "marginals" and self.activation not in ("sigmoid", "tanh", "linear"):
            raise ValueError(
                f"bias: marginals needs an activation that can be inverted (sigmoid, tanh or "
                f"linear), not {self.activation}"
            )
        return self


def _as_layer(value: Any) -> Any:
    return {"units": value} if isinstance(value, int) and not isinstance(value, bool) else value


class Hidden(Weights):
    """A hidden layer of an MLP; what is left out is taken from the network's own keys."""

    units: Units
    activation: Activation | None = None
    bias: float | None = Field(None, description="initial bias")
    batch_norm: BatchNorm | None = None


class Pieces(Weights):
    """A maxout layer; what is left out is taken from the network's own keys."""

    units: Units
    pieces: int | None = Field(None, ge=1, le=1000)


HiddenLayer = Annotated[Hidden, BeforeValidator(_as_layer, json_schema_input_type=Units | Hidden)]
MaxoutLayer = Annotated[Pieces, BeforeValidator(_as_layer, json_schema_input_type=Units | Pieces)]


class _Stack(Weights):
    """What networks of fully connected layers have in common."""

    dropout: Dropout
    output: Output = Field(Output(), description="the last layer")

    @model_validator(mode="after")
    def _one_rate_per_layer(self) -> _Stack:
        expected = len(getattr(self, "layers", ())) + 1
        if self.dropout and len(self.dropout) != expected:
            raise ValueError(
                f"dropout has {len(self.dropout)} rates; {expected} are needed: one for each "
                "hidden layer's input and one for the output layer's"
            )
        return self


class MlpParameters(_Stack):
    """Fully connected layers; flattens any input, and shapes its output like the data."""

    layers: list[HiddenLayer] = Field(
        [],
        max_length=1000,
        description="hidden layers: a number of units, or {units, activation, irange, ...}",
    )
    activation: Activation = Field("relu", description="of hidden layers that name none")
    slope: float = Field(0.2, ge=0, description="of leaky_relu, below zero")
    bias: float = Field(0.0, description="initial bias of hidden layers that name none")
    batch_norm: BatchNorm = Field(
        "none", description="batch normalisation of hidden layers: before or after the activation"
    )


class MaxoutParameters(_Stack):
    """Maxout layers, then a linear one."""

    layers: list[MaxoutLayer] = Field(
        max_length=1000, description="a number of units each, or {units, pieces, irange, ...}"
    )
    pieces: int = Field(5, ge=1, le=1000, description="linear pieces per unit")


@hookimpl
def advnets_architectures() -> list[Component]:
    """Fully connected and convolutional players of Goodfellow et al. 2014."""
    return [
        Component(
            "mlp",
            "advnets.networks.mlp:mlp",
            "fully connected layers, for either player",
            MlpParameters,
        ),
        Component(
            "maxout",
            "advnets.networks.maxout:maxout",
            "maxout layers with dropout on each layer's input",
            MaxoutParameters,
        ),
    ]
