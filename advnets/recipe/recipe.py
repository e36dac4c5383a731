"""Load recipes: each is one experiment, checked and fully resolved."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from ..errors import Problem, RecipeError, UsageError
from ..plugins import load_plugins
from ..plugins.components import Component
from ..plugins.registry import Registry
from ..safe_io import open_file
from .document import Keys
from .identity import identity
from .mapping_reader import read_value
from .overrides import apply_overrides
from .resolve import Entry, resolve
from .schema import OFFLINE, RecipeSchema
from .shipped import find_recipe
from .yaml_reader import MAX_BYTES, MAX_VALUES, read_yaml
from .yaml_writer import write_yaml

Overrides = Sequence[str] | Mapping[str, Any]


@dataclass(frozen=True)
class Recipe:
    """Hold a recipe without problems. Make one with :func:`load_recipe`.

    Attributes:
        settings: What it says, typed, every default filled in:
            ``recipe.settings.training.batch_size``. Components are had from :meth:`make` and
            :meth:`component`, not from here.
        data: The same as plain JSON; components as ``{"name": ..., parameters...}``.
        source: The file it came from, or ``recipe`` for one given as a mapping.
        stand_in_for: For a recipe that uses its stand-in, the entry of the data set that
            it stands in for; else ``None``.
        registry: Where its components were found.
    """

    settings: RecipeSchema
    data: dict[str, Any]
    source: str
    stand_in_for: dict[str, Any] | None = None
    registry: Registry = field(default_factory=Registry, repr=False, compare=False)
    _entries: dict[Keys, Entry] = field(default_factory=dict, repr=False, compare=False)

    @property
    def name(self) -> str:
        """The name, which begins that of the run's folder."""
        return self.settings.name

    @property
    def seed(self) -> int:
        """The seed of all randomness."""
        return self.settings.seed

    def component(self, path: str) -> tuple[Component, dict[str, Any]]:
        """Return the component at a dotted path, and its parameters as keyword arguments.

        Args:
            path: Such as ``generator``, ``optimizers.discriminator``, ``penalties.0``.

        Raises:
            KeyError: If no component stands there.
        """
        return self._entry(_keys(path))

    def components(self, path: str) -> list[tuple[Component, dict[str, Any]]]:
        """Return the components of a list, such as ``penalties`` or ``evaluation.metrics``."""
        keys = _keys(path)
        value: Any = self.data
        for key in keys:
            value = value[key]
        return [self._entry((*keys, index)) for index in range(len(value))]

    def make(self, path: str, kind: type, *context: Any) -> Any:
        """Make the object of the component at ``path``; see :meth:`advnets.Component.make`."""
        component, parameters = self.component(path)
        return component.make(kind, parameters, *context)

    def walk(self) -> Iterator[tuple[str, Component, dict[str, Any]]]:
        """Yield every component in it: dotted path, component, parameters."""
        for keys in self._entries:
            yield ".".join(map(str, keys)), *self._entry(keys)

    def identity(self) -> str:
        """Return eight hexadecimal digits that identify the trajectory."""
        return identity(self.data)

    def stand_in(self) -> Recipe | None:
        """Return the same experiment on the data set of ``dataset.offline``, if there is one."""
        original = ("dataset",)
        offline = (*original, OFFLINE)
        if offline not in self._entries:
            return None
        data = copy.deepcopy(self.data)
        stood_for = data["dataset"]
        data["dataset"] = stood_for.pop(OFFLINE)
        entries = {keys: entry for keys, entry in self._entries.items() if keys != offline}
        entries[original] = self._entries[offline]
        settings = self.settings.model_copy(update={"dataset": data["dataset"]})
        return replace(self, settings=settings, data=data, stand_in_for=stood_for, _entries=entries)

    def to_yaml(self) -> str:
        """Return the resolved recipe as a file that loads to the same recipe."""
        head = "# A resolved recipe: every default is written out.\n"
        if self.stand_in_for is not None:
            stood_for = write_yaml({"dataset": self.stand_in_for}).rstrip("\n")
            head += "# The data set is a stand-in for one that could not be had:\n"
            head += "".join(f"#   {line}\n" for line in stood_for.splitlines())
        return head + write_yaml(self.data)

    def _entry(self, keys: Keys) -> tuple[Component, dict[str, Any]]:
        try:
            entry = self._entries[keys]
        except KeyError:
            raise KeyError(f"no component at {'.'.join(map(str, keys))!r}") from None
        return entry.component, entry.parameters.model_dump()


def load_recipe(
    source: str | Path | Mapping[str, Any],
    overrides: Overrides = (),
    registry: Registry | None = None,
) -> Recipe:
    """Read, change and check a recipe.

    Args:
        source: A file, the name of a shipped recipe, or the recipe itself as a mapping.
        overrides: ``KEY=VALUE`` words, or a mapping from dotted paths to values.
        registry: The components that it may name; all plugins' by default.

    Raises:
        RecipeError: If anything is wrong with it, with every problem at its place.
        UsageError: If there is no such file and no such name.
    """
    registry = load_plugins() if registry is None else registry
    if isinstance(source, Mapping):
        document, name = read_value(source, "recipe"), "recipe"
    else:
        path = find_recipe(source, registry)
        document = read_yaml(recipe_bytes(path), str(path))
        name = _slug(path.stem)
    return _resolve(document, name, overrides, registry)


def recipe_bytes(path: Path) -> bytes:
    """Return the content of a recipe's file, or as much of it as shows that it is too large for
    one.

    Raises:
        UsageError: If it cannot be read, or is no file.
    """
    try:
        with open_file(path) as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(f"the recipe {path} cannot be read: {error.strerror}") from error


def parse_recipe(
    text: str,
    overrides: Overrides = (),
    registry: Registry | None = None,
    source: str = "recipe",
) -> Recipe:
    """Check a recipe given as YAML text; otherwise like :func:`load_recipe`."""
    registry = load_plugins() if registry is None else registry
    return _resolve(read_yaml(text, source), _slug(Path(source).stem), overrides, registry)


def _resolve(document: Any, name: str, overrides: Overrides, registry: Registry) -> Recipe:
    apply_overrides(document, overrides)
    resolved = resolve(document, registry, name)
    _refuse_large(resolved.data, document.source)
    return Recipe(
        resolved.settings,
        resolved.data,
        document.source,
        registry=registry,
        _entries=resolved.entries,
    )


def _refuse_large(data: dict[str, Any], source: str) -> None:
    """Refuse a recipe that its defaults make too large for a run to read it again.

    Raises:
        RecipeError: If the resolved recipe is beyond what is read of one.
    """
    size, values = len(write_yaml(data).encode()), _count(data)
    if values > MAX_VALUES or size > MAX_BYTES // 2:
        raise RecipeError(
            [
                Problem(
                    f"with every default filled in, the recipe has {values:,} keys and values in "
                    f"{size:,} bytes; at most {MAX_VALUES:,} in {MAX_BYTES // 2:,} can be kept",
                    1,
                    1,
                    source,
                )
            ]
        )


def _count(value: Any) -> int:
    """Count keys and values, as the reader does."""
    if isinstance(value, dict):
        return 1 + sum(1 + _count(item) for item in value.values())
    return 1 + sum(map(_count, value)) if isinstance(value, list) else 1


def _keys(path: str) -> Keys:
    return tuple(int(part) if part.isdigit() else part for part in path.split("."))


def _slug(stem: str) -> str:
    """Return a file's stem as a recipe's name.

    >>> _slug("My Recipe (2)")
    'my-recipe-2'
    """
    return re.sub(r"[^a-z0-9_-]+", "-", stem.lower()).strip("-_")[:100] or "recipe"
