"""Register the recipes that ship with advnets: every file of the folder ``recipes/``."""

from __future__ import annotations

from pathlib import Path

from ..plugins.components import Component
from ..plugins.hookspecs import hookimpl


@hookimpl
def advnets_recipes() -> list[Component]:
    """Return one component per file, its summary the first line of the file's header."""
    package = Path(__file__).parents[1]
    # Installed within the package (setup.py); in a checkout, the folder next to it.
    inside = "recipes" if (package / "recipes").is_dir() else "../recipes"
    return [
        Component(file.stem, f"advnets:{inside}/{file.name}", _summary(file.read_text("utf-8")))
        for file in sorted((package / inside).glob("*.yaml"))
    ]


def _summary(text: str) -> str:
    """Return the first line of a recipe's header.

    >>> _summary("# The paper's first experiment.\\n# More.\\nname: x")
    "The paper's first experiment."
    """
    first = text.partition("\n")[0]
    return first.lstrip("# ").rstrip() if first.startswith("#") else ""
