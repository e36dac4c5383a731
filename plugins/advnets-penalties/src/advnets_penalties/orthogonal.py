"""Hold the kernels of a network near orthogonal ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import tensorflow as tf

from advnets import PluginError, validated_by
from advnets.game import Penalty, Play, scheduled

from .hooks import OrthogonalParameters

KERNELS = ("kernel", "embeddings")
"""What the names of weights end in that inputs are multiplied by as a matrix."""


class Orthogonal(Penalty):
    """Penalise a player by β Σ_W ‖WᵀW ⊙ (1 − I)‖²_F over the kernels W of its network.

    Filters are to be at right angles to each other, of whatever length. With ``unit``, it is
    β Σ_W ‖WᵀW − I‖²_F: of length 1 as well.

    A kernel is a trainable weight whose name ends in ``kernel`` or ``embeddings``, and no gain of
    a class, flattened to ``[inputs, filters]``; the last axis counts as that of the filters, which
    in a transposed convolution, as Keras stores it, is that of its inputs.

    Args:
        network: Whose kernels, and whose loss it is added to.
        weight: β, a number or a schedule.
        unit: Whether the filters are to have the length 1, too.

    Raises:
        PluginError: In a play, if the network has no kernels.

    Source: Brock, Donahue and Simonyan 2019 (arXiv:1809.11096), of G with β = 10⁻⁴; with
    ``unit``, Brock et al. 2017 (arXiv:1609.07093), in its squared form.

    >>> import keras
    >>> from advnets.testing import play_of
    >>> network = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, use_bias=False)])
    >>> network.set_weights([tf.constant([[3.0], [4.0]])])
    >>> play = play_of(network, tf.ones([3, 2]), tf.ones([3, 2]))
    >>> Orthogonal("discriminator", 1.0, unit=True)(play).numpy()  # (3² + 4² − 1)²
    array([576.], dtype=float32)
    """

    once = True

    @validated_by(OrthogonalParameters)
    def __init__(
        self,
        network: Literal["generator", "discriminator"] = "generator",
        weight: float | Mapping[str, Any] = 1e-4,
        unit: bool = False,
    ):
        self.player: str = network
        self.weight, self.unit = scheduled(weight), unit

    def __call__(self, play: Play) -> tf.Tensor:
        """Return β Σ_W ‖WᵀW ⊙ (1 − I)‖²_F, or β Σ_W ‖WᵀW − I‖²_F: float32 ``[1]``."""
        weights = play.weights_of(self.player)
        kernels = [w for n, w in weights.items() if n.endswith(KERNELS) and w.shape.rank > 1]
        if not kernels:
            raise PluginError(
                f"the {self.player} has no kernels, weights called so, which are to be orthogonal",
                hint="choose another network, or leave the penalty `orthogonal` out",
            )
        total = tf.add_n([_departure(kernel, self.unit) for kernel in kernels])
        return self.weight() * total[None]


def _departure(kernel: tf.Tensor, unit: bool) -> tf.Tensor:
    """Return the squared Frobenius norm of what WᵀW has that it should not, a scalar."""
    flat = tf.reshape(kernel, [-1, kernel.shape[-1]])
    products = tf.matmul(flat, flat, transpose_a=True)
    wanted = tf.ones_like(flat[0]) if unit else tf.linalg.diag_part(products)
    return tf.reduce_sum(tf.square(products - tf.linalg.diag(wanted)))
