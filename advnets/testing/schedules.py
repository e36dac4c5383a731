"""Check that a parameter which may be a schedule is one: it has the round's value, in a round."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, get_args

import numpy as np
from pydantic import ValidationError

from ..game import AdversarialGame
from ..plugins.schedule import Schedule
from ..schedule import at_round
from . import toys
from .building import made_of
from .failure import ConformanceError, fail
from .subject import Subject, subject_of
from .trial import Trial

ROUNDS = 2
"""Rounds that are played with the value that a schedule begins with."""


def takes_schedules(subject: Subject) -> None:
    """With a schedule that goes from its value to another one much later, two rounds are those of
    the value that it begins with.

    Asked of each parameter whose schema takes a schedule (:data:`advnets.Weight`).
    """
    play = PLAYS.get(subject.kind)
    if subject.component is None or play is None:
        return
    with at_round(None):  # where a run makes its components
        _try_schedules(subject, play)


def _try_schedules(subject: Subject, play: Callable[[Subject], Any]) -> None:
    for name, value, other in _scheduled(subject):
        begin = _with(subject, name, value)
        end = _with(subject, name, other)
        way = _with(subject, name, {"from": value, "to": other, "rounds": 1, "begin": 1000})
        if begin is None or end is None or way is None:
            continue  # the schema has a reason of its own
        try:
            moved = play(way)
        except ConformanceError:
            raise
        except Exception as error:
            raise ConformanceError(
                f"with a schedule as its {name} it fails: {type(error).__name__}: {error}", HINT
            ) from error
        if _alike(moved, play(begin)):
            continue
        late = _alike(moved, play(end))
        fail(
            f"with a schedule of its {name} from {value:g} to {other:g} in round 1000, the first "
            f"rounds are those of {f'{other:g}' if late else 'neither of the two'}",
            hint=HINT,
        )


HINT = (
    "keep `self.weight = advnets.game.scheduled(weight)`, and call it where the number is wanted, "
    "in the round: self.weight()"
)


def _scheduled(subject: Subject) -> Iterator[tuple[str, float, float]]:
    """Yield the parameters that take a schedule, their values, and others."""
    assert subject.component is not None
    for name, field in subject.component.parameters.model_fields.items():
        value = subject.parameters.get(name)
        if _takes_schedule(field.annotation) and isinstance(value, int | float):
            yield field.alias or name, float(value), value / 2 if value else 0.5


def _takes_schedule(annotation: Any) -> bool:
    parts = get_args(annotation)
    return annotation is Schedule or any(_takes_schedule(part) for part in parts)


def _with(subject: Subject, name: str, value: Any) -> Subject | None:
    """Return the subject with another value of a parameter; ``None`` if its schema refuses it."""
    component = subject.component
    assert component is not None
    own = component.resolve(dict(subject.parameters)).model_dump(mode="json", by_alias=True)
    try:
        component.resolve({**own, name: value})
    except ValidationError:
        return None
    given = {**own, name: value}
    return subject_of(
        subject.kind, component, given, example=subject.example, registry=subject.registry
    )


def _alike(one: list[np.ndarray], other: list[np.ndarray]) -> bool:
    return all(np.allclose(a, b, rtol=1e-5, atol=1e-7) for a, b in zip(one, other, strict=True))


def _game(option: str, many: bool) -> Callable[[Subject], list[np.ndarray]]:
    def play(subject: Subject) -> list[np.ndarray]:
        made, trial = made_of(subject), Trial(subject.example)
        fields = (*getattr(made, "fields", ()), *trial.described)
        # A loss or a penalty reads them of both sides; G is told them, so that both have them.
        told = made.fields if option in ("loss", "penalties") else ()
        played = toys.game(trial, told=told, **{option: [made] if many else made})
        batches = getattr(made, "batches", 1)
        data = trial.data(8 * batches, dict.fromkeys(fields), streams=played.streams)
        return _played(played, data)

    return play


def _descend(subject: Subject) -> list[np.ndarray]:
    played = toys.game()
    played.compile(made_of(subject), made_of(subject))
    return _played(played, Trial().data(8))


def _played(game: AdversarialGame, data: Any) -> list[np.ndarray]:
    """Return the weights and what was logged: Adam's steps do not tell a loss from its half."""
    found: list[np.ndarray] = []
    for _ in range(ROUNDS):
        logs = game.train_step(data)
        found += [np.asarray(logs[name]) for name in sorted(logs)]
    return found + [w for network in game.networks.values() for w in network.get_weights()]


PLAYS: dict[str, Callable[[Subject], list[np.ndarray]]] = {
    "losses": _game("loss", many=False),
    "penalties": _game("penalties", many=True),
    "augmentations": _game("augmentations", many=True),
    "updates": _game("updates", many=False),
    "encounters": _game("encounter", many=False),
    "optimizers": _descend,
}
"""How a few rounds are played with a component of a kind: what moves, afterwards."""
