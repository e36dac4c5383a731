"""Register the recipes that ship with advnets: every file of the folder ``recipes/``."""

from __future__ import annotations

from importlib.resources import files

from ..plugins.components import Component
from ..plugins.hookspecs import hookimpl


@hookimpl
def advnets_recipes() -> list[Component]:
    """Register one component per file, its summary the first line of the file's header."""
    folder = files("advnets") / "recipes"
    if not folder.is_dir():
        return []
    names = sorted(file.name for file in folder.iterdir() if file.name.endswith(".yaml"))
    return [
        Component(
            name.removesuffix(".yaml"),
            f"advnets:recipes/{name}",
            _summary((folder / name).read_text("utf-8")),
        )
        for name in names
    ]


def _summary(text: str) -> str:
    """Return the first line of a recipe's header.

    >>> _summary("# The paper's first experiment.\\n# More.\\nname: x")
    "The paper's first experiment."
    """
    first = text.partition("\n")[0]
    return first.lstrip("# ").rstrip() if first.startswith("#") else ""
