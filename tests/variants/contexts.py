"""What is told where it stands: data sets of data sets, and callbacks that write."""

from __future__ import annotations

from typing import Annotated, Any

import keras
import numpy as np
from pydantic import Field as Parameter

import advnets
from advnets.data import DataContext, DataSpec, Examples, Source
from advnets.observe import CallbackContext, Moment, Observer, View


class First(Source):
    """The first examples of another data set.

    Args:
        of: The other one.
        examples: How many of each split.
        context: Makes it.
        preprocess: See ``advnets.DatasetParameters``.
    """

    def __init__(self, of: Any, examples: int, context: DataContext, preprocess: Any = "auto"):
        super().__init__(preprocess)
        self.of: Source = context.make("datasets", of)
        self.name = f"first {examples} of {self.of.name}"
        self.examples, self.cache = examples, context.cache

    @property
    def spec(self) -> DataSpec:
        return self.of.spec

    @property
    def splits(self) -> tuple[str, ...]:
        return self.of.splits

    def available(self) -> None:
        self.of.available()

    def read(self, split: str) -> Examples:
        return self.of.take(split, np.arange(min(self.examples, self.of.count(split))))


class Joined(First):
    """The first examples of several data sets that are alike, one after the other."""

    def __init__(
        self, of: list[Any], examples: int, context: DataContext, preprocess: Any = "auto"
    ):
        super().__init__(of[0], examples, context, preprocess)
        self.all = [First(each, examples, context) for each in of]

    def available(self) -> None:
        for each in self.all:
            each.available()

    def read(self, split: str) -> Examples:
        return Examples(np.concatenate([each.load(split) for each in self.all]))


class Noting(keras.callbacks.Callback):
    """Writes the epoch's loss into TensorBoard, and a line into the run's folder."""

    chief_only = True

    def __init__(self, context: CallbackContext):
        super().__init__()
        self.context = context

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        context, step = self.context, int(self.model.rounds.numpy())
        context.values(step, {"noted/d_loss": logs["d_loss"]})
        if context.folder is not None and context.recipe is not None and context.spec is not None:
            line = f"{context.recipe.name} {context.spec.shape} {step}\n"
            with open(context.folder / "noted.txt", "a", encoding="utf-8") as file:
                file.write(line)


class Drawing(Observer):
    """Shows a picture at the end."""

    every = 1000

    def __init__(self, context: CallbackContext):
        self.context = context

    def start(self, view: View, step: int) -> None:
        self.folder = view.folder.path

    def observe(self, moment: Moment) -> None:
        from PIL import Image

        path = self.folder / "drawn.png"
        Image.new("L", (4, 4)).save(path)
        self.context.picture(moment.step, "drawn", path)


class Late(keras.callbacks.Callback):
    """Another callback, from some epoch on."""

    def __init__(self, of: Any, epoch: int, context: CallbackContext):
        super().__init__()
        self.of, self.epoch = context.make("callbacks", of), epoch

    def set_model(self, model: Any) -> None:
        super().set_model(model)
        self.of.set_model(model)

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        if epoch >= self.epoch:
            self.of.on_epoch_end(epoch, logs)


def stopping() -> keras.callbacks.Callback:
    return keras.callbacks.EarlyStopping("d_loss")


class FirstParameters(advnets.DatasetParameters):
    """Validate the parameters of ``first``."""

    of: Annotated[str | dict[str, Any], advnets.Names("datasets")] = Parameter(
        description="the other data set"
    )
    examples: int = Parameter(8, ge=1, description="of each split")


class JoinedParameters(advnets.DatasetParameters):
    """Validate the parameters of ``joined``."""

    of: Annotated[list[Any], advnets.Names("datasets")] = Parameter(description="the others")
    examples: int = Parameter(8, ge=1, description="of each split and data set")


class LateParameters(advnets.Parameters):
    """Validate the parameters of ``late``."""

    of: Annotated[str | dict[str, Any], advnets.Names("callbacks")] = Parameter(
        description="the other callback"
    )
    epoch: int = Parameter(1, ge=0, description="from which on it is called")


RING = {"name": "ring", "examples": 64, "held_out": 16}


@advnets.hookimpl
def advnets_datasets() -> list[advnets.Component]:
    first = {"parameters": {"of": RING}}
    joined = {"parameters": {"of": [RING, {**RING, "seed": 3}]}}
    return [
        advnets.Component(
            "first",
            f"{__name__}:First",
            "the first examples of another",
            FirstParameters,
            example=first,
        ),
        advnets.Component(
            "joined",
            f"{__name__}:Joined",
            "several data sets, one after the other",
            JoinedParameters,
            example=joined,
        ),
    ]


@advnets.hookimpl
def advnets_callbacks() -> list[advnets.Component]:
    late = {"parameters": {"of": "noting"}}
    return [
        advnets.Component("noting", f"{__name__}:Noting", "notes the loss"),
        advnets.Component("drawing", f"{__name__}:Drawing", "shows a picture"),
        advnets.Component("stopping", f"{__name__}:stopping", "stops early", changes_game=True),
        advnets.Component(
            "late",
            f"{__name__}:Late",
            "another callback, from some epoch on",
            LateParameters,
            example=late,
        ),
    ]
