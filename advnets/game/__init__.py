"""The game: generator, discriminator, what they minimise, and who moves when."""

from .averaging import GeneratorAverage
from .batch import global_mean
from .game import AdversarialGame
from .loss import Loss
from .losses.minimax import Minimax
from .losses.non_saturating import NonSaturating
from .output import DiscriminatorOutput
from .penalties.r1 import R1
from .penalty import Penalty, PenaltyInputs
from .play import Play
from .players import NORMS_MEASURED, PLAYERS, SAMPLED_NORMS, WEIGHTS_SEEN
from .prior import Gaussian, Prior, Uniform
from .update_rule import UpdateRule
from .updates.alternating import Alternating
from .updates.simultaneous import Simultaneous

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
]
