"""Write the recipe of a small game in which one component is tried, all else being stand-ins."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from zlib import crc32

from ..data import Field
from ..data.spec import RESERVED
from ..errors import AdvnetsError
from ..game import Encounter, Generated, NoLatent, Penalty
from ..game.role import gather_roles, stream_of
from ..game.streams import gather_streams
from ..plugins.components import PLAYERS
from .building import game_context, network_context, shapes_for
from .failure import fail
from .subject import Subject
from .trial import LATENT, Trial

ROUNDS, BATCH = 12, 8
"""Rounds of a game, and examples in a batch of it."""
ADAM = {"name": "adam", "learning_rate": 1e-3, "epsilon": 1e-3}
"""With less in epsilon it would make steps of gradients that are 0 but for rounding."""
QUIET = {
    "log_every": ROUNDS // 2,
    "image_every": 0,
    "samples": 4,
    "tensorboard": False,
    "figures": False,
}
"""How a game is watched: its calls end where lines are due, so that it can be interrupted."""
PLAYED = (
    *("losses", "penalties", "architectures", "datasets", "priors", "conditions", "encounters"),
    *("augmentations", "updates", "optimizers", "callbacks"),
)
"""The kinds of components that a game is made of, or that watch it."""


def recipe_of(subject: Subject) -> dict[str, Any]:
    """Return a recipe whose game has the component in it.

    What it needs beside itself follows from its ``example``, and from the fields, words,
    networks and streams that it declares.

    Args:
        subject: A registered component of one of the kinds of :data:`PLAYED`.

    Raises:
        ConformanceError: If it is built for none of the shapes that it is tried with.
        AdvnetsError: If it cannot be made.
    """
    assert subject.component is not None
    resolved = subject.component.resolve(dict(subject.parameters))
    values = resolved.model_dump(mode="json", by_alias=True)
    return _Game(subject, {"name": subject.name, **values}).recipe()


class _Game:
    """Gather what a game with a component in it needs."""

    def __init__(self, subject: Subject, entry: dict[str, Any]):
        self.subject, self.entry, self.trial = subject, entry, Trial(subject.example)
        self.shape, self.latent = self.trial.shape, True
        self.encounter: Encounter = Generated()
        self.penalties: list[Penalty] = []
        self.words: set[str] = set()
        self.told: dict[str, list[str]] = {}
        self.fields: dict[str, Field] = {}
        self.streaming: list[Any] = []

    def recipe(self) -> dict[str, Any]:
        """Write the recipe."""
        changed = getattr(self, f"_{self.subject.kind}")()
        roles = gather_roles(self.encounter, self.penalties, latent=self.latent)
        for role in roles.values():
            spaces = (*role.takes.values(), *(role.gives or {}).values())
            self._read(space for space in spaces if isinstance(space, str))
        streams = gather_streams([self.encounter, *self.penalties, *self.streaming], roles)
        words = {name: list(self.trial.word(name)) for name in sorted(self.words)}
        network = {"name": "kit-network"}
        judge = {**network, "says": words if words.keys() != {"logits"} else {}}
        networks = {
            name: judge if role.kind == "discriminator" else network for name, role in roles.items()
        }
        plain = type(self.encounter) is Generated
        made: dict[str, Any] = {
            "name": "ways",
            "seed": 3,
            "dataset": self._data(self.shape, self.fields),
            "streams": {
                name: {"dataset": self._stream(name, own)} for name, own in streams.items()
            },
            "latent": {"name": "gaussian", "size": LATENT},
            "given": {name: names for name, names in self.told.items() if names and name in roles},
            "generator": networks.pop("generator"),
            "discriminator": networks.pop("discriminator"),
            "networks": networks,
            "loss": "minimax" if plain else "kit-both-sides",
            "optimizers": dict.fromkeys(PLAYERS, ADAM),
            "training": {"steps": ROUNDS, "batch_size": BATCH},
            "checkpoints": {"every": ROUNDS},
            "monitoring": QUIET,
        }
        own = changed.pop("networks", {})
        return {**made, **changed, "networks": {**networks, **own}}

    def _losses(self) -> dict[str, Any]:
        made = self._made()
        self._go_with_its_encounter(made)
        return {**self._encounter_entry(), "loss": self.entry}

    def _penalties(self) -> dict[str, Any]:
        made = self._made()
        self.penalties = [made]
        self.words = {"logits"} if "energy" not in made.requires else {"logits", "energy"}
        self._go_with_its_encounter(made)
        return {**self._encounter_entry(), "penalties": [self.entry]}

    def _go_with_its_encounter(self, made: Any) -> None:
        self.encounter = self.trial.encounter()
        self.words |= {*made.requires}
        self._tell(made.fields)

    def _encounter_entry(self) -> dict[str, Any]:
        kind = type(self.encounter)
        if kind is Generated:
            return {}
        return {"encounter": {"name": "kit-encounter", "target": _target(kind)}}

    def _encounters(self) -> dict[str, Any]:
        self.encounter = self._made()
        self._tell(name for name in self.trial.described if not stream_of(name))
        if type(self.encounter) is Generated:
            return {"encounter": self.entry}
        return {"encounter": self.entry, "penalties": [*self._reaching()]}

    def _reaching(self) -> Iterator[dict[str, Any]]:
        """Yield terms that reach the networks which what is judged may not depend on."""
        for player in PLAYERS:
            networks = {
                name: {key: self._described(self.trial.field(s)) for key, s in role.takes.items()}
                for name, role in gather_roles(self.encounter, [], latent=True).items()
                if role.player == player and role.kind != "discriminator"
            }
            if networks:
                yield {"name": "kit-reaching", "player": player, "networks": networks}

    def _conditions(self) -> dict[str, Any]:
        made, name = self._made(), game_context(self.subject).name
        self._read(made.fields)
        drawn, own = made.field, self.trial.field(name)
        if (drawn.shape, drawn.classes) == (own.shape, own.classes):
            self._read([name])
        self.told = {"generator": [name], "discriminator": [name] if made.of_example else []}
        return {"conditions": {name: self.entry}}

    def _priors(self) -> dict[str, Any]:
        if isinstance(self._made(), NoLatent):
            self._tell(["label"])
            self.latent = False
        return {"latent": self.entry}

    def _augmentations(self) -> dict[str, Any]:
        self._made()
        return {"augmentations": [self.entry]}

    def _updates(self) -> dict[str, Any]:
        self.streaming = [self._made()]
        return {"updates": self.entry}

    def _optimizers(self) -> dict[str, Any]:
        return {"optimizers": dict.fromkeys(PLAYERS, self.entry)}

    def _datasets(self) -> dict[str, Any]:
        return {"dataset": self.entry}

    def _callbacks(self) -> dict[str, Any]:
        return {"monitoring": {**QUIET, "callbacks": [self.entry]}}

    def _architectures(self) -> dict[str, Any]:
        """Take it for every place that it can have, with data of the first shape that suits it."""
        assert self.subject.component is not None
        declared, refusals = self.subject.component.roles, []
        given = self.subject.example.get("given", {})
        tried = [role for role in PLAYERS if role in declared]
        if "encoder" in declared:
            tried.append("encoder")
        for shape in shapes_for(self.subject):
            built, refused = {}, []
            for role in tried:
                try:
                    context = network_context(self.subject, role, shape, given=given, fields=given)
                    built[role] = self.subject.make(context)
                except AdvnetsError as error:
                    refused.append(f"{shape}: the {role}: {error.message}")
            if all(role in built for role in tried if role != "encoder") and built:
                break
            refusals += refused
        else:
            fail(f"it refuses data of shape {'; of shape '.join(refusals)}")
        self.shape = shape
        self.fields |= given
        # What D is told, generated examples have too.
        self.told = {name: [*given] for name in (*built, "generator")} if given else {}
        changed: dict[str, Any] = {role: self.entry for role in built if role in PLAYERS}
        if "discriminator" in built:
            said = built["discriminator"].output
            silent = isinstance(said, dict) and "logits" not in said
            changed["loss"] = "kit-energy" if silent else "minimax"
        if "encoder" in built:
            changed |= {"networks": {"encoder": self.entry}, "penalties": ["kit-encoded"]}
        return changed

    def _made(self) -> Any:
        return self.subject.make(context=game_context(self.subject))

    def _tell(self, names: Iterable[str]) -> None:
        """Tell the generator some fields of the data."""
        told = [name for name in names if name not in RESERVED]
        self.told["generator"] = told
        self._read(told)

    def _read(self, names: Iterable[str]) -> None:
        """Have some fields come with the data."""
        for name in names:
            if name not in (*RESERVED, "logits") and not stream_of(name):
                self.fields[name] = self.trial.field(name)

    def _stream(self, name: str, fields: Iterable[str]) -> dict[str, Any]:
        described = {one: self.trial.field(f"{name}.{one}") for one in fields if one != "index"}
        shape = self.trial.field(f"{name}.example").shape
        return self._data(shape, described) | {"seed": crc32(name.encode())}

    def _data(self, shape: tuple[int, ...], fields: Mapping[str, Field]) -> dict[str, Any]:
        known = {name: self._described(one) for name, one in fields.items()}
        kind = "image" if len(shape) == 3 else "vector"
        return {"name": "kit-data", "shape": list(shape), "kind": kind, "fields": known}

    def _described(self, field: Field) -> dict[str, Any]:
        names = ("dtype", "classes", "low", "high", "kind")
        return {"shape": list(field.shape), **{key: getattr(field, key) for key in names}}


def _target(kind: type) -> str:
    return f"{kind.__module__}:{kind.__qualname__}"
