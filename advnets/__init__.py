"""advnets: adversarial networks on TensorFlow and Keras, extended through plugins.

Importing this package imports no TensorFlow; the parts that need it are imported
when they are first used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ._version import __version__
from .errors import AdvnetsError, DataError, PluginError, RecipeError, RunError, UsageError
from .plugins.components import Component
from .plugins.dataset_parameters import DatasetParameters
from .plugins.heads import Heads
from .plugins.hookspecs import hookimpl
from .plugins.latent_parameters import LatentParameters
from .plugins.parameters import Names, OfField, Parameters, Place
from .plugins.recipe_files import list_recipes
from .plugins.schedule import Positive, Schedule, Weight

if TYPE_CHECKING:
    from .recipe.validated import validated_by
    from .session.api import Run, open_run, run

__all__ = [
    "AdvnetsError",
    "Component",
    "DataError",
    "DatasetParameters",
    "Heads",
    "LatentParameters",
    "Names",
    "OfField",
    "Parameters",
    "Place",
    "PluginError",
    "Positive",
    "RecipeError",
    "Run",
    "RunError",
    "Schedule",
    "UsageError",
    "Weight",
    "__version__",
    "hookimpl",
    "list_recipes",
    "open_run",
    "run",
    "validated_by",
]


def __getattr__(name: str) -> Any:
    """Import on first use the parts that need TensorFlow, or more than a list of components."""
    if name in ("run", "open_run", "Run"):
        from .session import api

        return getattr(api, name)
    if name == "validated_by":  # only what is made wants it, not who lists components
        from .recipe.validated import validated_by

        return validated_by
    raise AttributeError(f"module 'advnets' has no attribute {name!r}")
