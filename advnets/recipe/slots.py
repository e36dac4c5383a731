"""Find where in a recipe components stand, and which of its keys are of the recipe's own choice."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args, get_origin

from pydantic import BaseModel

from .document import Keys
from .schema import ANY, OFFLINE, RecipeSchema, Slot


def slots(model: type[BaseModel], keys: Keys = ()) -> Iterator[tuple[Keys, Slot]]:
    """Yield every key of a recipe, or of a section of it, that names components.

    >>> [".".join(keys) for keys, slot in slots(RecipeSchema) if slot.many]
    ['penalties', 'augmentations', 'monitoring.callbacks', 'evaluation.metrics']
    >>> [".".join(keys) for keys, slot in slots(RecipeSchema) if slot.open]
    ['networks.*', 'conditions.*', 'optimizers.*']
    >>> [".".join(keys) for keys, slot in slots(RecipeSchema) if slot.kind == "datasets"]
    ['dataset', 'streams.*.dataset']
    """
    for name, field in model.model_fields.items():
        for slot in field.metadata:
            if isinstance(slot, Slot):
                yield (*keys, name, ANY) if slot.open else (*keys, name), slot
        if isinstance(section := field.annotation, type) and issubclass(section, BaseModel):
            yield from slots(section, (*keys, name))
        elif get_origin(section) is dict:
            held = get_args(section)[1]
            if isinstance(held, type) and issubclass(held, BaseModel):
                yield from slots(held, (*keys, name, ANY))


SLOTS = dict(slots(RecipeSchema))
"""Where components stand: names of the recipe's choice as :data:`ANY`."""


def slot_at(keys: Keys) -> Slot | None:
    """Return the slot that a key of a recipe is, if it is one.

    >>> slot_at(("streams", "other", "dataset")).kind, slot_at(("streams", "other"))
    ('datasets', None)
    """
    if keys in SLOTS:
        return SLOTS[keys]
    return next(
        (
            slot
            for pattern, slot in SLOTS.items()
            if ANY in pattern
            and len(pattern) == len(keys)
            and all(one in (ANY, key) for one, key in zip(pattern, keys, strict=True))
        ),
        None,
    )


def is_stand_in(keys: Keys) -> bool:
    """Tell whether the stand-in of a data set stands at ``keys``.

    >>> is_stand_in(("dataset", "offline")), is_stand_in(("streams", "other", "offline"))
    (True, False)
    """
    slot = slot_at(keys[:-1])
    return slot is not None and slot.kind == "datasets" and keys[-1] == OFFLINE


def is_entry(keys: Keys) -> bool:
    """Tell whether a component's entry stands at ``keys``.

    >>> is_entry(("dataset", "offline")), is_entry(("penalties", 0)), is_entry(("training",))
    (True, True, False)
    >>> is_entry(("networks", "encoder")), is_entry(("networks",)), is_entry(("given", "encoder"))
    (True, False, False)
    """
    if keys and is_stand_in(keys):
        return True
    if keys and isinstance(keys[-1], int):
        slot = SLOTS.get(keys[:-1])
        return slot is not None and slot.many
    slot = slot_at(keys)
    return slot is not None and not slot.many
