"""Load recipes: each is one experiment, checked and fully resolved."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from ..errors import Problem, RecipeError, UsageError
from ..plugins import load_plugins
from ..plugins.components import Component
from ..plugins.registry import Registry
from ..plugins.trace import at_place
from ..safe_io import open_file
from .document import Document, Keys
from .identity import identity
from .mapping_reader import read_value
from .overrides import apply_overrides
from .resolve import Entry, leave_out_defaults, resolve
from .schema import OFFLINE, RecipeSchema
from .shipped import find_recipe
from .slots import SLOTS, slot_at
from .yaml_reader import MAX_BYTES, MAX_VALUES, read_yaml
from .yaml_writer import write_yaml

Overrides = Sequence[str] | Mapping[str, Any]


@dataclass(frozen=True)
class Recipe:
    """Hold a recipe without problems. Make one with :func:`load_recipe`.

    Attributes:
        settings: What it says, typed, every default filled in:
            ``recipe.settings.training.batch_size``; components as
            ``{"name": ..., parameters...}``. They are built by :meth:`make`.
        source: The file it came from, or ``recipe`` for one given as a mapping.
        stand_in_for: For a recipe that uses its stand-in, the entry of the data set that
            it stands in for; else ``None``.
        stood_for_streams: The same of streams that have data sets of their own, by name.
        registry: Where its components were found.
        document: Where it says what, for problems that are found later.
    """

    settings: RecipeSchema
    source: str
    stand_in_for: dict[str, Any] | None = None
    stood_for_streams: Mapping[str, dict[str, Any]] = field(default_factory=dict)
    registry: Registry = field(default_factory=Registry, repr=False, compare=False)
    document: Document = field(
        default_factory=lambda: Document("recipe"), repr=False, compare=False
    )
    _entries: dict[Keys, Entry] = field(default_factory=dict, repr=False, compare=False)

    @property
    def name(self) -> str:
        """The name, which begins that of the run's folder."""
        return self.settings.name

    @property
    def seed(self) -> int:
        """The seed of all randomness."""
        return self.settings.seed

    @cached_property
    def data(self) -> dict[str, Any]:
        """Everything that it says, as plain JSON."""
        return self.settings.model_dump(mode="json")

    @cached_property
    def chosen(self) -> dict[str, Any]:
        """What it says that differs from the defaults, without the stand-in, as plain JSON."""
        return leave_out_defaults(self.settings, self._entries)

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
        if keys not in SLOTS or not SLOTS[keys].many:
            raise KeyError(f"no list of components at {path!r}")
        return [self._entry(entry) for entry in self._entries if entry[:-1] == keys]

    def make(
        self, path: str, kind: type | tuple[type, ...], *given: Any, context: Any = None
    ) -> Any:
        """Make the object of the component at ``path``; see :meth:`advnets.Component.make`."""
        component, parameters = self.component(path)
        with at_place(path):
            return component.make(kind, parameters, *given, context=context)

    def make_all(
        self, path: str, kind: type | tuple[type, ...], *, context: Any = None
    ) -> list[Any]:
        """Make the objects of the list of components at ``path``, such as ``penalties``."""
        places = range(len(self.components(path)))
        return [self.make(f"{path}.{place}", kind, context=context) for place in places]

    def walk(self) -> Iterator[tuple[str, Component, dict[str, Any]]]:
        """Yield every component in it: dotted path, component, parameters."""
        for keys in self._entries:
            yield ".".join(map(str, keys)), *self._entry(keys)

    def identity(self) -> str:
        """Return eight hexadecimal digits that identify the trajectory."""
        return identity(self.chosen, self.registry)

    def stand_in(self) -> Recipe | None:
        """Return the same experiment on the stand-ins of all its data, if every one has one.

        Those of streams that are some of the main data go with these.
        """
        places = [
            keys for keys in self._entries if (slot := slot_at(keys)) and slot.kind == "datasets"
        ]
        if not all((*keys, OFFLINE) in self._entries for keys in places):
            return None
        entries, streams = dict(self._entries), dict(self.settings.streams)
        changed: dict[str, Any] = {"streams": streams}
        of_streams: dict[str, dict[str, Any]] = {}
        for keys in places:
            entries[keys] = entries.pop((*keys, OFFLINE))
            if keys[0] == "streams":
                name = str(keys[1])
                entry = dict(streams[name].dataset)
                instead = entry.pop(OFFLINE)
                streams[name] = streams[name].model_copy(update={"dataset": instead})
                of_streams[name] = entry
            else:
                stood_for = dict(self.settings.dataset)
                changed["dataset"] = stood_for.pop(OFFLINE)
        settings = self.settings.model_copy(update=changed)
        return replace(
            self,
            settings=settings,
            stand_in_for=stood_for,
            stood_for_streams=of_streams,
            _entries=entries,
        )

    def override(self, overrides: Overrides) -> Recipe:
        """Return the recipe under overrides; see :func:`load_recipe`."""
        return load_recipe(self.data, overrides, self.registry)

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
        RecipeError: If anything is wrong with it, with the location of every problem.
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
    """Return a recipe's file's content, or as much as shows that it is too large for one.

    Raises:
        UsageError: If it cannot be read, or is no file.
    """
    try:
        with open_file(path) as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(f"the recipe {path} cannot be read: {error.strerror}") from error


def parse_recipe(
    text: str, overrides: Overrides = (), registry: Registry | None = None, source: str = "recipe"
) -> Recipe:
    """Check a recipe given as YAML text; otherwise like :func:`load_recipe`."""
    registry = load_plugins() if registry is None else registry
    return _resolve(read_yaml(text, source), _slug(Path(source).stem), overrides, registry)


def _resolve(document: Any, name: str, overrides: Overrides, registry: Registry) -> Recipe:
    apply_overrides(document, overrides)
    settings, entries = resolve(document, registry, name)
    recipe = Recipe(
        settings, document.source, registry=registry, _entries=entries, document=document
    )
    _refuse_large(recipe.data, document.source)
    return recipe


def _refuse_large(data: dict[str, Any], source: str) -> None:
    """Refuse a recipe that its defaults make too large for a run to read it again.

    Raises:
        RecipeError: If the resolved recipe is beyond what is read of one.
    """
    size, values = len(write_yaml(data).encode()), _count(data)
    if values > MAX_VALUES or size > MAX_BYTES // 2:
        message = (
            f"with every default filled in, the recipe has {values:,} keys and values in "
            f"{size:,} bytes; at most {MAX_VALUES:,} in {MAX_BYTES // 2:,} can be kept"
        )
        raise RecipeError([Problem(message, 1, 1, source)])


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
