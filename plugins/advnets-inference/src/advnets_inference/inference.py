"""Let D judge pairs of an example and a latent point: BiGAN and ALI."""

from __future__ import annotations

import tensorflow as tf

from advnets.game import Encounter, Role, Scene, Side


class Inference(Encounter):
    """Let D tell (x, E(x)) from (G(z), z), E being learned with G.

    Where D cannot tell the pairs apart, their joint laws are one, and E inverts G. With
    ``stochastic`` a code is drawn of what E says of x,

    .. math:: z = μ(x) + e^{s(x) / 2} ε, \\quad ε \\sim N(0, 1),

    E giving a mean μ and a log-variance s (the architecture ``gaussian_encoder``). It takes a
    loss of G that reads the real side too, such as ``symmetric``: E makes that side.

    Args:
        stochastic: Whether E gives a distribution.

    Source: Donahue et al. 2017 (arXiv:1605.09782), section 3; Dumoulin et al. 2017
    (arXiv:1606.00704), section 2.1, for stochastic encoders.

    >>> Inference().roles["encoder"].gives, Inference().roles["discriminator"].takes
    ({'latent': 'latent'}, {'example': 'example', 'latent': 'latent'})
    >>> Inference(stochastic=True).roles["encoder"].gives
    {'mean': 'latent', 'log_variance': 'latent'}
    """

    def __init__(self, stochastic: bool = False):
        self.stochastic = stochastic
        gives: str | dict[str, str | tuple[int, ...]] = "latent"
        if stochastic:
            gives = {"mean": "latent", "log_variance": "latent"}
        self.roles = {
            "encoder": Role("example", gives),
            "discriminator": Role(("example", "latent"), "logits"),
        }

    def real(self, scene: Scene) -> Side:
        """Return x with its fields, and the code that E infers of it."""
        x = super().real(scene)
        code = scene.call("encoder", x)
        return x.having(latent=self._drawn(code, scene) if self.stochastic else code)

    def _drawn(self, code: dict[str, tf.Tensor], scene: Scene) -> tf.Tensor:
        mean = code["mean"]
        noise = scene.draw.normal(f"{scene.stage}/encoder", mean.shape[1:], scene.size)
        return mean + tf.exp(0.5 * code["log_variance"]) * noise
