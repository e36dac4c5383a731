"""α-GAN: an autoencoder whose outputs and codes are judged (Rosca et al. 2017)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from advnets import Component, Parameters, hookimpl

if TYPE_CHECKING:
    from collections.abc import Mapping

    import tensorflow as tf

    from advnets.game import Duel, Encounter, Loss, Penalty, Play, Scene, Side


class ReconstructionParameters(Parameters):
    weight: float = Field(1.0, ge=0, description="λ")


@hookimpl
def advnets_encounters() -> list[Component]:
    summary = "x against G(z) and G(E(x)), z against E(x)"
    return [Component("alpha_gan", "alpha_gan:encounter", summary)]


@hookimpl
def advnets_losses() -> list[Component]:
    summary = "D by cross-entropy; G minimises -log D + log(1 - D)"
    return [Component("alpha_gan", "alpha_gan:loss", summary)]


@hookimpl
def advnets_penalties() -> list[Component]:
    summary = "λ ‖x - G(E(x))‖₁, for G and E"
    target = "alpha_gan:reconstruction"
    return [Component("alpha_gan", target, summary, ReconstructionParameters)]


def encounter() -> Encounter:
    """Return who meets whom."""
    import tensorflow as tf

    from advnets.game import Duel, Encounter, Role, Side

    class AlphaGan(Encounter):
        roles = {"encoder": Role("example", "latent"), "code_judge": Role("latent", "logits")}

        def meet(self, scene: Scene) -> Mapping[str, Duel]:
            """Return three duels; what D says of G(E(x)) teaches G alone, not E."""
            real, fake = self.real(scene), self.fake(scene)
            code = scene.call("encoder", real)
            again = scene.call("generator", real, latent=tf.stop_gradient(code))
            return {
                "": Duel(real, fake),
                "reconstructed": Duel(real, real.having(example=again)),
                "codes": Duel(Side(latent=fake.latent), Side(latent=code), "code_judge"),
            }

    return AlphaGan()


def loss() -> Loss:
    """Return the loss of both judges, and of who deceives them."""
    import tensorflow as tf

    from advnets.game import Loss

    class AlphaGan(Loss):
        log_odds = True

        def discriminator(self, real: Side, fake: Side) -> tf.Tensor:
            return tf.nn.softplus(-real.logits) + tf.nn.softplus(fake.logits)

        def generator(self, real: Side, fake: Side) -> tf.Tensor:
            return -fake.logits

    return AlphaGan()


def reconstruction(weight: float) -> Penalty:
    """Return the term of G and E."""
    import tensorflow as tf

    from advnets.game import Penalty

    class Reconstruction(Penalty):
        player = "generator"
        once = True

        def __call__(self, play: Play) -> tf.Tensor:
            return weight * self.distance(play)

        def distance(self, play: Play) -> tf.Tensor:
            """Return Σ |x - G(E(x))| of each example."""
            code = play.duels["codes"].fake.latent
            x = play.real.example
            off = tf.abs(x - play.call("generator", play.real, latent=code))
            return tf.reduce_sum(off, list(range(1, len(off.shape))))

        def observe(self, play: Play) -> dict[str, tf.Tensor]:
            return {"reconstruction": self.distance(play)}

    return Reconstruction()
