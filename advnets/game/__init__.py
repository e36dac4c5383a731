"""Play the game: generator, discriminator, what they minimise, and who moves when."""

from .averaging import GeneratorAverage
from .batch import global_mean
from .encounter import Play
from .game import AdversarialGame
from .losses import Loss, Minimax, NonSaturating
from .output import DiscriminatorOutput
from .penalties import R1, Penalty, PenaltyInputs
from .players import NORMS_MEASURED, PLAYERS, SAMPLED_NORMS, WEIGHTS_SEEN
from .prior import Gaussian, Prior, Uniform
from .state import state
from .updates import Alternating, Simultaneous, UpdateRule

__all__ = [
    "NORMS_MEASURED",
    "PLAYERS",
    "R1",
    "SAMPLED_NORMS",
    "WEIGHTS_SEEN",
    "AdversarialGame",
    "Alternating",
    "DiscriminatorOutput",
    "Gaussian",
    "GeneratorAverage",
    "Loss",
    "Minimax",
    "NonSaturating",
    "Penalty",
    "PenaltyInputs",
    "Play",
    "Prior",
    "Simultaneous",
    "Uniform",
    "UpdateRule",
    "global_mean",
    "state",
]
