"""Build a component of any kind, once, from what it is to be tried with."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import keras
import numpy as np

from .. import game
from ..data import DataContext, DataSpec, Source
from ..errors import AdvnetsError
from ..networks import NetworkContext, OptimizerContext
from ..observe import CallbackContext, Observer
from ..plugins import load_plugins
from ..plugins.components import PLAYERS
from ..train.build import make_part
from ..train.callbacks import make_nested
from ..train.find_data import make_data
from .failure import fail
from .subject import Subject
from .trial import LATENT, Trial

IMAGE, VECTOR = (8, 8, 1), (3,)
"""Shapes of the data that a network is built for; it may refuse one of them."""


def shapes_for(subject: Subject) -> tuple[tuple[int, ...], ...]:
    """The shapes of the data that a network is tried with: that of its example, or both."""
    own = subject.example.get("shape")
    return (IMAGE, VECTOR) if own is None else (tuple(own),)


def roles_of(subject: Subject) -> tuple[str, ...]:
    """The players that an architecture can play; ``encoder`` of one that can play neither."""
    declared = subject.component.roles if subject.component is not None else PLAYERS
    return tuple(role for role in PLAYERS if role in declared) or tuple(declared)


def network_context(
    role: Any, shape: tuple[int, ...], seed: int = 1, **more: Any
) -> NetworkContext:
    """What an architecture is called with, for data of a shape; an encoder gives a latent."""
    return NetworkContext(
        role=role,
        input_shape=(LATENT,) if role == "generator" else shape,
        output_shape={"generator": shape, "discriminator": ()}.get(role, (LATENT,)),
        marginals=lambda: np.full(shape, 0.5, "float32"),
        seed=seed,
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
        maker=lambda *asked: make_part(load_plugins(), *asked),
        streams=_Specs(Trial(subject.example)),
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
    """Build the component; what measures or learns at once is only held against what it takes.

    Raises:
        ConformanceError: If it makes something else than its kind.
        Exception: Whatever its code raises.
    """
    if subject.kind == "architectures":
        _build_networks(subject)
    elif subject.kind in ("metrics", "features"):
        target = subject.component.load() if subject.component is not None else subject.make
        inspect.signature(target).bind(object(), **subject.parameters)
    elif subject.kind in KINDS:
        kind, arguments = KINDS[subject.kind]
        made = arguments(subject)
        if not isinstance(made, kind):
            expected = " or a ".join(one.__name__ for one in kind)
            fail(f"it makes {type(made).__name__}, not a {expected}")


def _build_networks(subject: Subject) -> None:
    for role in roles_of(subject):
        refusals = []
        for shape in shapes_for(subject):
            try:
                told = subject.example.get("given", {})
                made = subject.make(network_context(role, shape, given=told, fields=told))
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
    context = DataContext(subject.name, partial(make_data, load_plugins(), None))
    return subject.make(context=context)


def callback_of(subject: Subject) -> Any:
    """Make a callback, which may name others, with the context of a run that is none."""
    context = CallbackContext(spec=Trial(subject.example).spec(["label"]))
    if subject.component is not None:
        maker = partial(make_nested, load_plugins(), subject.component, context)
        context = replace(context, maker=maker)
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
    "callbacks": ((keras.callbacks.Callback, Observer), callback_of),
}
"""What a component of each kind makes, and how it is asked to."""
