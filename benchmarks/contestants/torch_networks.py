"""The networks of the cases in PyTorch."""

from __future__ import annotations

import math

import torch
from torch import nn

from ..cases import dcgan, mnist, ring
from ..cases.game import Game


class Maxout(nn.Module):
    """The largest of several linear functions, for each unit."""

    def __init__(self, inputs: int, units: int, pieces: int):
        super().__init__()
        self.linear = nn.Linear(inputs, units * pieces)
        self.shape = (-1, pieces, units)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.linear(x).view(self.shape).amax(dim=1)


def networks(game: Game) -> tuple[nn.Module, nn.Module]:
    """G and D of a game; D's output is ``[N]``."""
    generator, discriminator = {"maxout": _maxout, "mlp": _mlp, "dcgan": _dcgan}[game.networks](
        game
    )
    return generator, nn.Sequential(discriminator, nn.Flatten(0))


def weights(module: nn.Module) -> int:
    """How many numbers training changes."""
    return sum(p.numel() for p in module.parameters() if p.requires_grad)


def _maxout(game: Game) -> tuple[nn.Module, nn.Module]:
    pixels = math.prod(game.shape)
    first, second = mnist.GENERATOR
    generator = nn.Sequential(
        nn.Linear(game.latent, first), nn.ReLU(),
        nn.Linear(first, second), nn.ReLU(),
        nn.Linear(second, pixels), nn.Sigmoid(),
    )  # fmt: skip
    one, two = mnist.MAXOUT
    discriminator = nn.Sequential(
        nn.Dropout(mnist.DROPOUT[0]), Maxout(pixels, one, mnist.PIECES),
        nn.Dropout(mnist.DROPOUT[1]), Maxout(one, two, mnist.PIECES),
        nn.Dropout(mnist.DROPOUT[2]), nn.Linear(two, 1),
    )  # fmt: skip
    for network, irange in ((generator, 0.05), (discriminator, 0.005)):
        for name, parameter in network.named_parameters():
            nn.init.zeros_(parameter) if name.endswith("bias") else nn.init.uniform_(
                parameter, -irange, irange
            )
    return generator, discriminator


def _mlp(game: Game) -> tuple[nn.Module, nn.Module]:
    def perceptron(inputs: int, outputs: int) -> nn.Module:
        first, second = ring.HIDDEN
        return nn.Sequential(
            nn.Linear(inputs, first), nn.ReLU(),
            nn.Linear(first, second), nn.ReLU(),
            nn.Linear(second, outputs),
        )  # fmt: skip

    return perceptron(game.latent, game.shape[0]), perceptron(game.shape[0], 1)


def _dcgan(game: Game) -> tuple[nn.Module, nn.Module]:
    low, middle, high = dcgan.CHANNELS
    colours = game.shape[-1]
    size = game.shape[0] // 8

    def up(inputs: int, outputs: int) -> nn.Module:
        return nn.ConvTranspose2d(inputs, outputs, dcgan.KERNEL, 2, 1, bias=False)

    def down(inputs: int, outputs: int) -> nn.Module:
        return nn.Conv2d(inputs, outputs, dcgan.KERNEL, 2, 1, bias=False)

    generator = nn.Sequential(
        nn.Linear(game.latent, high * size * size, bias=False),
        nn.BatchNorm1d(high * size * size), nn.ReLU(inplace=True),
        nn.Unflatten(1, (high, size, size)),
        up(high, middle), nn.BatchNorm2d(middle), nn.ReLU(inplace=True),
        up(middle, low), nn.BatchNorm2d(low), nn.ReLU(inplace=True),
        up(low, colours), nn.Tanh(),
    )  # fmt: skip
    discriminator = nn.Sequential(
        down(colours, low), nn.LeakyReLU(dcgan.SLOPE, inplace=True),
        down(low, middle), nn.BatchNorm2d(middle), nn.LeakyReLU(dcgan.SLOPE, inplace=True),
        down(middle, high), nn.BatchNorm2d(high), nn.LeakyReLU(dcgan.SLOPE, inplace=True),
        nn.Flatten(), nn.Linear(high * size * size, 1, bias=False),
    )  # fmt: skip
    for network in (generator, discriminator):
        for module in network.modules():
            if isinstance(module, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
                nn.init.normal_(module.weight, 0.0, 0.02)
    return generator, discriminator
