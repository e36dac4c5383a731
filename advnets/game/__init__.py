"""Play the game: who meets whom, what they minimise, and who moves when."""

from ..schedule import Scheduled, current_round, scheduled
from .augmentations import (
    Augmentation,
    InstanceNoise,
    Mirror,
    Translation,
    check_images,
    make_augmentations,
)
from .averaging import GeneratorAverage
from .batch import gather, global_mean, share, total_gradients
from .batches import Batch
from .conditions import Categorical, Condition, Frequencies, FromBatch, UniformClasses
from .context import GameContext
from .encounter import Duel, Encounter, Generated
from .game import AdversarialGame
from .lazily import Every
from .losses import Loss, Minimax, NonSaturating
from .optimizers import for_player
from .penalties import R1, Penalty
from .play import Play
from .players import NORMS_MEASURED, SAMPLED_NORMS, WEIGHTS_SEEN
from .prior import Gaussian, NoLatent, Prior, Uniform
from .role import PLAYERS, Role
from .scene import Scene
from .side import Side
from .slopes import norm, slope_of, squared_norm
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
    "Augmentation",
    "Batch",
    "Categorical",
    "Condition",
    "Duel",
    "Encounter",
    "Every",
    "Frequencies",
    "FromBatch",
    "GameContext",
    "Gaussian",
    "Generated",
    "GeneratorAverage",
    "InstanceNoise",
    "Loss",
    "Minimax",
    "Mirror",
    "NoLatent",
    "NonSaturating",
    "Penalty",
    "Play",
    "Prior",
    "Role",
    "Scene",
    "Scheduled",
    "Side",
    "Simultaneous",
    "Translation",
    "Uniform",
    "UniformClasses",
    "UpdateRule",
    "check_images",
    "current_round",
    "for_player",
    "gather",
    "global_mean",
    "make_augmentations",
    "norm",
    "scheduled",
    "share",
    "slope_of",
    "squared_norm",
    "state",
    "total_gradients",
]
