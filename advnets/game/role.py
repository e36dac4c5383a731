"""Declare what a network of the game does: what it takes, what it gives, with whom it moves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal, Protocol

from ..errors import PluginError
from ..plugins.origins import at_fault


class HasRoles(Protocol):
    """Declare what networks do that it calls."""

    roles: Mapping[str, Role]


PLAYERS = ("generator", "discriminator")
"""The two sides of a game. Any number of networks moves with either, or never."""

Space = str | tuple[int, ...]
"""``latent``, ``example``, ``logits``, a field's name (what is given: logits of its classes),
``STREAM.example`` and ``STREAM.FIELD`` of a stream, or the shape of one example."""

Declared = tuple[str, ...] | Mapping[str, tuple[str, ...]]
"""Streams that a component reads, or the fields that it reads of each."""
BY_LOGITS = "by what it gives"


@dataclass(frozen=True, init=False)
class Role:
    """Declare what a network takes and gives, and which player it moves with.

    Args:
        takes: A space, several, or ``{name: space}``: what the network is called with. One
            thing: the tensor; several: a dictionary by name.
        gives: The same of what it returns; ``None``: anything, unchecked.
        player: ``generator`` or ``discriminator``; ``None``: it never moves. By default the
            discriminator's where logits are given, else the generator's.

    Attributes:
        takes, gives: ``{name: space}``.

    >>> Role("example", "latent").player, Role(("example", "latent"), "logits").player
    ('generator', 'discriminator')
    >>> Role({"hidden": (24,)}, "logits").takes
    {'hidden': (24,)}
    >>> Role("other.example", "example").takes
    {'example': 'other.example'}
    """

    takes: Mapping[str, Space]
    gives: Mapping[str, Space] | None
    player: str | None

    def __init__(
        self,
        takes: str | tuple[str, ...] | Mapping[str, Space],
        gives: str | tuple[str, ...] | Mapping[str, Space] | None,
        player: str | None = BY_LOGITS,
    ):
        given = None if gives is None else _named(gives)
        if player == BY_LOGITS:
            player = "discriminator" if given and "logits" in given else "generator"
        if player is not None and player not in PLAYERS:
            raise PluginError(f"a network moves with {' or '.join(PLAYERS)}, not {player!r}")
        object.__setattr__(self, "takes", _named(takes))
        object.__setattr__(self, "gives", given)
        object.__setattr__(self, "player", player)

    @property
    def kind(self) -> Literal["generator", "discriminator", "encoder"]:
        """What architectures build for it: ``generator``, ``discriminator`` or ``encoder``."""
        if self.gives is not None and "logits" in self.gives:
            return "discriminator"
        return "generator" if self.gives is not None and "example" in self.gives else "encoder"


def _named(spaces: str | tuple[str, ...] | Mapping[str, Space]) -> dict[str, Space]:
    if isinstance(spaces, Mapping):
        return dict(spaces)
    names = (spaces,) if isinstance(spaces, str) else spaces
    if not all(isinstance(name, str) for name in names):
        raise PluginError(
            f"a role takes and gives what has a name, not {spaces!r}",
            hint=f"name the shape: {{'hidden': {spaces!r}}}",
        )
    named = {name.rpartition(".")[2]: name for name in names}
    if len(named) < len(names):
        raise PluginError(
            f"a role takes or gives several of one name: {', '.join(names)}",
            hint="name them: {'example': 'example', 'other': 'other.example'}",
        )
    return dict(named)


def stream_of(space: Space) -> str:
    """Return the stream that a space belongs to; "" for one of the main data, or of none.

    >>> stream_of("other.example"), stream_of("example"), stream_of((3,))
    ('other', '', '')
    """
    return space.rpartition(".")[0] if isinstance(space, str) else ""


def gather_roles(
    encounter: HasRoles, penalties: Iterable[HasRoles], latent: bool = True
) -> dict[str, Role]:
    """Return what networks do, by name, as the encounter and the penalties declare it.

    Where there is no latent, G takes what it is told.

    Raises:
        PluginError: If two of them declare different roles of one name.
    """
    roles = {**ROLES, **({} if latent else {"generator": Role((), "example")}), **encounter.roles}
    who: dict[str, HasRoles] = dict.fromkeys(encounter.roles, encounter)
    for penalty in penalties:
        for name, role in penalty.roles.items():
            if roles.setdefault(name, role) != role:
                first = type(who[name]).__name__ if name in who else "the game"
                raise at_fault(
                    penalty,
                    f"two roles of one name: {first} says that {name!r} {_tell(roles[name])}, "
                    f"{type(penalty).__name__} that it {_tell(role)}",
                    hint="a network does one thing; give the other another name",
                )
            who.setdefault(name, penalty)
    return roles


def _tell(role: Role) -> str:
    """Say what a network does."""

    def listed(spaces: Mapping[str, Space]) -> str:
        each = spaces.items()
        return ", ".join(n if n == space else f"{n}: {space}" for n, space in each) or "nothing"

    moves = f"moves with the {role.player}" if role.player else "never moves"
    gives = "anything" if role.gives is None else listed(role.gives)
    return f"takes {listed(role.takes)}, gives {gives} and {moves}"


ROLES = {
    "generator": Role("latent", "example"),
    "discriminator": Role("example", "logits"),
}
"""What the two networks of the original game do; an encounter may declare otherwise."""
