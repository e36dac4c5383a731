"""Let D judge pairs of an example and a latent point that is drawn of it: ALI."""

from __future__ import annotations

from collections.abc import Mapping

import tensorflow as tf

from advnets.game import Role, Scene, Side

from .inference import Inference


class StochasticInference(Inference):
    r"""Let D tell (x, z′) from (G(z), z), z′ being drawn of what two networks say of x:

    .. math:: z' = μ(x) + e^{s(x) / 2} ε, \quad ε \sim N(0, 1),

    the mean μ by ``encoder``, the log-variance s by ``log_variance``; both move with G. It
    takes a loss such as ``symmetric``, as :class:`.Inference` does.

    Source: Dumoulin et al. 2017 (arXiv:1606.00704), section 2, equation 2 and Algorithm 1.

    >>> [name for name in StochasticInference().roles]
    ['encoder', 'discriminator', 'log_variance']
    """

    roles: Mapping[str, Role] = {**Inference.roles, "log_variance": Role("example", "latent")}

    def real(self, scene: Scene) -> Side:
        """Return x with its fields, and a code that is drawn of it."""
        x = super().real(scene)
        mean = tf.convert_to_tensor(x.latent)
        noise = scene.draw.normal(f"{scene.stage}/code", mean.shape[1:], scene.size)
        deviation = tf.exp(0.5 * scene.call("log_variance", x))
        return x.having(latent=mean + deviation * noise)
