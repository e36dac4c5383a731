"""Hold a trained generator still, for networks that are trained after it."""

from __future__ import annotations

from collections.abc import Mapping

from advnets.game import Duel, Encounter, Role, Scene


class Inversion(Encounter):
    """Let D tell x from G(z), G being held still.

    G never moves: it starts from another run's (``start: {generator: {run: …}}``), and what a
    penalty brings along, an encoder, moves in its place
    (:class:`~advnets_inference.latent_regression.LatentRegression`). D learns all the same:
    V(D, G) then says how far the fixed G is from the data. G's loss is that of penalties alone.

    Source: Goodfellow et al. 2014 (arXiv:1406.2661), section 7, extension 2: an auxiliary
    network that predicts z of x, trained after G.

    >>> print(Inversion().roles["generator"].player)
    None
    """

    roles: Mapping[str, Role] = {"generator": Role("latent", "example", player=None)}

    def meet(self, scene: Scene) -> Mapping[str, Duel]:
        """Return one duel, which concerns D alone."""
        return {"": Duel(self.real(scene), self.fake(scene), players=("discriminator",))}
