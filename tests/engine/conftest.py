"""Recipes of small games, as mappings."""

import copy

import pytest

ADAM = {"name": "adam", "learning_rate": 1e-3, "beta_1": 0.5}
MOMENTUM = {
    "name": "momentum",
    "learning_rate": 0.05,
    "decay": 1.01,
    "minimum_learning_rate": 1e-3,
    "momentum": {"start": 0.5, "final": 0.7, "epochs": 3},
}

SMALL = {
    "name": "small",
    "seed": 3,
    "dataset": {"name": "digits"},
    "latent": {"name": "uniform", "size": 8},
    "generator": {"name": "mlp", "layers": [16], "output": {"activation": "sigmoid"}},
    "discriminator": {"name": "maxout", "layers": [8], "pieces": 2, "dropout": [0.2, 0.5]},
    "loss": "non_saturating",
    "optimizers": {"generator": MOMENTUM, "discriminator": MOMENTUM},
    "training": {"steps": 30, "batch_size": 50},
    "checkpoints": {"every": 10},
    "monitoring": {"log_every": 5, "image_every": 10, "samples": 9, "tensorboard": False},
}


@pytest.fixture(scope="session")
def small():
    """A small recipe; ``small(loss="minimax", …)`` replaces top-level entries."""

    def make(**entries):
        return copy.deepcopy(SMALL) | entries

    return make
