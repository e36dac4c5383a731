"""Checks of recipes."""

from __future__ import annotations

from pathlib import Path

from ..errors import AdvnetsError
from ..recipe import load_recipe, recipe_path
from .failure import fail
from .subject import Subject


def is_shipped(subject: Subject) -> None:
    """The file is where the component says, in the installed package."""
    _path(subject)


def begins_with_a_note(subject: Subject) -> None:
    """What it is, and the command to run it, for whoever opens the file."""
    header = [line for line in _path(subject).read_text("utf-8").splitlines() if line.strip()]
    lines = header[: next((i for i, x in enumerate(header) if not x.startswith("#")), len(header))]
    if not lines or not any("advnets run" in line for line in lines):
        fail("its header, comments at the top, does not say what it is and how to run it")


def is_valid(subject: Subject) -> None:
    """It validates, with the plugins that are installed, and is called what its file is."""
    path = _path(subject)
    try:
        recipe = load_recipe(path, registry=subject.registry)
    except AdvnetsError as error:
        fail(f"it is not valid:\n{error}")
    if recipe.name != subject.name:
        fail(f"it is called {recipe.name!r} inside, so its runs' folders are")


def _path(subject: Subject) -> Path:
    if subject.component is None:
        fail("give a registered recipe's name, or its Component")
    try:
        return recipe_path(subject.component)
    except AdvnetsError as error:
        fail(str(error))
