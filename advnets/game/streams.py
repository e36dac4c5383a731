"""Know which further streams of examples a game reads, which of their fields, and who does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from ..data.spec import RESERVED
from ..errors import PluginError
from ..plugins.origins import at_fault
from .role import Role, Space, stream_of

if TYPE_CHECKING:
    from .game import AdversarialGame


def is_example(space: Space) -> bool:
    """Tell whether a space is that of examples, of the main data or of a stream.

    >>> is_example("example"), is_example("other.example"), is_example("label"), is_example((2,))
    (True, True, False, False)
    """
    return isinstance(space, str) and space.rpartition(".")[2] == "example"


def gather_streams(
    components: Iterable[Any], roles: Mapping[str, Role]
) -> dict[str, tuple[str, ...]]:
    """Return the streams that a game reads, by name, with the fields that it reads of each.

    Args:
        components: Encounter, penalties, update rule: what may declare ``streams``.
        roles: What networks do, by name; they may take ``STREAM.example`` and ``STREAM.FIELD``.

    Raises:
        PluginError: If somebody declares anything else, or a name that is taken.

    >>> class Supervised:
    ...     streams = {"labelled": ("label",)}
    >>> gather_streams([Supervised()], {"generator": Role("other.example", "example")})
    {'labelled': ('label',), 'other': ()}
    """
    found: dict[str, set[str]] = {}
    for component in components:
        for name, fields in declared_streams(component).items():
            found.setdefault(name, set()).update(fields)
    for role in roles.values():
        for space in (*role.takes.values(), *(role.gives or {}).values()):
            if stream := stream_of(space):
                own = found.setdefault(stream, set())
                if not is_example(space):
                    own.add(str(space).rpartition(".")[2])
    return {name: tuple(sorted(fields)) for name, fields in found.items()}


def declared_streams(component: Any) -> dict[str, tuple[str, ...]]:
    """Return the streams that a component declares, by name, with their fields.

    Raises:
        PluginError: If it declares anything else.
    """
    declared: Any = getattr(component, "streams", ())
    if isinstance(declared, str):
        declared = (declared,)
    if not isinstance(declared, Mapping):
        declared = dict.fromkeys(declared, ()) if isinstance(declared, tuple | list) else {0: ()}
    found = {}
    for name, fields in declared.items():
        fields = (fields,) if isinstance(fields, str) else fields
        named = isinstance(fields, tuple | list) and all(isinstance(one, str) for one in fields)
        if not isinstance(name, str) or not named:
            raise at_fault(
                component,
                f"{type(component).__name__}.streams is {component.streams!r}; names were "
                "expected, or the fields that are read of each",
                hint="streams = ('other',), streams = {'labelled': ('label',)}",
            )
        if name in RESERVED or not name.isidentifier():
            taken = "taken" if name in RESERVED else "no name of one word"
            raise at_fault(
                component,
                f"{type(component).__name__} calls a stream {name!r}: that is {taken}",
            )
        found[name] = tuple(fields)
    return found


def refuse_taken_name(stream: str, game: AdversarialGame) -> None:
    """Refuse a stream that is called as something else is that comes with a batch, or a network.

    Raises:
        PluginError: By its name.
    """
    for what, names in (
        ("a field", (*game.fields, *game.conditions)),
        ("a network", game.networks),
    ):
        if stream in names:
            readers = [*_readers(stream, game)] or ["a role"]
            raise PluginError(
                f"{' and '.join(readers)} read{'s' if len(readers) == 1 else ''} a stream "
                f"{stream!r}, and {what} of the game has this name",
                hint="give the stream another name",
            )


def _readers(stream: str, game: AdversarialGame) -> list[str]:
    everyone = (game.encounter, *game.penalties, game.updates)
    return [type(one).__name__ for one in everyone if stream in declared_streams(one)]


def example_shapes(game: Any) -> dict[str, tuple[int | None, ...] | None]:
    """Return the shape of one example of each stream by name, "" being the main data; ``None``
    where no network tells it. What no network makes is like the main data.
    """
    found: dict[str, tuple[int | None, ...] | None] = dict.fromkeys(("", *game.streams))
    for name in sorted(game.networks, key=lambda one: one == "generator"):  # it has the last word
        shape = getattr(game.networks[name], "output_shape", None)
        for space in (game.roles[name].gives or {}).values():
            if is_example(space) and isinstance(shape, tuple):
                found[stream_of(space)] = tuple(shape[1:])
    return {name: found[""] if shape is None else shape for name, shape in found.items()}
