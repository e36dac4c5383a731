"""The games that have to come out the same on any number of devices. Imports no TensorFlow."""

from __future__ import annotations

import copy
from typing import Any

ROUNDS = 5
PLUGINS = {"relativistic_average": "relativistic", "ebgan_margin": "ebgan", "wasserstein": "wgan"}
"""Losses of plugins that may not be installed."""

SGD = {"name": "sgd", "learning_rate": 0.1}
MOMENTUM = {
    "name": "momentum",
    "learning_rate": 0.05,
    "decay": 1.01,
    "minimum_learning_rate": 1e-3,
    "momentum": {"start": 0.5, "final": 0.7, "epochs": 3},
}
PLAIN: dict[str, Any] = {
    "name": "plain",
    "seed": 3,
    "dataset": {"name": "digits"},
    "latent": {"name": "uniform", "size": 6},
    "generator": {"name": "mlp", "layers": [12], "output": {"activation": "sigmoid"}},
    "discriminator": {"name": "mlp", "layers": [10], "activation": "leaky_relu"},
    "loss": "minimax",
    "optimizers": {"generator": SGD, "discriminator": SGD},
    "training": {"steps": ROUNDS, "batch_size": 24},
    "checkpoints": {"every": 4},
    "monitoring": {
        "log_every": 3,
        "image_every": 6,
        "samples": 9,
        "tensorboard": False,
        "figures": False,
    },
}

SYNCHRONIZED = {"batch_norm": "before", "synchronized": True}

QUICK: dict[str, dict[str, Any]] = {
    "k2_r1_momentum_maxout": {
        "updates": {"name": "alternating", "discriminator_steps": 2},
        "averaging": {"decay": 0.9, "every": 2},
        "penalties": [{"name": "r1", "gamma": 1.0}],
        "discriminator": {
            "name": "maxout",
            "layers": [8],
            "pieces": 2,
            "dropout": [0.2, 0.5],
            "max_col_norm": 0.5,
        },
        "optimizers": {"generator": MOMENTUM, "discriminator": MOMENTUM},
    },
    "streamed_relativistic_dcgan": {
        "distribution": {"memory_budget": 0},
        "updates": "simultaneous",
        "averaging": {"decay": 0.5},
        "loss": "relativistic_average",
        "generator": {"name": "dcgan", "channels": 3, "stages": 2, "synchronized": True},
        "discriminator": {"name": "dcgan", "channels": 3, "stages": 2, "synchronized": True},
    },
    "pulling_away_dropout": {
        "loss": {"name": "ebgan_margin", "margin": 1.0},
        "penalties": [{"name": "pulling_away", "weight": 1.0}],
        "discriminator": {
            "name": "autoencoder",
            "encoder": [9, 7],
            "batch_norm": "none",
            "dropout": 0.3,
        },
    },
    "k2_gradient_penalty_clipped": {
        "updates": {"name": "alternating", "discriminator_steps": 2},
        "loss": "wasserstein",
        "penalties": ["gradient_penalty"],
        "optimizers": {
            "generator": SGD,
            "discriminator": {
                "name": "clipped_rmsprop",
                "learning_rate": 0.01,
                "clip": 0.3,
                "epsilon": 1e-3,  # less would make steps of what is 0 but for rounding
            },
        },
    },
}
"""Several things at a time, so that little has to be traced."""
QUICK["conditional_k2_r1"] = {
    "updates": {"name": "alternating", "discriminator_steps": 2},
    "averaging": {"decay": 0.9},
    "given": {"generator": ["label", "code"], "discriminator": ["label"]},
    "conditions": {
        "label": "frequencies",
        "code": {"name": "categorical", "classes": 3},
    },
    "penalties": [{"name": "r1", "gamma": 1.0}],
}

SLOW: dict[str, dict[str, Any]] = {
    "alternating_k2": {"updates": {"name": "alternating", "discriminator_steps": 2}},
    "simultaneous": {
        "updates": "simultaneous",
        "loss": "non_saturating",
        "optimizers": {"generator": MOMENTUM, "discriminator": MOMENTUM},
    },
    "r1": {"loss": "non_saturating", "penalties": [{"name": "r1", "gamma": 1.0}]},
    "relativistic": {"loss": "relativistic_average"},
    "batch_norm": {
        "generator": {**PLAIN["generator"], **SYNCHRONIZED},
        "discriminator": {**PLAIN["discriminator"], **SYNCHRONIZED},
    },
    "pulling_away": {
        "loss": {"name": "ebgan_margin", "margin": 1.0},
        "penalties": [{"name": "pulling_away", "weight": 1.0}],
        "discriminator": {
            "name": "autoencoder",
            "encoder": [9, 7],
            "batch_norm": "all",
            "synchronized": True,
        },
    },
    "gradient_penalty": {
        "loss": "wasserstein",
        # At the usual weight of 10, SGD's steps are so long that rounding grows: two devices were
        # 6e-8 from one after the first round and 2e-6 after the fifth, and one device whose start
        # was moved by 1e-7 ended 7e-7 away. The case with clipped RMSprop has the weight of 10.
        "penalties": [{"name": "gradient_penalty", "weight": 1.0}],
    },
    "dropout": {
        "discriminator": {"name": "maxout", "layers": [8], "pieces": 2, "dropout": [0.2, 0.5]}
    },
}
"""The same, and more, one by one."""

CASES = QUICK | SLOW


def recipe(case: str) -> dict[str, Any]:
    """The recipe of a case."""
    return copy.deepcopy({**PLAIN, **CASES[case], "name": case})


def loss_of(case: str) -> str:
    """The name of a case's loss."""
    loss = CASES[case].get("loss", PLAIN["loss"])
    return loss if isinstance(loss, str) else loss["name"]
