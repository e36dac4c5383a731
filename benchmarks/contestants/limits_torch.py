"""No game: the machine's rate of matrix products and convolutions, as PyTorch reaches it."""

from __future__ import annotations

from collections.abc import Callable

import torch

from ..cases.game import Game
from ..cases.products import Product, round_products
from .contestant import Contestant
from .limits import LARGE


def build(
    game: Game,
    what: str = "products",
    dtype: str | None = None,
    device: str = "cpu",
    size: int = LARGE,
    tf32: bool = False,
) -> Contestant:
    """As :func:`benchmarks.contestants.limits_tf.build`; ``size`` is that of the large matrices."""
    torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = tf32
    kind = getattr(torch, dtype or ("float32" if game.precision == "float32" else "bfloat16"))
    if what == "gemm":
        products = [Product("matmul", (size, size, size))]
    else:
        products = round_products(game)
        if what == "convolutions":
            products = [p for p in products if p.kind != "matmul"]
    compute = [_operation(product, kind, torch.device(device)) for product in products]

    def play(rounds: int) -> None:
        with torch.no_grad():
            for _ in range(rounds):
                for one in compute:
                    one()
        if device == "cuda":
            torch.cuda.synchronize()

    return Contestant(
        play,
        (0, 0),
        lambda: (0.0, 0.0),
        flops=sum(product.flops for product in products),
        dtype=str(kind).removeprefix("torch."),
        version=torch.__version__,
    )


def _operation(
    product: Product, dtype: torch.dtype, device: torch.device
) -> Callable[[], torch.Tensor]:
    def random(*shape: int) -> torch.Tensor:
        return (torch.randn(shape) * 0.01).to(device, dtype)

    if product.kind == "matmul":
        m, k, n = product.sizes
        a, b = random(m, k), random(k, n)
        return lambda: a @ b
    batch, wide, inputs, outputs, kernel = product.sizes
    x, w = random(batch, inputs, wide, wide), random(outputs, inputs, kernel, kernel)
    dy = random(batch, outputs, wide // 2, wide // 2)
    if product.kind == "forward":
        return lambda: torch.conv2d(x, w, None, 2, 1)
    mask = [product.kind == "input", product.kind == "filter", False]
    index = mask.index(True)
    return lambda: torch.ops.aten.convolution_backward(
        dy, x, w, None, [2, 2], [1, 1], [1, 1], False, [0, 0], 1, mask
    )[index]
