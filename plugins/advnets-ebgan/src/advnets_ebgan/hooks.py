"""Register this plugin's components: names, parameters, targets. TensorFlow-free."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator

from advnets import Component, OfField, Parameters, Weight, hookimpl, list_recipes

Units = Annotated[int, Field(ge=1, le=1_000_000)]
Head = Annotated[str, Field(min_length=1)] | Units | Annotated[list[Units], Field(min_length=1)]
SPOKEN = ("logits", "energy", "features", "reconstruction")


class MarginParameters(Parameters):
    """Validate the parameters of ``ebgan_margin``."""

    margin: float = Field(
        10.0, gt=0, description="m, the energy up to which D pushes generated examples"
    )


class PullingAwayParameters(Parameters):
    """Validate the parameters of ``pulling_away``."""

    weight: Weight = Field(0.1, description="factor of the term in G's loss")


class Heads(Parameters):
    """Name what an auto-encoder says besides its energy."""

    heads: Annotated[dict[str, Head], OfField("name")] = Field(
        {},
        max_length=100,
        description="further linear outputs of the code: {NAME: a field, for the logits of its "
        "classes or its shape; a number of values; or a shape}",
    )

    @field_validator("heads")
    @classmethod
    def _check_names(cls, heads: dict[str, Head]) -> dict[str, Head]:
        for name in heads:
            if name in SPOKEN:
                raise ValueError(f"a head cannot be called {name}, which is a word already taken")
            if not (name.isascii() and name.isidentifier()):
                raise ValueError(
                    f"a head's name is letters, digits and _, such as class_logits, not {name!r}"
                )
        return heads


class AutoencoderParameters(Heads):
    """Validate the parameters of ``autoencoder``."""

    encoder: list[Units] = Field(
        [1024, 1024],
        min_length=1,
        max_length=1000,
        description="units of the encoder's layers; the decoder is always one layer",
    )
    activation: Literal["relu", "leaky_relu", "elu", "tanh", "sigmoid"] = Field(
        "relu", description="of the encoder's layers"
    )
    batch_norm: Literal["none", "encoder", "all"] = Field(
        "encoder",
        description="batch normalisation after the weights of every layer but the first: "
        "of the encoder's, or of all, the decoder's included",
    )
    synchronized: bool = Field(
        False,
        description="whether batch statistics are those of the global batch, rather than of "
        "each replica's part",
    )
    dropout: float = Field(
        0.0, ge=0, lt=1, description="probability of dropping an output of an encoder's layer"
    )
    output: Literal["linear", "tanh", "sigmoid"] = Field(
        "linear", description="activation of the reconstruction"
    )
    stddev: float | None = Field(
        None, gt=0, description="weights start from N(0, stddev²); by default Glorot's uniform"
    )


class ConvAutoencoderParameters(Heads):
    """Validate the parameters of ``conv_autoencoder``."""

    channels: list[Annotated[int, Field(ge=1, le=10_000)]] = Field(
        [64, 128, 256],
        min_length=1,
        max_length=10,
        description="of the encoder's convolutions of stride 2, which the decoder mirrors; the "
        "image's sides must be multiples of 2 to the power of their number",
    )
    kernel: int = Field(4, ge=1, le=1000, description="width and height of the filters")
    batch_norm: bool = Field(
        True, description="batch normalisation in all layers but the first and the last"
    )
    synchronized: bool = Field(
        False,
        description="whether batch statistics are those of the global batch, rather than of "
        "each replica's part",
    )
    slope: float = Field(0.2, ge=0, description="of the leaky ReLU, below zero")
    output: Literal["linear", "tanh", "sigmoid"] = Field(
        "linear", description="activation of the reconstruction"
    )
    stddev: float = Field(0.02, gt=0, description="weights start from N(0, stddev²)")


class ValueParameters(Parameters):
    """Validate the parameters of ``ebgan_value``."""

    margin: float | None = Field(None, gt=0, description="m; the loss's by default")
    samples: int = Field(10_000, ge=2, le=1_000_000, description="samples drawn from G")
    split: Literal["train", "validation", "test"] = Field(
        "test", description="the real examples' split"
    )
    batch: int = Field(
        100, ge=2, le=100_000, description="examples that D judges at a time: the batch size"
    )


@hookimpl
def advnets_losses() -> list[Component]:
    """Register the margin loss."""
    return [
        Component(
            "ebgan_margin",
            "advnets_ebgan.margin:EbganMargin",
            "D minimises E(x) + [m - E(G(z))]⁺, G minimises E(G(z)) (Zhao et al. 2016)",
            MarginParameters,
            requires=("energy",),
        )
    ]


@hookimpl
def advnets_penalties() -> list[Component]:
    """Register the repelling regulariser of EBGAN-PT."""
    return [
        Component(
            "pulling_away",
            "advnets_ebgan.pulling_away:PullingAway",
            "mean squared cosine between D's features of generated examples, for G "
            "(Zhao et al. 2016)",
            PullingAwayParameters,
            requires=("features",),
            networks=(),
        )
    ]


@hookimpl
def advnets_architectures() -> list[Component]:
    """Register the discriminators whose reconstruction error is the energy."""
    return [
        Component(
            "autoencoder",
            "advnets_ebgan.autoencoder:autoencoder",
            "fully connected auto-encoder; its energy is ‖Dec(Enc(x)) - x‖",
            AutoencoderParameters,
            roles=("discriminator",),
        ),
        Component(
            "conv_autoencoder",
            "advnets_ebgan.conv_autoencoder:conv_autoencoder",
            "convolutional auto-encoder of images; its energy is ‖Dec(Enc(x)) - x‖",
            ConvAutoencoderParameters,
            roles=("discriminator",),
            example={"parameters": {"channels": [3, 5]}},
        ),
    ]


@hookimpl
def advnets_metrics() -> list[Component]:
    """Register the metric of how near the game is to an equilibrium."""
    return [
        Component(
            "ebgan_value",
            "advnets_ebgan.value:ebgan_value",
            "V(D, G), the margin m at an equilibrium, and mean energies (Zhao et al. 2016)",
            ValueParameters,
        )
    ]


@hookimpl
def advnets_recipes() -> list[Component]:
    """Register EBGAN on MNIST, without and with the pulling-away term."""
    return list_recipes("advnets_ebgan")


SWEEPS = {
    "ebgan_grid": "EBGAN over a small grid of architectures (Zhao et al. 2016, section 4.1)",
    "ebgan_grid_gan": "GAN over such a grid, and over optimizers, to be set next to it",
    "ebgan_margins": "what EBGAN's margin does (Zhao et al. 2016, figure 9)",
}


@hookimpl
def advnets_sweeps() -> list[Component]:
    """Register the studies of the paper, scaled down."""
    return [
        Component(name, f"advnets_ebgan:sweeps/{name}.yaml", summary)
        for name, summary in SWEEPS.items()
    ]
