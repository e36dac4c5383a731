"""Register the recipes of a folder, for a plugin that ships several. TensorFlow-free."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from .components import Component


def list_recipes(package: str, folder: str = "recipes") -> list[Component]:
    """List a component for each ``*.yaml`` of a package's folder, to be returned by the hook.

    Each is named after its file; its summary is the first line of the file's header.

    Args:
        package: The package, as it is imported.
        folder: Of the recipes, relative to the package's.

    >>> [each.name for each in list_recipes("advnets.builtin", "../../recipes")][:2]
    ['baseline_digits', 'baseline_mnist']
    """
    place = Path(str(files(package))) / folder
    return [
        Component(file.stem, f"{package}:{folder}/{file.name}", summarise(file.read_text("utf-8")))
        for file in sorted(place.glob("*.yaml"))
    ]


def summarise(text: str) -> str:
    """Return the first line of a recipe's header.

    >>> summarise("# The paper's first experiment.\\n# More.\\nname: x")
    "The paper's first experiment."
    """
    first = text.partition("\n")[0]
    return first.lstrip("# ").rstrip() if first.startswith("#") else ""
