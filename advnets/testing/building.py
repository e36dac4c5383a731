"""Build a component of any kind, once, from what it is to be tried with."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import keras
import numpy as np

from .. import game
from ..data import SPLITS, DataContext, DataSpec, DataUnavailable, Field, Source
from ..errors import AdvnetsError
from ..game.streams import declared_streams
from ..networks import NetworkContext, OptimizerContext
from ..observe import Observer
from ..plugins.components import PLAYERS
from ..train.build import make_part
from ..train.build_networks import make_inner
from ..train.callbacks import refuse_unfit
from ..train.find_data import make_data
from .commands import check_imports
from .declared import check_declared
from .failure import fail
from .subject import Subject
from .trial import LATENT, Trial
from .watched import make_watcher

EXAMPLES = 40
"""Examples that the training split of a trial has, as far as components ask."""
IMAGE, VECTOR = (8, 8, 1), (3,)
"""Shapes of the data that a network is built for; it may refuse one of them."""


def shapes_for(
    subject: Subject, otherwise: tuple[tuple[int, ...], ...] = (IMAGE, VECTOR)
) -> tuple[tuple[int, ...], ...]:
    """The shapes of the data that it is tried with: that of its example, or all others."""
    own = subject.example.get("shape")
    return otherwise if own is None else (tuple(own),)


def roles_of(subject: Subject) -> tuple[str, ...]:
    """The players that an architecture can play; ``encoder`` of one that can play neither."""
    declared = subject.component.roles if subject.component is not None else PLAYERS
    return tuple(role for role in PLAYERS if role in declared) or tuple(declared)


def network_context(
    subject: Subject, role: Any, shape: tuple[int, ...], seed: int = 1, **more: Any
) -> NetworkContext:
    """What an architecture is called with, for data of a shape; an encoder gives a latent."""
    return NetworkContext(
        role=role,
        input_shape=(LATENT,) if role == "generator" else shape,
        output_shape={"generator": shape, "discriminator": ()}.get(role, (LATENT,)),
        marginals=lambda: np.full(shape, 0.5, "float32"),
        seed=seed,
        maker=lambda *asked: make_inner(subject.registry, *asked),
        **more,
    )


def game_context(subject: Subject) -> game.GameContext:
    """What a game's components are told of their run.

    A condition draws the first field that its example describes, else a label.
    """
    name = next(iter(subject.example.get("fields", {})), "label")
    spec = Trial(subject.example).spec(["label"])
    return game.GameContext(
        spec,
        *(1, 8, 12, name),
        frequencies=lambda name: _alike(spec.field(name).classes),
        maker=lambda *asked: make_part(subject.registry, *asked),
        streams=_Specs(Trial(subject.example)),
        values=lambda name: Trial(subject.example).values(name, EXAMPLES).numpy(),
    )


class _Specs(dict[str, DataSpec]):
    """Tell of any stream that its data look as the trial's."""

    def __init__(self, trial: Trial):
        super().__init__()
        self._trial = trial

    def __missing__(self, stream: str) -> DataSpec:
        shape = self._trial.field(f"{stream}.example").shape
        return replace(self._trial.spec(["label"]), shape=shape)


def build(subject: Subject) -> None:
    """Build the component, and look at what can be seen of it before anything is played.

    What measures or learns at once is only held against what it takes.

    Raises:
        ConformanceError: If it makes something else than its kind, or what no game or run takes.
        Exception: Whatever its code raises.
    """
    if subject.kind == "architectures":
        _build_networks(subject)
    elif subject.kind in ("metrics", "features"):
        target = subject.component.load() if subject.component is not None else subject.make
        inspect.signature(target).bind(object(), **subject.parameters)
    elif subject.kind == "commands":
        check_imports(subject)
    elif subject.kind in KINDS:
        made = made_of(subject)
        if subject.kind in ("losses", "penalties", "encounters", "updates"):
            _check_roles(made)
            check_declared(subject, made)
        if "encounter" in subject.example:
            Trial(subject.example).encounter()
        LOOKS.get(subject.kind, lambda subject, made: None)(subject, made)


def made_of(subject: Subject) -> Any:
    """Make the component, with the context that its kind has.

    Raises:
        ConformanceError: If it makes something else than its kind.
    """
    kinds, make = KINDS[subject.kind]
    made = make(subject)
    if not isinstance(made, kinds):
        expected = " or ".join(map(_public_name, kinds))
        if isinstance(made, type):
            hint = f"return {made.__name__}(…), an object"
            fail(f"it makes the class {made.__name__}, not {expected}", hint)
        fail(f"it makes {type(made).__name__}, not {expected}")
    return made


def _public_name(kind: type) -> str:
    """Return what its users import it by, with its article."""
    home = kind.__module__.split(".")
    if home[0] == "keras":
        return f"a keras.{'callbacks' if 'callbacks' in home else 'optimizers'}.{kind.__name__}"
    return f"an advnets.{home[1]}.{kind.__name__}"


def _check_roles(made: Any) -> None:
    """Refuse what is no role among those that an encounter or a penalty declares."""
    roles = getattr(made, "roles", {})
    if not isinstance(roles, Mapping):
        fail(f"its roles are {roles!r:.80}; a mapping was expected", ROLE)
    for name, role in roles.items():
        if not isinstance(role, game.Role):
            fail(f"its roles have {name!r}: {role!r:.80}; a Role was expected", ROLE)
    declared_streams(made)


def _look_at_condition(subject: Subject, made: Any) -> None:
    field = getattr(made, "field", None)
    if not isinstance(field, Field):
        fail(
            f"its field is {field!r}; an advnets.data.Field was expected",
            hint="self.field = Field((), 'int64', classes=10) says what it draws",
        )


def _look_at_source(subject: Subject, made: Any) -> None:
    try:
        made.available()
    except DataUnavailable:
        return  # what it declares may be read from its data
    if not isinstance(made.spec, DataSpec):
        fail(
            f"its spec is {made.spec!r:.100}, not an advnets.data.DataSpec",
            hint="spec = DataSpec(shape, dtype, low, high)",
        )
    splits = made.splits
    if not isinstance(splits, tuple | list) or "train" not in splits or set(splits) - {*SPLITS}:
        fail(
            f"its splits are {splits!r:.100}; 'train', and others of {SPLITS}, were expected",
            hint='splits = ("train", "test")',
        )


def _look_at_callback(subject: Subject, made: Any) -> None:
    if subject.component is not None:
        refuse_unfit(made, subject.component)


LOOKS: dict[str, Callable[[Subject, Any], None]] = {
    "conditions": _look_at_condition,
    "datasets": _look_at_source,
    "callbacks": _look_at_callback,
}
"""What is seen of what was made, by kind."""
ROLE = "roles = {'encoder': Role('example', 'latent')}: what it takes, and what it gives"


def _build_networks(subject: Subject) -> None:
    for role in roles_of(subject):
        refusals = []
        for shape in shapes_for(subject):
            try:
                told = subject.example.get("given", {})
                made = subject.make(network_context(subject, role, shape, given=told, fields=told))
            except AdvnetsError as error:
                refusals.append(f"{shape}: {error.message}")
                continue
            if not isinstance(made, keras.Model):
                fail(f"it makes {type(made).__name__} for the {role}, not a keras.Model")
        if len(refusals) == len(shapes_for(subject)):
            refuse_shapes(role, refusals)


def refuse_shapes(role: str, refusals: list[str]) -> None:
    """Fail since a network for a role was built for no shape of data."""
    fail(
        f"the {role} refuses data of shape {'; and of shape '.join(refusals)}",
        hint="say what it is for: Component(…, example={'shape': (28, 28, 1)})",
    )


def source_of(subject: Subject) -> Any:
    """Make a data set, which may name others."""
    context = DataContext(subject.name, partial(make_data, subject.registry, None))
    return subject.make(context=context)


def _with_context(subject: Subject) -> Any:
    return subject.make(context=game_context(subject))


def _optimizer(subject: Subject) -> Any:
    return subject.make(OptimizerContext(steps_per_epoch=2, total_steps=100, batch_size=4))


def _alike(classes: int | None) -> np.ndarray:
    return np.full(classes or 1, 1 / (classes or 1))


KINDS: dict[str, tuple[tuple[type, ...], Callable[[Subject], Any]]] = {
    "losses": ((game.Loss,), _with_context),
    "penalties": ((game.Penalty,), _with_context),
    "datasets": ((Source,), source_of),
    "priors": ((game.Prior,), _with_context),
    "conditions": ((game.Condition,), _with_context),
    "encounters": ((game.Encounter,), _with_context),
    "augmentations": ((game.Augmentation,), _with_context),
    "updates": ((game.UpdateRule,), _with_context),
    "optimizers": ((keras.optimizers.Optimizer,), _optimizer),
    "callbacks": ((keras.callbacks.Callback, Observer), make_watcher),
}
"""What a component of each kind makes, and how it is asked to."""
