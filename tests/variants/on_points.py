"""The recipes of variants, on points: twelve rounds. Imports no TensorFlow."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

PLUGIN, FURTHER_PLUGIN, STREAMS_PLUGIN, ROWS_PLUGIN = (
    str(Path(__file__).with_name(f"{name}.py"))
    for name in ("variants", "further", "streams", "rows")
)
WRAPPERS = [str(Path(__file__).with_name("pages") / f"{name}.py") for name in ("spectral", "pac")]
PLUGINS = [PLUGIN, FURTHER_PLUGIN]
ROUNDS = 12
FEW = 5
"""Rounds where several devices play, after which rounding has not grown."""
ADAM = {"name": "adam", "learning_rate": 1e-3, "epsilon": 1e-3}
"""With less in epsilon it would make steps of gradients that are 0 but for rounding."""
PLAIN: dict[str, Any] = {
    "name": "points",
    "seed": 3,
    "dataset": {"name": "ring", "modes": 4, "deviation": 0.1, "examples": 320, "held_out": 32},
    "latent": {"name": "gaussian", "size": 3},
    "generator": {"name": "mlp", "layers": [8]},
    "discriminator": {"name": "mlp", "layers": [8], "activation": "leaky_relu"},
    "loss": "non_saturating",
    "optimizers": {"generator": ADAM, "discriminator": ADAM},
    "training": {"steps": ROUNDS, "batch_size": 16},
    "checkpoints": {"every": 6},
    "monitoring": {
        "log_every": 6,
        "image_every": 0,
        "samples": 4,
        "tensorboard": False,
        "figures": False,
    },
}
MLP = {"name": "mlp", "layers": [8]}
BOTH = {"generator": ["label"], "discriminator": ["label"]}
FADE = {"from": 1.0, "to": 0.0, "rounds": 10}
RISE = {"from": 0.5, "to": 1.0, "rounds": 10}
RATE = {"from": 2e-3, "to": 1e-3, "rounds": 8}
VARIANTS: dict[str, dict[str, Any]] = {
    "conditional": {"given": BOTH, "penalties": [{"name": "r1", "gamma": 1.0}]},
    "conditional_uniform": {
        "given": BOTH,
        "conditions": {"label": "uniform"},
        "averaging": {"decay": 0.9},
    },
    "auxiliary": {
        "given": {"generator": ["label"]},
        "discriminator": {**PLAIN["discriminator"], "heads": {"class_logits": "label"}},
        "penalties": ["own_auxiliary"],
    },
    "information": {
        "conditions": {"code": {"name": "categorical", "classes": 5}},
        "given": {"generator": ["code"]},
        "discriminator": {**PLAIN["discriminator"], "heads": {"code_logits": "code"}},
        "penalties": ["own_information"],
    },
    "reading": {
        "conditions": {"code": {"name": "categorical", "classes": 5}},
        "given": {"generator": ["code"]},
        "networks": {"q": MLP},
        "optimizers": {**PLAIN["optimizers"], "q": {**ADAM, "learning_rate": 3e-3}},
        "penalties": ["reading"],
    },
    "inference": {
        "encounter": "own_inference",
        "networks": {"encoder": MLP},
        "loss": "both_sides",
        "averaging": {"decay": 0.9},
        "penalties": [{"name": "r1", "gamma": 1.0}],
    },
    "aggregated": {
        "encounter": "aggregated",
        "networks": {"encoder": MLP},
        "penalties": ["reconstruction", {"name": "r1", "gamma": 1.0}],
    },
    "two_judges": {
        "encounter": "twice",
        "networks": {"second": PLAIN["discriminator"]},
    },
    "distilled": {"encounter": "distilled", "networks": {"teacher": MLP}},
}
WAYS: dict[str, dict[str, Any]] = {
    "k2": {"updates": {"name": "alternating", "discriminator_steps": 2}},
    "simultaneous": {"updates": "simultaneous"},
    "bfloat16": {"distribution.precision": "mixed_bfloat16"},
    "float16": {"distribution.precision": "mixed_float16"},
    "jit": {"distribution.jit": "on"},
    "streamed": {"distribution.memory_budget": 0.0},
}

FURTHER: dict[str, dict[str, Any]] = {
    "growing_r1": {"penalties": ["growing_r1", "own_variable", "balance"]},
    "replay": {"encounter": "replay"},
    "steps_wgan_gp": {
        "discriminator": {"name": "parts", "parts": [3, 1]},
        "loss": "wasserstein",
        "penalties": ["gradient_penalty"],
    },
    "patches_relativistic": {
        "discriminator": {"name": "parts", "parts": [2, 2, 1]},
        "loss": "relativistic_average",
        "penalties": [{"name": "r1", "gamma": 1.0}],
    },
    "pair": {
        "encounter": "pair",
        "networks": {"generator_b": {**MLP, "batch_norm": "before", "synchronized": True}},
        "optimizers": {**PLAIN["optimizers"], "generator_b": {**ADAM, "learning_rate": 2e-3}},
        "averaging": {"decay": 0.5},
    },
    "invariant": {
        "encounter": "invariant",
        "networks": {"classifier": MLP},
        "loss": "both_sides",
        "penalties": ["classified"],
    },
    "hidden": {
        "encounter": "hidden",
        "networks": {"embedder": MLP, "recovery": MLP},
        "loss": "both_sides",
        "penalties": ["recovered"],
        "averaging": {"decay": 0.5},
    },
    "frozen_batch_norm": {
        "encounter": "distilled",
        "networks": {"teacher": {**MLP, "batch_norm": "before"}},
        "averaging": {"decay": 0.5},
    },
    "timed": {
        "discriminator": {**PLAIN["discriminator"], "batch_norm": "before", "synchronized": True},
        "loss": {"name": "rising", "weight": {"from": 0.0, "to": 0.5, "rounds": 4, "begin": 1}},
        "penalties": [{"name": "r1", "gamma": {**FADE, "shape": "cosine"}, "every": 3}],
        "augmentations": ["turned", {"name": "instance_noise", "deviation": FADE}],
        "optimizers": {
            "generator": {**ADAM, "learning_rate": {**RATE, "warm_up": 3}},
            "discriminator": {**ADAM, "learning_rate": {**RATE, "shape": "exponential"}},
        },
        "averaging": {"decay": 0.5},
    },
    "lazily_reading": {
        "conditions": {"code": {"name": "categorical", "classes": 5}},
        "given": {"generator": ["code"]},
        "networks": {"q": MLP},
        "optimizers": {**PLAIN["optimizers"], "q": {**ADAM, "learning_rate": RATE}},
        "penalties": [{"name": "reading", "every": 2}, {"name": "growing_r1", "every": 3}],
        "augmentations": [{"name": "instance_noise", "deviation": 0.1}],
    },
    "lazily_away": {
        "discriminator": {
            "name": "autoencoder",
            "encoder": [9, 7],
            "batch_norm": "all",
            "synchronized": True,
        },
        "loss": {"name": "ebgan_margin", "margin": 1.0},
        "penalties": [{"name": "pulling_away", "weight": RISE, "every": 2}],
    },
}
"""What leans on things that the others leave alone."""
TIMED = ("timed", "lazily_reading", "lazily_away")
"""Schedules, lazy penalties and augmentations: functions of the round, some with a state."""
ALL = {**VARIANTS, **FURTHER}
STREAMS: dict[str, dict[str, Any]] = {
    "semi_supervised": {
        "streams": {
            "labelled": {"take": {"examples": 20, "balanced": "label"}, "batch_size": 10},
        },
        "discriminator": {**PLAIN["discriminator"], "heads": {"class_logits": "label"}},
        "penalties": ["own_supervised"],
    },
    "translation": {
        "latent": "none",
        "encounter": "translation",
        "streams": {"other": {"dataset": {**PLAIN["dataset"], "modes": 3, "examples": 200}}},
        "networks": {"generator_b": MLP, "discriminator_b": PLAIN["discriminator"]},
    },
}
"""What reads further streams of examples, a part of the main data or other ones."""
ROWS: dict[str, dict[str, Any]] = {
    "chosen_rows": {
        "given": BOTH,
        "conditions": {"label": "balanced_rows"},
        "updates": {"name": "alternating", "discriminator_steps": 2},
    }
}
"""Where a condition says which real examples are read, which `fit` refuses."""
WRAPPED: dict[str, dict[str, Any]] = {
    name: {"discriminator": {"name": name, "network": PLAIN["discriminator"]}}
    for name in ("my_spectral", "my_pac")
}
"""Discriminators that wrap another: packs of two are the same where each device has whole ones."""
EXAMPLES = tuple(variant for variant in ALL if variant != "invariant")
"""Variants that make examples."""


def recipe(variant: str) -> dict[str, Any]:
    """The recipe of a variant."""
    changed = copy.deepcopy({**ALL, **STREAMS, **ROWS, **WRAPPED}[variant])
    return {**PLAIN, **changed, "name": variant.replace("_", "-")}


def available(component: str | dict[str, Any], registry: Any) -> bool:
    """Whether a loss or penalty is known: some belong to plugins that may not be installed."""
    name = component if isinstance(component, str) else component["name"]
    return any(name in registry.names(kind) for kind in ("losses", "penalties"))
