"""VAE-GAN: reconstructions are compared in D's features (Larsen et al. 2016)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from advnets import Component, Parameters, hookimpl

if TYPE_CHECKING:
    from collections.abc import Mapping

    import keras
    import tensorflow as tf

    from advnets.game import Duel, Encounter, Penalty, Play, Scene
    from advnets.networks import NetworkContext


class PosteriorParameters(Parameters):
    units: int = Field(16, ge=1, description="width of the hidden layer")


class SimilarityParameters(Parameters):
    gamma: float = Field(1.0, gt=0, description="γ, G's weight of the similarity; E's is 1")


@hookimpl
def advnets_encounters() -> list[Component]:
    summary = "x against G(z) and G(E(x)), E giving a mean and a log-variance"
    return [Component("vae_gan", "vae_gan:encounter", summary)]


@hookimpl
def advnets_architectures() -> list[Component]:
    summary = "a mean and a log-variance; an encoder"
    return [Component("posterior", "vae_gan:posterior", summary, PosteriorParameters)]


@hookimpl
def advnets_penalties() -> list[Component]:
    prior = Component("kl", "vae_gan:kl", "KL(q(z | x) ‖ N(0, 1)), for E")
    summary = "½ ‖F(x) - F(G(E(x)))‖² in D's features F, for G and E"
    similarity = Component("similarity", "vae_gan:similarity", summary, SimilarityParameters)
    return [prior, similarity]


def posterior(context: NetworkContext, units: int) -> keras.Model:
    """Return an encoder that gives what its role says, two vectors by name."""
    inputs = context.inputs()
    x = context.dense(units, "hidden", "relu")(context.joined(inputs))
    size = context.output_shape[0]
    return context.model(
        inputs, {name: context.dense(size, name)(x) for name in ("mean", "log_variance")}
    )


def encounter() -> Encounter:
    """Return who meets whom."""
    import tensorflow as tf

    from advnets.game import Duel, Encounter, Role

    class VaeGan(Encounter):
        roles = {"encoder": Role("example", {"mean": "latent", "log_variance": "latent"})}

        def meet(self, scene: Scene) -> Mapping[str, Duel]:
            """Return two duels; what D says of G(E(x)) teaches G alone, not E."""
            real, fake = self.real(scene), self.fake(scene)
            q = scene.call("encoder", real)
            shape = q["mean"].shape[1:]
            noise = scene.draw.normal(f"{scene.stage}/epsilon", shape, scene.size)
            z = q["mean"] + tf.exp(0.5 * q["log_variance"]) * noise
            again = scene.call("generator", real, latent=tf.stop_gradient(z))
            coded = real.having(latent=z, example=again, **q)
            return {"": Duel(real, fake), "reconstructed": Duel(real, coded)}

    return VaeGan()


def kl() -> Penalty:
    """Return the term of E."""
    import tensorflow as tf

    from advnets.game import Penalty

    class Divergence(Penalty):
        player = "generator"
        once = True

        def __call__(self, play: Play) -> tf.Tensor:
            q = play.duels["reconstructed"].fake.fields
            each = tf.exp(q["log_variance"]) + q["mean"] ** 2 - 1 - q["log_variance"]
            return 0.5 * tf.reduce_sum(each, 1)

        def observe(self, play: Play) -> dict[str, tf.Tensor]:
            return {"kl": self(play)}

    return Divergence()


def similarity(gamma: float) -> Penalty:
    """Return the term of G, with weight γ, and of E, with weight 1."""
    import tensorflow as tf

    from advnets.game import Penalty

    class Similarity(Penalty):
        player = "generator"
        once = True
        requires = ("features",)
        needs_real = True

        def __call__(self, play: Play) -> tf.Tensor:
            return gamma * self.distance(play)

        def distance(self, play: Play) -> tf.Tensor:
            """Return ½ ‖F(x) - F(G(z))‖² of each example; E gets a γth of the gradient."""
            z = play.duels["reconstructed"].fake.latent
            z = z / gamma + tf.stop_gradient(z - z / gamma)
            again = play.real.having(example=play.call("generator", play.real, latent=z))
            off = play.judge(again).features - play.real.features
            return 0.5 * tf.reduce_sum(off**2, list(range(1, len(off.shape))))

        def observe(self, play: Play) -> dict[str, tf.Tensor]:
            return {"similarity": self.distance(play)}

    return Similarity()
