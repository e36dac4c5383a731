"""Recipes of small games, as mappings: like those of the faults, but smaller and shorter."""

import copy

import pytest
from games import DIGITS, MOMENTUM

QUICK = MOMENTUM | {"decay": 1.01, "momentum": MOMENTUM["momentum"] | {"epochs": 3}}
SMALL = DIGITS | {
    "name": "small",
    "seed": 3,
    "generator": DIGITS["generator"] | {"layers": [16]},
    "discriminator": DIGITS["discriminator"] | {"layers": [8]},
    "optimizers": {"generator": QUICK, "discriminator": QUICK},
    "training": {"steps": 30, "batch_size": 50},
    "checkpoints": {"every": 10},
    "monitoring": {
        "log_every": 5,
        "image_every": 10,
        "samples": 9,
        "tensorboard": False,
        "figures": False,
    },
}


@pytest.fixture(scope="session")
def small():
    """A small recipe; ``small(loss="minimax", …)`` replaces top-level entries."""

    def make(**entries):
        return copy.deepcopy(SMALL) | entries

    return make
