"""The games that are timed: sizes and settings, shared by every contestant."""

from .dcgan import DCGAN, DCGAN_BFLOAT16
from .game import Adam, Game, Momentum
from .mnist import MNIST, MNIST_SIMULTANEOUS
from .ring import RING
from .wgan_gp import WGAN_GP

GAMES: dict[str, Game] = {
    game.name: game for game in (MNIST, MNIST_SIMULTANEOUS, RING, DCGAN, DCGAN_BFLOAT16, WGAN_GP)
}
"""All cases by name, in the order of the table."""

__all__ = ["GAMES", "Adam", "Game", "Momentum"]
