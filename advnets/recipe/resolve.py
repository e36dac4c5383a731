"""Check everything that a recipe says, and fill in every default."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from ..errors import PluginError
from ..plugins.components import KIND, PLAYERS, Component
from ..plugins.parameters import Names, Parameters
from ..plugins.registry import Registry
from ..plugins.tracebacks import text_of
from .cast import check_cast
from .document import Document, Keys, get_at, join_keys
from .problems import Findings
from .schema import ANY, EVERY, FIELD_PATTERN, FIELDS, OFFLINE, RecipeSchema, Slot
from .slots import SLOTS, is_stand_in, slot_at
from .starts import MISSING, settle
from .wording import PATTERNS, describe_value, did_you_mean, join_alternatives

MOST_ROUNDS = 1_000_000
"""The most rounds between two that have a penalty."""
LOGGED = ("d", "g")
"""What the players are called in the names of logged values."""


@dataclass(frozen=True)
class Entry:
    """Hold a component that a recipe names, with its parameters checked.

    Attributes:
        component: What the registry has under that name.
        parameters: The validated parameters.
        data: The entry as it is written into the resolved recipe.
        chosen: What of it differs from the component's defaults.
    """

    component: Component
    parameters: Parameters
    data: dict[str, Any]
    chosen: dict[str, Any]


def resolve(
    document: Document, registry: Registry, default_name: str
) -> tuple[RecipeSchema, dict[Keys, Entry]]:
    """Check a document against the schema and the registry.

    Args:
        document: The recipe as written, overrides applied.
        registry: The components that it may name.
        default_name: Its name if it has none.

    Returns:
        Everything, defaults included, with components as ``{"name": ..., parameters...}``; and
        the components, by the keys that lead to their entries.

    Raises:
        RecipeError: With all problems, in the order of the file.
    """
    findings = Findings(document)
    value = document.value
    if not isinstance(value, dict):
        if value is None:
            findings.add((), "the recipe is empty", "`advnets recipes list` shows complete ones")
        else:
            findings.add((), f"a recipe is a mapping of keys, not {describe_value(value)}")
        raise findings.error()
    value = {"name": default_name} | value
    recipe = findings.validate(RecipeSchema, value)
    # Defaults name components as well.
    data: dict[str, Any] = recipe.model_dump(mode="json") if recipe else value
    entries = {keys: entry for keys, entry in _entries(data, findings, registry) if entry}
    _check_names(data, findings)
    if recipe:
        _check_best(recipe, findings)
        _check_weights(recipe, findings)
        check_cast(recipe, entries, findings, registry)
    if findings.problems or recipe is None:
        raise findings.error()
    for keys, entry in entries.items():  # a data set's own `offline` comes after it
        get_at(data, keys[:-1])[keys[-1]] = dict(entry.data)
    return RecipeSchema.model_validate(data | {"start": settle(recipe.start)}), entries


def leave_out_defaults(settings: RecipeSchema, entries: Mapping[Keys, Entry]) -> dict[str, Any]:
    """Return what a recipe chooses: its data less every default, its own and the components'."""
    data = settings.model_dump(mode="json", exclude_defaults=True)
    for keys, entry in entries.items():
        if not is_stand_in(keys):
            get_at(data, keys[:-1])[keys[-1]] = entry.chosen
    for name, field in RecipeSchema.model_fields.items():
        if name in data and data[name] == {"name": field.default}:
            del data[name]
    return data


def _check_names(data: dict[str, Any], findings: Findings) -> None:
    """Check the names that a recipe chooses, and that each network it speaks of is there."""
    named = {
        section: list(data[section]) if isinstance(data.get(section), dict) else []
        for section in ("networks", "conditions", "given", "optimizers", "start", "streams")
    }
    named["start"] = [name for name in named["start"] if name != MISSING]
    networks = list(dict.fromkeys([*PLAYERS, *named["networks"]]))

    def refuse(section: str, name: str, message: str, hint: str | None = None) -> None:
        findings.add((section, name), f"{section}.{name}: {message}", hint, at_key=True)

    for section in ("networks", "conditions", "streams"):
        for name in named[section]:
            if not re.fullmatch(FIELD_PATTERN, name):
                refuse(section, name, f"a name there is {PATTERNS[FIELD_PATTERN]}, got {name!r}")
            elif name in FIELDS or (section == "networks" and name in LOGGED):
                refuse(section, name, f"the name {name!r} is taken", "choose another one")
    for name in named["networks"]:
        if name in PLAYERS:
            hint = f"say at the top of the recipe, under {name!r}, what it is"
            refuse("networks", name, f"the {name} is no further network", hint)
    for name in named["conditions"]:
        if name in networks:
            refuse("conditions", name, f"a network is called {name!r}", "rename one of the two")
    for name in named["streams"]:
        for what, names in (("condition", named["conditions"]), ("network", networks)):
            if name in names:
                refuse("streams", name, f"a {what} is called {name!r}", "rename one of the two")
    for section in ("given", "optimizers", "start"):
        for name in named[section]:
            if name not in networks:
                hint = did_you_mean(name, networks) or f"the networks are {', '.join(networks)}"
                refuse(section, name, f"no network is called {name!r}", hint)


def _check_best(recipe: RecipeSchema, findings: Findings) -> None:
    """Check that there are scores by which to choose a best checkpoint."""
    evaluation = recipe.evaluation
    if recipe.checkpoints.best is None or (evaluation.every and evaluation.metrics):
        return
    lacking = "evaluation.metrics names none" if evaluation.every else "evaluation.every is 0"
    findings.add(
        ("checkpoints", "best"),
        f"checkpoints.best needs scores to choose by, but {lacking}",
        "say when to evaluate (evaluation.every) and what (evaluation.metrics)",
        at_key=True,
    )


def _check_weights(recipe: RecipeSchema, findings: Findings) -> None:
    """Check that the weights that are to be scored are kept."""
    if recipe.averaging is None and recipe.evaluation.weights in ("averaged", "both"):
        findings.add(
            ("evaluation", "weights"),
            "evaluation.weights asks for averaged weights, but no average is kept",
            "keep one: averaging: {decay: 0.999}",
            at_key=True,
        )


def _entries(
    value: dict[str, Any], findings: Findings, registry: Registry
) -> Iterator[tuple[Keys, Entry | None]]:
    """Yield every component that the recipe names."""
    for pattern, slot in SLOTS.items():
        for keys, written in _written(value, pattern):
            if slot.many:
                for index, item in enumerate(written if isinstance(written, list) else []):
                    yield (*keys, index), _entry(item, (*keys, index), slot, findings, registry)
            elif written is not None or not slot.optional:
                yield keys, _entry(written, keys, slot, findings, registry)
            if slot.kind == "datasets" and isinstance(written, dict) and OFFLINE in written:
                path = (*keys, OFFLINE)
                yield path, _stand_in(written[OFFLINE], path, slot, findings, registry)


def _written(value: Any, pattern: Keys, keys: Keys = ()) -> Iterator[tuple[Keys, Any]]:
    """Yield what a recipe has where a slot is, with the names that it chose."""
    if not pattern:
        yield keys, value
    elif isinstance(value, dict):
        key, *rest = pattern
        for name in value if key == ANY else [key] if key in value else []:
            if key != ANY or (*keys, name) not in SLOTS:
                yield from _written(value[name], tuple(rest), (*keys, name))


def _stand_in(
    value: Any, keys: Keys, slot: Slot, findings: Findings, registry: Registry
) -> Entry | None:
    if isinstance(value, dict) and OFFLINE in value:
        findings.add((*keys, OFFLINE), "a stand-in has no stand-in of its own", at_key=True)
        value = {key: item for key, item in value.items() if key != OFFLINE}
    return _entry(value, keys, slot, findings, registry)


def _entry(
    value: Any, keys: Keys, slot: Slot, findings: Findings, registry: Registry
) -> Entry | None:
    """Check one component's entry: its name, its role, its parameters."""
    kind = KIND[slot.kind]
    path = keys
    if isinstance(value, dict):
        path = (*keys, "name")
        if "name" not in value:
            known = ", ".join(slot.names(registry)) or "none"
            hint = f"{slot.kind}: {known}"
            if any(str(key).startswith("name:") for key in value):
                hint = "YAML needs a blank after the colon: {name: NAME, KEY: VALUE}"
            findings.add(keys, f"{join_keys(keys)}: missing key 'name'", hint, at_key=True)
            return None
    name = value.get("name") if isinstance(value, dict) else value
    if not isinstance(name, str):
        expected = "text" if isinstance(value, dict) else "a name, or a mapping with a name"
        findings.add(path, f"{join_keys(path)}: expected {expected}, got {describe_value(name)}")
        return None
    try:
        component = registry.component(slot.kind, name)
    except PluginError as error:
        findings.add(path, f"{join_keys(keys)}: {error.message}", error.hint)
        return None
    if not slot.fits(component):
        findings.add(
            path,
            f"{join_keys(keys)}: {kind} {name!r} cannot play the {slot.role}, "
            f"only the {join_alternatives(component.roles)}",
            f"for the {slot.role} there are: {', '.join(slot.names(registry)) or 'none'}",
        )
        return None
    given = value if isinstance(value, dict) else {}
    of_data = slot.kind == "datasets" and slot_at(keys) is not None
    reserved = ("name", OFFLINE) if of_data else ("name",)
    own: dict[str, Any] = {}
    if slot.kind == "penalties" and EVERY in given:
        reserved = ("name", EVERY)
        every = given[EVERY]
        if isinstance(every, bool) or not isinstance(every, int) or not 1 <= every <= MOST_ROUNDS:
            expected = f"a whole number from 1 to {MOST_ROUNDS:,} was expected"
            findings.add(
                (*keys, EVERY),
                f"{join_keys((*keys, EVERY))}: {expected}, got {describe_value(every)}",
            )
            return None
        own = {EVERY: every} if every > 1 else {}
    given = {key: item for key, item in given.items() if key not in reserved}
    thing, bug = f"{kind} {name!r}", f"that is a bug in {registry.owner(slot.kind, name)}"
    try:
        parameters = component.resolve(given)
    except ValidationError as error:
        findings.take(error.errors(include_url=False), component.parameters, given, keys, thing)
        return None
    except PluginError as error:
        findings.add(keys, error.message, bug)
        return None
    before = len(findings.problems)
    named = dict(_named(parameters, keys, slot, findings, registry))
    if len(findings.problems) > before:
        return None
    try:
        dumped = parameters.model_dump(mode="json", by_alias=True, warnings="error")
        chosen = parameters.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        for key, (nested, default) in named.items():
            if keys[0] != "evaluation":  # a score's protocol says by what it was measured
                dumped[key] = _of_each(nested, "data")
            chosen.pop(key, None)
            picked = _of_each(nested, "chosen")
            if default is None or picked != _of_each(default, "chosen"):
                chosen[key] = picked
        json.dumps(dumped, allow_nan=False)
    except Exception as error:
        findings.add(keys, f"{thing}: its parameters cannot be written: {text_of(error)}", bug)
        return None
    dumped, chosen = ({"name": name, **each, **own} for each in (dumped, chosen))
    return Entry(component, parameters, dumped, chosen)


Nested = Entry | list[Entry]
"""What a parameter names: a component, or a list of some."""


def _named(
    parameters: Parameters, keys: Keys, outer: Slot, findings: Findings, registry: Registry
) -> Iterator[tuple[str, tuple[Nested, Nested | None]]]:
    """Yield the components that a component's parameters name, each with those of the default.

    An architecture that is wrapped plays the role of what wraps it.
    """
    for name, described in type(parameters).model_fields.items():
        value = getattr(parameters, name)
        for kind in (m.kind for m in described.metadata if isinstance(m, Names)):
            role = outer.role if kind == outer.kind else ""
            path, slot = (*keys, name), Slot(kind, role)
            found = _nested(value, path, slot, findings, registry)
            default = described.get_default(call_default_factory=True)
            other = _nested(default, path, slot, Findings(Document("default")), registry)
            if found is not None:
                yield described.serialization_alias or name, (found, other)


def _nested(
    value: Any, keys: Keys, slot: Slot, findings: Findings, registry: Registry
) -> Nested | None:
    """Check what a parameter names: a component, a list of some, or none."""
    if isinstance(value, list):
        each = [_entry(one, (*keys, i), slot, findings, registry) for i, one in enumerate(value)]
        return [entry for entry in each if entry]
    return _entry(value, keys, slot, findings, registry) if isinstance(value, str | dict) else None


def _of_each(nested: Nested, attribute: str) -> Any:
    if isinstance(nested, list):
        return [getattr(entry, attribute) for entry in nested]
    return getattr(nested, attribute)
