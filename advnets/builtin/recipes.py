"""Register the recipes that ship with advnets: every file of the folder ``recipes/``."""

from __future__ import annotations

from pathlib import Path

from ..plugins.components import Component
from ..plugins.hookspecs import hookimpl
from ..plugins.recipe_files import list_recipes


@hookimpl
def advnets_recipes() -> list[Component]:
    """Register one component per file."""
    # Installed within the package (setup.py); in a checkout, the folder next to it.
    inside = (Path(__file__).parents[1] / "recipes").is_dir()
    return list_recipes("advnets", "recipes" if inside else "../recipes")
