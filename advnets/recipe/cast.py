"""Check that a recipe's networks are called, that G takes something, and D says what is read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..plugins.components import PLAYERS
from ..plugins.registry import BUILT_IN, Registry
from .document import Keys, join_keys
from .problems import Findings
from .schema import RecipeSchema
from .wording import did_you_mean

if TYPE_CHECKING:
    from .resolve import Entry

ALONE = "generated"
"""The encounter that calls the two players and no other network."""
NO_LATENT = "none"
"""The prior that draws nothing."""


def check_cast(
    recipe: RecipeSchema, entries: Mapping[Keys, Entry], findings: Findings, registry: Registry
) -> None:
    """Note networks that nothing calls, or that are not there; words that D does not say; and a
    generator that takes nothing. What components don't declare of themselves is not looked at.
    """
    encounter = entries.get(("encounter",))
    penalties = {keys: entry for keys, entry in entries.items() if keys[0] == "penalties"}
    if encounter is None or len(penalties) < len(recipe.penalties):
        return
    _check_called(recipe, {("encounter",): encounter, **penalties}, findings)
    reading = {("encounter",): encounter, **penalties}
    if ("updates",) in entries:
        reading["updates",] = entries["updates",]
        _check_read(recipe, reading, findings, registry)
    if encounter.component.name != ALONE:
        return
    prior = entries.get(("latent",))
    if prior and prior.component.name == NO_LATENT and not recipe.given.get("generator"):
        findings.add(
            ("latent",),
            "latent: the generator takes nothing: there is no latent, and it is told nothing",
            "given: {generator: [label]} says what it makes examples of",
        )
    _check_said(entries, penalties, findings, registry)


def _check_called(recipe: RecipeSchema, calling: Mapping[Keys, Entry], findings: Findings) -> None:
    called: set[str] = set()
    for keys, entry in calling.items():
        for name in entry.component.networks or ():
            called.add(name)
            if name not in (*PLAYERS, *recipe.networks):
                message = f"{entry.component.name!r} calls a network {name!r}, and there is none"
                hint = f"say what it is: `networks: {{{name}: ARCHITECTURE}}`"
                findings.add(keys, f"{join_keys(keys)}: {message}", hint)
    if any(entry.component.networks is None for entry in calling.values()):
        return
    who = f"the encounter is {calling['encounter',].component.name!r}"
    if len(calling) > 1:
        who += ", and no penalty does"
    for name in recipe.networks:
        if name not in PLAYERS and name not in called:
            message = f"networks.{name}: nothing calls it: {who}"
            hint = "an encounter or a penalty of a plugin calls further networks"
            findings.add(("networks", name), message, hint, at_key=True)


def _check_read(
    recipe: RecipeSchema, reading: Mapping[Keys, Entry], findings: Findings, registry: Registry
) -> None:
    """Note streams that are read and that there are not, and those that nothing reads."""
    read: set[str] = set()
    all_tell = True
    for keys, entry in reading.items():
        kind, component = slot_of(keys), entry.component
        if component.streams is None:
            all_tell &= registry.owner(kind, component.name).source == BUILT_IN
        for name in component.streams or ():
            read.add(name)
            if name not in recipe.streams:
                message = f"{component.name!r} reads a stream {name!r}, and there is none"
                hint = f"say what it is: `streams: {{{name}: {{take: {{examples: 100}}}}}}`"
                findings.add(keys, f"{join_keys(keys)}: {message}", hint)
    for name in recipe.streams if all_tell else ():
        if name not in read:
            message = f"streams.{name}: nothing reads it"
            hint = "an encounter, a penalty or an update rule of a plugin reads streams"
            findings.add(("streams", name), message, hint, at_key=True)


def slot_of(keys: Keys) -> str:
    """Return the kind of the component of a game that stands at ``keys``.

    >>> slot_of(("penalties", 0)), slot_of(("encounter",)), slot_of(("updates",))
    ('penalties', 'encounters', 'updates')
    """
    return "encounters" if keys[0] == "encounter" else str(keys[0])


def _check_said(
    entries: Mapping[Keys, Entry],
    penalties: Mapping[Keys, Entry],
    findings: Findings,
    registry: Registry,
) -> None:
    """Note what a loss or a penalty reads and a built-in discriminator does not say."""
    judge = entries.get(("discriminator",))
    if judge is None:
        return
    name = judge.component.name
    if registry.owner("architectures", name).source != BUILT_IN:
        return  # it alone knows what it says
    features = ["features"] if getattr(judge.parameters, "features", False) else []
    heads: Mapping[str, Any] = getattr(judge.parameters, "heads", {})
    said = ["logits", *heads, *features]
    loss: Keys = ("loss",)
    reading = {loss: entries[loss]} if loss in entries else {}
    for keys, entry in {**reading, **penalties}.items():
        words = entry.component.words(entry.parameters.model_dump())
        lacking = [word for word in words if word not in said]
        if lacking:
            what = f"{entry.component.name!r} reads {', '.join(lacking)} of the discriminator"
            ways = {
                "features": "discriminator.features: true",
                "energy": "choose a discriminator that gives it",
            }
            head = f"discriminator.heads: {{{lacking[0]}: …}}"
            near = did_you_mean(lacking[0], heads)
            findings.add(
                keys,
                f"{join_keys(keys)}: {what}, and {name!r} says {', '.join(said)}",
                near or ways.get(lacking[0], head),
            )
