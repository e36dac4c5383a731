"""Small games, between them one of everything that a checkpoint has to bring back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

PLUGIN = Path(__file__).parent / "balanced.py"

ADAM = {"name": "adam", "learning_rate": 1e-3, "beta_1": 0.5}
MOMENTUM = {
    "name": "momentum",
    "learning_rate": 0.05,
    "decay": 1.0005,
    "minimum_learning_rate": 1e-3,
    "momentum": {"start": 0.5, "final": 0.7, "epochs": 30},
}
MLP: dict[str, Any] = {"name": "mlp", "layers": [32]}
DIGITS: dict[str, Any] = {
    "dataset": "digits",
    "latent": {"name": "uniform", "size": 8},
    "generator": {**MLP, "output": {"activation": "sigmoid"}},
    "discriminator": {"name": "maxout", "layers": [16], "pieces": 2, "dropout": [0.2, 0.5]},
    "loss": "non_saturating",
    "optimizers": {"generator": ADAM, "discriminator": ADAM},
    "training": {"steps": 4000, "batch_size": 50},
    "checkpoints": {"every": 200},
    # A commit at 200 lies between an image at 195 and the line of 210 that tells of it.
    "monitoring": {
        "log_every": 30,
        "image_every": 195,
        "samples": 16,
        "tensorboard": False,
        "figures": False,
    },
}
FEW_UNITS = {"name": "mlp", "layers": [4], "activation": "leaky_relu"}
TINY: dict[str, Any] = {
    "name": "tiny",
    "dataset": {"name": "gaussian_1d", "examples": 1000},
    "latent": {"name": "gaussian", "size": 1},
    "generator": FEW_UNITS,
    "discriminator": FEW_UNITS,
    "loss": "non_saturating",
    "optimizers": {
        "generator": {"name": "adam", "learning_rate": 1e-3},
        "discriminator": {"name": "adam", "learning_rate": 1e-3},
    },
    "training": {"steps": 20, "batch_size": 16},
    "checkpoints": {"every": 10},
    "distribution": {"jit": "off"},
    "monitoring": {
        "log_every": 10,
        "image_every": 0,
        "samples": 4,
        "tensorboard": False,
        "figures": False,
    },
}
"""The smallest, of which tests replace entries: for what has to be played a few rounds."""
NORMALISED = {**MLP, "batch_norm": "before"}

GAMES: dict[str, dict[str, Any]] = {
    "gaussian_1d": {
        **DIGITS,
        "dataset": {"name": "gaussian_1d", "mean": 4, "deviation": 0.5},
        "latent": {"name": "gaussian", "size": 1},
        "generator": {**MLP, "activation": "leaky_relu"},
        "discriminator": {**MLP, "activation": "leaky_relu"},
        "penalties": [{"name": "r1", "gamma": 0.1}],
        "training": {"steps": 6000, "batch_size": 128},
    },
    "dropout_maxout": DIGITS,
    "simultaneous_momentum": {
        **DIGITS,
        "updates": "simultaneous",
        "optimizers": {"generator": MOMENTUM, "discriminator": MOMENTUM},
        "training": {"steps": 5000, "batch_size": 100},
    },
    "batch_norm_streamed": {
        **DIGITS,
        "generator": {**NORMALISED, "output": {"activation": "sigmoid"}},
        "discriminator": NORMALISED,
        "loss": "minimax",
        "updates": {"name": "alternating", "discriminator_steps": 2},
        "distribution": {"memory_budget": 0},
        "training": {"steps": 3000, "batch_size": 50},
    },
    "mixed_bfloat16": {**DIGITS, "distribution": {"precision": "mixed_bfloat16"}},
    "xla_from_the_start": {**DIGITS, "distribution": {"jit": "on"}},
    "loss_with_state_best": {
        **DIGITS,
        "loss": "balanced",
        "averaging": {"decay": 0.99, "every": 3},
        "evaluation": {"every": 500, "metrics": [{"name": "parzen", "samples": 200}]},
        "checkpoints": {"every": 200, "keep": 2, "best": {"metric": "parzen"}},
    },
    "wgan_gp_ring": {
        **DIGITS,
        "dataset": "ring",
        "latent": {"name": "gaussian", "size": 2},
        "generator": MLP,
        "discriminator": MLP,
        "loss": "wasserstein",
        "penalties": ["gradient_penalty"],
        "updates": {"name": "alternating", "discriminator_steps": 5},
        "training": {"steps": 2000, "batch_size": 64},
    },
}


def game(name: str) -> dict[str, Any]:
    """A game's recipe."""
    return {"name": name, "seed": 3, **GAMES[name]}
