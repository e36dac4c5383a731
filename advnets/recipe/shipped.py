"""Find recipes: by path, or by the name under which a plugin (or advnets) ships one."""

from __future__ import annotations

import importlib.util
from os.path import normpath
from pathlib import Path

from ..errors import PluginError, UsageError
from ..plugins.components import Component
from ..plugins.registry import Registry
from ..safe_io import is_there
from ..safe_io.reading import as_path
from .wording import did_you_mean

SUFFIXES = (".yaml", ".yml")


def find_recipe(word: str | Path, registry: Registry) -> Path:
    """Find the file of a recipe.

    Args:
        word: A path, or the name of a shipped recipe; a file goes before a name, a name before
            a folder.
        registry: Where shipped recipes are registered.

    Raises:
        UsageError: If there is no such file and no such name, with the nearest ones.
    """
    path, text = as_path(word), str(word)
    there = is_there(path)
    if there and path.is_file():
        return path
    if there and path.is_dir() and not is_shipped(word, registry):
        inside = path / "recipe.yaml"
        raise UsageError(
            f"{text} is a folder, not a recipe",
            hint=f"it holds a run: its recipe is {inside}" if inside.is_file() else None,
        )
    if there and not path.is_dir():
        raise UsageError(f"{text} is a pipe, a socket or a device, not a recipe")
    names = registry.names("recipes")
    if is_shipped(text, registry):
        return recipe_path(registry.component("recipes", text))
    as_file = path.suffix in SUFFIXES
    absent = registry.absent("recipes", path.stem if as_file else text)
    if absent and path.name == text:
        raise UsageError(absent[0], hint=absent[1])
    if as_file or path.name != text:  # it looks like a path
        siblings = path.parent.glob("*.yaml") if is_there(path.parent) else ()
        hint = did_you_mean(text, map(str, siblings))
        if hint is None and path.stem in names:
            hint = f"a recipe of that name is shipped: give its name alone, {path.stem}"
        raise UsageError(
            f"there is no file {text}",
            hint=hint or did_you_mean(path.stem, names) or "`advnets recipes list` shows the names",
        )
    hint = did_you_mean(text, names) or did_you_mean(text, [str(p) for p in Path().glob("*.yaml")])
    raise UsageError(
        f"there is no recipe {text!r}: it is neither a file nor the name of a shipped recipe",
        hint=hint or "`advnets recipes list` shows the names",
    )


def is_shipped(word: str | Path, registry: Registry) -> bool:
    """Tell whether a word is the name of a shipped recipe; a path is none.

    Args:
        word: What a recipe, or a run, is called by.
        registry: Where shipped recipes are registered.
    """
    known = registry.names("recipes")
    return isinstance(word, str) and (word in known or ("recipes", word) in registry.conflicts)


def recipe_path(component: Component, thing: str = "recipe") -> Path:
    """Return the file of a shipped recipe or sweep, ``package:path.yaml``.

    The package is found, not imported.

    Args:
        component: The component.
        thing: What a message calls it.

    Raises:
        PluginError: If the package or the file is not there.
    """
    package, _, inside = component.target.partition(":")
    try:
        spec = importlib.util.find_spec(package)
    except (ImportError, ValueError):
        spec = None
    if spec is None:
        raise PluginError(f"{thing} {component.name!r}: there is no package {package}")
    folders = list(spec.submodule_search_locations or [])
    if not folders and spec.origin:  # a single-file plugin ships files next to itself
        folders = [str(Path(spec.origin).parent)]
    for folder in folders:
        path = Path(normpath(Path(folder) / inside))  # without the ".." of a checkout's recipes
        if path.is_file():
            return path
    raise PluginError(f"{thing} {component.name!r}: {component.target} is not there")
