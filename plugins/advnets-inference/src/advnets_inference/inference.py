"""Let D judge pairs of an example and a latent point: BiGAN."""

from __future__ import annotations

from collections.abc import Mapping

from advnets.game import Encounter, Role, Scene, Side


class Inference(Encounter):
    """Let D tell (x, E(x)) from (G(z), z), E being learned with G.

    Where D cannot tell the pairs apart, their joint laws are one, and E inverts G. It takes a
    loss of G that reads the real side too, such as ``symmetric``: E makes that side.

    Source: Donahue et al. 2017 (arXiv:1605.09782), section 3.

    >>> dict(Inference().roles["encoder"].gives), dict(Inference().roles["discriminator"].takes)
    ({'latent': 'latent'}, {'example': 'example', 'latent': 'latent'})
    """

    roles: Mapping[str, Role] = {
        "encoder": Role("example", "latent"),
        "discriminator": Role(("example", "latent"), "logits"),
    }

    def real(self, scene: Scene) -> Side:
        """Return x with its fields, and the code that E infers of it."""
        x = super().real(scene)
        return x.having(latent=scene.call("encoder", x))
