"""Checks of sweeps."""

from __future__ import annotations

from pathlib import Path

from ..errors import AdvnetsError
from ..recipe import recipe_path
from ..sweep import load_sweep
from .failure import fail
from .subject import Subject


def is_shipped(subject: Subject) -> None:
    """The file is where the component says, in the installed package."""
    _path(subject)


def begins_with_a_note(subject: Subject) -> None:
    """What it is, and the command to run it, for whoever opens the file."""
    text = _path(subject).read_text("utf-8")
    header = text[
        : next((i for i, c in enumerate(text) if c != "#" and text[:i].endswith("\n")), 0)
    ]
    if "advnets sweep" not in header:
        fail("its header, comments at the top, does not say what it is and how to run it")


def is_valid(subject: Subject) -> None:
    """It validates, with the plugins that are installed, and is called what its file is."""
    path = _path(subject)
    try:
        sweep = load_sweep(path, subject.registry)
    except AdvnetsError as error:
        fail(f"it is not valid:\n{error}")
    if sweep.name != subject.name:
        fail(f"it is called {sweep.name!r} inside, so its folder is")


def _path(subject: Subject) -> Path:
    if subject.component is None:
        fail("give a registered sweep's name, or its Component")
    try:
        return recipe_path(subject.component, "sweep")
    except AdvnetsError as error:
        fail(str(error))
