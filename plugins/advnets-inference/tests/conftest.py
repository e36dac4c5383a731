"""Recipes of small games."""

from __future__ import annotations

from typing import Any

import pytest

ADAM = {"name": "adam", "learning_rate": 1e-3, "beta_1": 0.5}
MLP = {"name": "mlp", "layers": [16], "activation": "leaky_relu"}


@pytest.fixture
def small() -> dict[str, Any]:
    """Return a game of a few rounds on digits, without figures."""
    return {
        "name": "small",
        "seed": 1,
        "dataset": {"name": "digits", "preprocess": "unit"},
        "latent": {"name": "gaussian", "size": 4},
        "generator": {"name": "mlp", "layers": [16], "output": {"activation": "sigmoid"}},
        "discriminator": MLP,
        "loss": "non_saturating",
        "optimizers": {"generator": ADAM, "discriminator": ADAM},
        "training": {"steps": 4, "batch_size": 16},
        "monitoring": {
            "log_every": 2, "image_every": 0, "tensorboard": False, "figures": False
        },
    }  # fmt: skip
