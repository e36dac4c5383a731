"""Register this plugin's components: names, parameters, targets. TensorFlow-free."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from advnets import Component, Heads, Parameters, Weight, hookimpl, list_recipes

Units = Annotated[int, Field(ge=1, le=1_000_000)]


class MarginParameters(Parameters):
    """Validate the parameters of ``ebgan_margin``."""

    margin: float = Field(
        10.0, gt=0, description="m, the energy up to which D pushes generated examples"
    )


class PullingAwayParameters(Parameters):
    """Validate the parameters of ``pulling_away``."""

    weight: Weight = Field(0.1, description="factor of the term in G's loss")


class AutoencoderHeads(Heads):
    """Name what an auto-encoder says besides its energy, its code and its reconstruction."""

    @field_validator("heads")
    @classmethod
    def _keep_reconstruction(cls, heads: dict[str, Any]) -> dict[str, Any]:
        if "reconstruction" in heads:
            raise ValueError(
                "a head cannot be called reconstruction: an auto-encoder says that itself"
            )
        return heads


class AutoencoderParameters(AutoencoderHeads):
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


class ConvAutoencoderParameters(AutoencoderHeads):
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
            axes=3,
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
