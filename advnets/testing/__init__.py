"""The conformance kit: what every component of a kind must do, as small named checks.

A plugin's whole test can be one line::

    from advnets.testing import conformance

    test_conformance = conformance("my-plugin")

which becomes one test per component and check. ``check_loss(…)`` and its like check one
component, or one object that is not registered anywhere.

Importing this package imports no TensorFlow; checking does.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .check import (
        check_architecture,
        check_augmentation,
        check_callback,
        check_command,
        check_condition,
        check_dataset,
        check_encounter,
        check_features,
        check_loss,
        check_metric,
        check_optimizer,
        check_penalty,
        check_prior,
        check_recipe,
        check_sweep,
        check_updates,
    )
    from .failure import ConformanceError
    from .subject import Subject
    from .suite import Case, cases, conformance
    from .toys import play_of

_HOMES = {
    "Case": "suite",
    "ConformanceError": "failure",
    "Subject": "subject",
    "cases": "suite",
    "conformance": "suite",
    "play_of": "toys",
}

__all__ = [
    "Case",
    "ConformanceError",
    "Subject",
    "cases",
    "check_architecture",
    "check_augmentation",
    "check_callback",
    "check_command",
    "check_condition",
    "check_dataset",
    "check_encounter",
    "check_features",
    "check_loss",
    "check_metric",
    "check_optimizer",
    "check_penalty",
    "check_prior",
    "check_recipe",
    "check_sweep",
    "check_updates",
    "conformance",
    "play_of",
]


def __getattr__(name: str) -> Any:
    """Import the kit's parts on first use (PEP 562): some need TensorFlow or pytest."""
    if name not in __all__:
        raise AttributeError(f"module 'advnets.testing' has no attribute {name!r}")
    module = importlib.import_module(f".{_HOMES.get(name, 'check')}", __name__)
    return getattr(module, name)
