"""Stand-ins for modules that a library imports without its training loop needing them.

torchgan and torch-mimicry import torchvision, whose wheels do not match every build of torch,
for drawing grids of images and for metrics. Neither is part of what is timed.
"""

from __future__ import annotations

import importlib.util
import sys
import types
from typing import Any


class Unused:
    """Takes any arguments and answers any call, as a writer of summaries that writes nothing."""

    def __init__(self, *arguments: Any, **options: Any):
        pass

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return lambda *arguments, **options: None


def stand_in(name: str, **attributes: Any) -> types.ModuleType:
    """Make ``import name`` give an empty module with these attributes."""
    module = types.ModuleType(name)
    module.__path__ = []  # so that it may have submodules
    for attribute, value in attributes.items():
        setattr(module, attribute, value)
    sys.modules[name] = module
    parent, _, child = name.rpartition(".")
    if parent in sys.modules:
        setattr(sys.modules[parent], child, module)
    return module


def without_its_init(package: str) -> None:
    """Make ``package``'s submodules importable without running its ``__init__``.

    Raises:
        ImportError: If it is not installed.
    """
    found = importlib.util.find_spec(package)
    if found is None or found.submodule_search_locations is None:
        raise ImportError(f"{package} is not installed")
    stand_in(package).__path__ = list(found.submodule_search_locations)
