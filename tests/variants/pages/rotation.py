"""SS-GAN: D also says by which of four rotations an image was turned (Chen et al. 2019)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field

from advnets import Component, Parameters, hookimpl

if TYPE_CHECKING:
    import tensorflow as tf

    from advnets.game import Penalty, Play


class RotationParameters(Parameters):
    generator: float = Field(0.2, ge=0, description="α, the weight for G, of images that it made")
    discriminator: float = Field(1.0, ge=0, description="β, the weight for D, of real images")


@hookimpl
def advnets_penalties() -> list[Component]:
    summary = "-log Q(r | x turned by r), of x for D, of G(z) for G; D needs heads: {rotation: 4}"
    return [Component("rotation", "rotation:make", summary, RotationParameters)]


def make(generator: float, discriminator: float) -> Penalty:
    """Return the term of both players."""
    import tensorflow as tf

    from advnets.game import Penalty

    class Rotation(Penalty):
        player = ("discriminator", "generator")
        requires = ("rotation",)

        def __call__(self, play: Play) -> tf.Tensor:
            if play.player == "discriminator":
                return discriminator * self.terms(play, play.real.example)
            return generator * self.terms(play, play.fake.example)

        def terms(self, play: Play, x: tf.Tensor) -> tf.Tensor:
            """Return the mean of -log Q(r | x turned by r) over the four r."""
            terms = []
            for r in range(4):
                said = play.judge(play.fake.having(example=tf.image.rot90(x, r))).rotation
                terms.append(
                    tf.nn.sparse_softmax_cross_entropy_with_logits(
                        tf.fill(tf.shape(said)[:1], r), said
                    )
                )
            return tf.add_n(terms) / 4

    return Rotation()
