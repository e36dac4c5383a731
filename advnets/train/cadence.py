"""When what is due in a run, in rounds."""

from __future__ import annotations

from dataclasses import dataclass

from ..data import Source
from ..data.order import rounds_per_epoch
from ..recipe import Recipe


@dataclass
class Cadence:
    """When what is due, in rounds; 0 means never.

    >>> Cadence(total=250, log=100, image=0, checkpoint=1000, evaluate=0).next_boundary(120)
    200
    >>> Cadence(total=250, log=100, image=0, checkpoint=1000, evaluate=0).next_boundary(200)
    250
    """

    total: int
    log: int
    image: int
    checkpoint: int
    evaluate: int
    epoch: int = 0

    def next_boundary(self, step: int) -> int:
        """Return the first step after ``step`` at which anything is due."""
        every = (self.log, self.image, self.checkpoint, self.evaluate, self.epoch)
        return min([self.total, *(step - step % n + n for n in every if n)])

    def due(self, every: int, step: int) -> bool:
        """Tell whether what happens every ``every`` rounds is due at ``step``; all is due at the
        end.
        """
        return bool(every) and (step % every == 0 or step == self.total)


def cadence_of(recipe: Recipe, source: Source, discriminator_steps: int) -> Cadence:
    """Return the cadence that a recipe asks for.

    Args:
        recipe: The recipe.
        source: Its data, whose size makes the epochs that Keras callbacks are told of.
        discriminator_steps: D's steps in a round.
    """
    data = recipe.data
    monitoring, evaluation = data["monitoring"], data["evaluation"]
    epoch = rounds_per_epoch(
        source.count("train"), data["training"]["batch_size"], discriminator_steps
    )
    return Cadence(
        total=data["training"]["steps"],
        log=monitoring["log_every"],
        image=monitoring["image_every"],
        checkpoint=data["checkpoints"]["every"],
        # Metrics without a cadence: whoever names them wants a score of what comes out.
        evaluate=(evaluation["every"] or data["training"]["steps"]) if evaluation["metrics"] else 0,
        epoch=epoch if monitoring["callbacks"] else 0,
    )
