"""Build the networks that an architecture makes for each role and each shape of data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf

from .. import random
from ..data import Field
from ..errors import AdvnetsError
from ..game import AdversarialGame, Side
from ..game.wiring import input_names
from ..networks import NetworkContext
from ..random import Draw
from ..schedule import at_round
from . import toys
from .building import network_context, refuse_shapes, roles_of, shapes_for
from .failure import fail
from .subject import Subject
from .trial import Trial


@dataclass(frozen=True)
class Built:
    """A network, built for a role and a shape of data."""

    model: keras.Model
    context: NetworkContext
    data: tuple[int, ...]

    def __str__(self) -> str:
        told = f", told {', '.join(self.context.given)}" if self.context.given else ""
        return f"the {self.context.role} for data of shape {self.data}{told}"

    def inputs(self, n: int, seed: int = 0, scale: float = 1.0) -> Any:
        """n inputs: a tensor, or several by name where it is told something."""
        main = scale * toys.examples(n, self.context.input_shape, seed)
        if not self.context.given or input_names(self.model) is None:
            return main
        told = {name: self._trial.values(name, n, seed) for name in self.context.given}
        return {self.context.input_name: main, **told}

    def outputs(self, x: Any, training: bool = False, step: int = 0) -> dict[str, tf.Tensor]:
        """What it returns, by name, with dropout as in a game.

        What moves in training, averages of a normalisation say, is put back.
        """
        moving = self.model.non_trainable_weights
        before = [variable.numpy() for variable in moving]
        said = self.call(x, training, step)
        for variable, value in zip(moving, before, strict=True):
            variable.assign(value)
        return dict(said) if isinstance(said, dict) else {"output": said}

    def call(self, x: Any, training: bool = False, step: int = 0) -> Any:
        """What it returns, called as a game calls it, in which a round is played."""
        examples = tf.shape(tf.nest.flatten(x)[0])[0]
        segments = [("real", examples)]
        with at_round(tf.constant(step, tf.int64)), random.scope(Draw(1, step), "check", segments):
            return self.model(x, training=training)

    def game(self) -> AdversarialGame:
        """A small game that it plays in."""
        options: dict[str, Any] = {self.context.role: self.model}
        if self.context.role == "discriminator":
            words = Side(self.call(self.inputs(1)))
            options["loss"] = None if "logits" in words else toys.EnergyGap()
            options["told"] = self.context.given  # what D is told, generated examples have too
        return toys.game(self._trial, **options)

    def examples(self, n: int) -> Any:
        """n examples of the data, with what it is told."""
        return self._trial.data(n, self.context.given)

    @property
    def _trial(self) -> Trial:
        return Trial({"shape": self.data, "fields": self.context.given})


def all_built(subject: Subject) -> Iterator[Built]:
    """The network for every role and shape; one of several shapes may be refused."""
    for role in roles_of(subject):
        refusals: list[str] = []
        shapes = shapes_for(subject)
        networks = [try_to_build(subject, role, shape, refusals=refusals) for shape in shapes]
        if not any(networks):
            refuse_shapes(role, refusals)
        yield from (network for network in networks if network is not None)


def try_to_build(
    subject: Subject,
    role: str,
    shape: tuple[int, ...],
    seed: int = 1,
    refusals: list[str] | None = None,
    given: Mapping[str, Field] | None = None,
    fields: Mapping[str, Field] | None = None,
) -> Built | None:
    """Build the network, or ``None`` if it refuses in a proper way.

    It is told what the subject's example says that it is told, and what is ``given`` besides.
    """
    told = {**subject.example.get("given", {}), **(given or {})}
    context = network_context(
        subject, role, shape, seed, given=told, fields={**told, **(fields or {})}
    )
    keras.utils.set_random_seed(seed)  # as the engine does
    try:
        model = subject.make(context)
    except AdvnetsError as error:
        if refusals is not None:
            refusals.append(f"{shape}: {error.message}")
        return None
    if not isinstance(model, keras.Model):
        fail(
            f"it makes {type(model).__name__} for the {role}, not a keras.Model",
            hint="return context.model(inputs, outputs)",
        )
    if not model.built:
        fail(f"the {role} is not built", hint="begin with keras.Input(context.input_shape)")
    return Built(model, context, shape)
