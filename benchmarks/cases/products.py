"""The matrix products and convolutions of a round, and the floating-point operations in them.

A product of [m, k] by [k, n] counts 2·m·k·n operations. A convolution counts 2 operations for
each pair of an output value and a weight that contributes to it, padding included, and as much
for each of its two gradients. What is elementwise is not counted: activations, dropout,
normalisation, losses, optimizers.

Counted is the straightforward round: no result that is computed twice in the mathematics is
shared, none is recomputed.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import Literal

from . import dcgan, mnist, ring
from .game import Game


@dataclass(frozen=True)
class Product:
    """One matrix product or convolution.

    Attributes:
        kind: ``matmul``; or for a convolution of stride 2, ``forward``, or the gradient with
            respect to its ``input`` or its ``filter``.
        sizes: (m, k, n), or (batch, wide, inputs, outputs, kernel) with the larger map ``wide``.
    """

    kind: Literal["matmul", "forward", "input", "filter"]
    sizes: tuple[int, ...]

    @property
    def flops(self) -> int:
        """Floating-point operations."""
        if self.kind == "matmul":
            return 2 * math.prod(self.sizes)
        batch, wide, inputs, outputs, kernel = self.sizes
        return 2 * batch * (wide // 2) ** 2 * inputs * outputs * kernel**2


@dataclass(frozen=True)
class Layer:
    """A layer with weights: fully connected, or a convolution of stride 2, perhaps transposed."""

    sizes: tuple[int, ...]  # (inputs, outputs), or (wide, channels wide, channels narrow, kernel)
    transposed: bool = False

    def forward(self, n: int) -> Product:
        """The layer's output for n examples."""
        if len(self.sizes) == 2:
            return Product("matmul", (n, *self.sizes))
        return Product("input" if self.transposed else "forward", (n, *self.sizes))

    def input(self, n: int) -> Product:
        """The gradient with respect to the layer's input."""
        if len(self.sizes) == 2:
            return Product("matmul", (n, *self.sizes[::-1]))
        return Product("forward" if self.transposed else "input", (n, *self.sizes))

    def weights(self, n: int) -> Product:
        """The gradient with respect to the layer's weights."""
        if len(self.sizes) == 2:
            return Product("matmul", (self.sizes[0], n, self.sizes[1]))
        return Product("filter", (n, *self.sizes))


def layers(game: Game) -> tuple[list[Layer], list[Layer]]:
    """The layers of G and of D."""
    pixels = math.prod(game.shape)
    if game.networks == "maxout":
        sizes = [game.latent, *mnist.GENERATOR, pixels]
        first, second = mnist.MAXOUT
        pairs = [(pixels, first * mnist.PIECES), (first, second * mnist.PIECES), (second, 1)]
        return _connected(sizes), [Layer(pair) for pair in pairs]
    if game.networks == "mlp":
        return _connected([game.latent, *ring.HIDDEN, pixels]), _connected(
            [pixels, *ring.HIDDEN, 1]
        )
    low, middle, high = dcgan.CHANNELS
    wide, _, colours = game.shape
    flat = high * (wide // 8) ** 2
    maps = [(wide // 4, middle, high), (wide // 2, low, middle), (wide, colours, low)]
    up = [Layer((*sizes, dcgan.KERNEL), transposed=True) for sizes in maps]
    down = [Layer((*sizes, dcgan.KERNEL)) for sizes in reversed(maps)]
    return [Layer((game.latent, flat)), *up], [*down, Layer((flat, 1))]


def round_products(game: Game) -> list[Product]:
    """All products of one round."""
    n = game.batch
    generator, discriminator = layers(game)
    both = [2 * n] if game.joint else [n, n]
    make = [layer.forward(n) for layer in generator]
    judge = [layer.forward(n) for layer in discriminator]
    teach_generator = [
        *(layer.input(n) for layer in discriminator),
        *(layer.weights(n) for layer in generator),
        *(layer.input(n) for layer in generator[1:]),
    ]
    teach_discriminator = [
        product
        for size in both
        for product in (
            *(layer.forward(size) for layer in discriminator),
            *(layer.weights(size) for layer in discriminator),
            *(layer.input(size) for layer in discriminator[1:]),
        )
    ]
    if game.penalty:
        teach_discriminator += [
            *(layer.forward(n) for layer in discriminator),
            *(layer.input(n) for layer in discriminator),
            # Back through that gradient: up through all layers but the last, to all weights.
            *(layer.forward(n) for layer in discriminator[:-1]),
            *(layer.weights(n) for layer in discriminator),
        ]
    if game.updates == "simultaneous":
        return make + teach_discriminator + teach_generator  # D judges G(z) once for both
    return game.steps * (make + teach_discriminator) + make + judge + teach_generator


def round_flops(game: Game) -> int:
    """Floating-point operations of one round's products."""
    return sum(product.flops for product in round_products(game))


def _connected(sizes: list[int]) -> list[Layer]:
    return [Layer(pair) for pair in itertools.pairwise(sizes)]
