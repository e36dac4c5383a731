"""torch-mimicry 0.1.16: its ``Trainer`` and its base classes' ``train_step``.

Its package imports TensorFlow, torchvision and more for metrics and drawing; only its networks'
base classes and its trainer are imported here.

What differs: it draws z from N(0, 1) always, keeps the learning rate constant (or lets it fall
linearly), computes D's mean probabilities in every step, and D judges real and generated
examples in two calls. WGAN-GP is left out: its gradient penalty takes images of three channels
only, and the case's examples are points.
"""

from __future__ import annotations

import tempfile

from .stand_ins import Unused, stand_in, without_its_init

stand_in("torchvision")
stand_in("torchvision.utils", save_image=None, make_grid=None)
stand_in("skimage", io=None)
without_its_init("torch_mimicry")

import torch

stand_in("torch.utils.tensorboard", SummaryWriter=Unused)

from torch_mimicry.nets.gan import gan
from torch_mimicry.training.trainer import Trainer

from ..cases.game import Adam, Game
from ..turns import Turns
from .contestant import Contestant
from .torch_loader import TimedLoader
from .torch_networks import networks, weights

ENDLESS = 10**9


class Wrapped(Contestant):
    """The library's loop drives; the loader keeps time."""

    def __init__(self, game: Game):
        generator, discriminator = networks(game)
        kept: dict[str, torch.Tensor] = {}

        class TheGenerator(gan.BaseGenerator):
            def __init__(self) -> None:
                super().__init__(game.latent, 1, 1, "ns")
                self.network = generator

            def forward(self, z: torch.Tensor) -> torch.Tensor:
                return self.network(z)

            def compute_gan_loss(self, output: torch.Tensor) -> torch.Tensor:
                kept["g"] = super().compute_gan_loss(output)
                return kept["g"]

        class TheDiscriminator(gan.BaseDiscriminator):
            def __init__(self) -> None:
                super().__init__(1, "ns")
                self.network = discriminator

            def forward(self, x: torch.Tensor) -> torch.Tensor:
                return self.network(x).unsqueeze(1)

            def compute_gan_loss(
                self, output_real: torch.Tensor, output_fake: torch.Tensor
            ) -> torch.Tensor:
                loss = super().compute_gan_loss(output_real, output_fake)
                kept["d"] = game.discriminator_weight * loss
                return kept["d"]

        self.game = game
        self.g, self.d = TheGenerator(), TheDiscriminator()
        super().__init__(
            lambda rounds: None,
            (weights(generator), weights(discriminator)),
            lambda: (kept["d"].item(), kept["g"].item()),
            version="0.1.16",
        )

    def play(self, turns: Turns) -> None:
        trainer = Trainer(
            netD=self.d,
            netG=self.g,
            optD=_optimizer(self.game, self.d),
            optG=_optimizer(self.game, self.g),
            n_dis=self.game.steps,
            dataloader=TimedLoader(self.game, turns),
            num_steps=ENDLESS,
            print_steps=ENDLESS,
            vis_steps=ENDLESS,
            log_steps=ENDLESS,
            save_steps=ENDLESS,
            log_dir=tempfile.mkdtemp(prefix="mimicry-"),
            device=torch.device("cpu"),
        )
        trainer.train()


def _optimizer(game: Game, network: torch.nn.Module) -> torch.optim.Optimizer:
    optimizer = game.optimizer
    if isinstance(optimizer, Adam):
        return torch.optim.Adam(
            network.parameters(),
            optimizer.learning_rate,
            (optimizer.beta_1, optimizer.beta_2),
            optimizer.epsilon,
        )
    return torch.optim.SGD(network.parameters(), optimizer.learning_rate, optimizer.start)


def build(game: Game) -> Contestant:
    """The game as torch-mimicry plays it."""
    return Wrapped(game)
