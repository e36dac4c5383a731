"""No game: the machine's rate of matrix products and convolutions, as TensorFlow reaches it."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

from ..cases.game import Game
from ..cases.products import Product, round_products
from .contestant import Contestant
from .limits import LARGE


def build(game: Game, what: str = "products", dtype: str | None = None) -> Contestant:
    """One round is all products of the game's round and nothing else, or one large product.

    Args:
        game: The case.
        what: ``products``, ``gemm``, or ``convolutions``: those products of the game only.
        dtype: ``float32`` or ``bfloat16``; by default the game's.
    """
    kind = tf.as_dtype(dtype or ("float32" if game.precision == "float32" else "bfloat16"))
    if what == "gemm":
        products = [Product("matmul", (LARGE, LARGE, LARGE))]
    else:
        products = round_products(game)
        if what == "convolutions":
            products = [p for p in products if p.kind != "matmul"]
    compute = [_operation(product, kind) for product in products]

    @tf.function(input_signature=[tf.TensorSpec([], tf.int32)], autograph=False)
    def loop(rounds: tf.Tensor) -> tf.Tensor:
        def body(done: tf.Tensor, seen: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            for one in compute:  # each result is looked at, so that none is left out
                seen += tf.cast(tf.reshape(one(), [-1])[0], tf.float32)
            return done + 1, seen

        start = (tf.constant(0), tf.constant(0.0))
        return tf.while_loop(lambda done, _: done < rounds, body, start, parallel_iterations=1)[1]

    return Contestant(
        lambda rounds: loop(tf.constant(rounds)).numpy(),
        (0, 0),
        lambda: (0.0, 0.0),
        flops=sum(product.flops for product in products),
        dtype=kind.name,
        version=tf.__version__,
    )


def _operation(product: Product, dtype: tf.DType) -> Callable[[], tf.Tensor]:
    def variable(*shape: int) -> tf.Variable:
        # Variables are read in every round: nothing can be computed once and for all.
        return tf.Variable(tf.cast(tf.random.normal(shape, stddev=0.01), dtype), trainable=False)

    if product.kind == "matmul":
        m, k, n = product.sizes
        a, b = variable(m, k), variable(k, n)
        return lambda: tf.matmul(a, b)
    batch, wide, inputs, outputs, kernel = product.sizes
    shape = [batch, wide, wide, inputs]
    filters = [kernel, kernel, inputs, outputs]
    small = (batch, wide // 2, wide // 2, outputs)
    options = {"strides": [1, 2, 2, 1], "padding": "SAME"}
    if product.kind == "forward":
        x, w = variable(*shape), variable(*filters)
        return lambda: tf.nn.conv2d(x, w, **options)
    dy = variable(*small)
    if product.kind == "input":
        w = variable(*filters)
        return lambda: tf.raw_ops.Conv2DBackpropInput(
            input_sizes=shape, filter=w.value(), out_backprop=dy.value(), **options
        )
    x = variable(*shape)
    return lambda: tf.raw_ops.Conv2DBackpropFilter(
        input=x.value(), filter_sizes=filters, out_backprop=dy.value(), **options
    )
