"""torchgan 0.1.0: its ``Trainer`` with its minimax losses (non-saturating).

What differs: its training operations draw z from N(0, 1) always; D judges real and generated
examples in two calls; learning rates could fall only once an epoch, so they are constant.
WGAN-GP is left out: its gradient penalty moves D a second time in each step.
"""

from __future__ import annotations

import os
import tempfile
from typing import Any

from .stand_ins import stand_in

os.environ.update(TENSORBOARD_LOGGING="0", VISDOM_LOGGING="0", CONSOLE_LOGGING="0")
stand_in("torchvision", models=None, transforms=None)
stand_in("torchvision.utils", save_image=None, make_grid=None)

import torch
from torchgan.losses import MinimaxDiscriminatorLoss, MinimaxGeneratorLoss
from torchgan.models import Discriminator, Generator
from torchgan.trainer import Trainer

from ..cases.game import Adam, Game
from ..turns import Turns
from .contestant import Contestant
from .torch_loader import TimedLoader
from .torch_networks import networks, weights


class WeightedLoss(MinimaxDiscriminatorLoss):
    """D's loss with the case's factor."""

    weight = 1.0

    def forward(self, dx: torch.Tensor, dgz: torch.Tensor) -> torch.Tensor:
        return self.weight * super().forward(dx, dgz)


class Wrapped(Contestant):
    """The library's loop drives; the loader keeps time."""

    def __init__(self, game: Game):
        generator, discriminator = networks(game)

        class TheGenerator(Generator):
            def __init__(self) -> None:
                super().__init__(game.latent)
                self.network = generator

            def forward(self, z: torch.Tensor) -> torch.Tensor:
                return self.network(z)

        class TheDiscriminator(Discriminator):
            def __init__(self) -> None:
                super().__init__(game.shape[0])
                self.network = discriminator

            def forward(self, x: torch.Tensor) -> torch.Tensor:
                return self.network(x)

        self.game = game
        self.discriminator_loss, self.generator_loss = WeightedLoss(), MinimaxGeneratorLoss()
        self.discriminator_loss.weight = game.discriminator_weight
        folder = tempfile.mkdtemp(prefix="torchgan-")
        self.trainer = Trainer(
            {
                "generator": {"name": TheGenerator, "optimizer": _optimizer(game)},
                "discriminator": {"name": TheDiscriminator, "optimizer": _optimizer(game)},
            },
            [self.discriminator_loss, self.generator_loss],
            device=torch.device("cpu"),
            ncritic=game.steps,
            epochs=1,
            checkpoints=f"{folder}/model",
            recon=f"{folder}/images",
        )
        super().__init__(
            lambda rounds: None,
            (weights(generator), weights(discriminator)),
            self._losses,
            version="0.1.0",
        )

    def play(self, turns: Turns) -> None:
        self.trainer(TimedLoader(self.game, turns))

    def _losses(self) -> tuple[float, float]:
        logs = self.trainer.logger.get_loss_viz().logs
        return logs["WeightedLoss"][-1], logs["MinimaxGeneratorLoss"][-1]


def _optimizer(game: Game) -> dict[str, Any]:
    optimizer = game.optimizer
    if isinstance(optimizer, Adam):
        return {
            "name": torch.optim.Adam,
            "args": {
                "lr": optimizer.learning_rate,
                "betas": (optimizer.beta_1, optimizer.beta_2),
                "eps": optimizer.epsilon,
            },
        }
    return {
        "name": torch.optim.SGD,
        "args": {"lr": optimizer.learning_rate, "momentum": optimizer.start},
    }


def build(game: Game) -> Contestant:
    """The game as torchgan plays it."""
    return Wrapped(game)
