"""A plugin for the tests: one of everything, each failing where and how a recipe says."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from advnets import Component, DatasetParameters, Parameters, hookimpl


class Faulty(Parameters):
    """Where, when and how to fail."""

    where: str = ""
    how: str = "raise"
    step: int = 12
    path: str = ""
    keep: int = 0


class FaultyData(DatasetParameters):
    """The same for a data set."""

    where: str = ""
    how: str = "raise"


def fail(how: str, path: str = "", keep: int = 0) -> Any:
    """Do one of the things that go wrong."""
    if how == "exit":
        sys.exit(0)
    elif how == "fill":
        fill(Path(path), keep)
    elif how == "read_only":
        subprocess.run(["mount", "--bind", path, path], check=True)
        subprocess.run(["mount", "-o", "remount,ro,bind", path], check=True)
    elif how == "vanish":
        os.rename(path, f"{path}.gone")
    elif how == "tear":
        with open(path, "a") as file:
            file.write('{"step": 12, "d_lo')
    elif how == "signal":
        os.kill(os.getpid(), keep)
    elif how == "truncate":
        os.truncate(path, keep)
    elif how == "memory":
        raise MemoryError("Unable to allocate 3.00 TiB")
    elif how == "return":
        return 7
    else:
        raise ValueError("no luck")
    return None


def settle(folder: Path) -> None:
    """Wait for the first checkpoint, which is written meanwhile.

    By ``os.walk``: the draft may be renamed while it is looked at, at which ``rglob`` raises.
    """
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if any(name.startswith("step-") for _, names, _ in os.walk(folder) for name in names):
            return
        time.sleep(0.001)
    raise TimeoutError(f"no checkpoint came to be in {folder}")


def fill(folder: Path, keep: int) -> None:
    """Fill the file system of a folder, but for ``keep`` bytes."""
    space = os.statvfs(folder)
    with (folder / "ballast").open("wb") as file:
        for _ in range(space.f_bavail * space.f_frsize // 4096 - keep // 4096):
            file.write(b"x" * 4096)


def callback(where: str, how: str, step: int, path: str, keep: int) -> Any:
    """A callback of which one method fails, once, from a round on."""
    import keras

    class Failing(keras.callbacks.Callback):
        """Has no other methods than that one."""

    def method(self: Any, *arguments: Any, logs: Any = None) -> None:
        rounds = int(self.model.rounds.numpy())
        if rounds == 12 and step > 12:
            settle(Path(path))
        if rounds >= step and not self.failed and "MENDED" not in os.environ:
            self.failed = True
            fail(how, path, keep)

    setattr(Failing, where, method)
    Failing.failed = False  # type: ignore[attr-defined]
    Failing.changes_game = how == "change"  # type: ignore[attr-defined]
    return Failing()


def loss(where: str, how: str, step: int, path: str, keep: int) -> Any:
    """The non-saturating loss, or something like it."""
    import tensorflow as tf

    from advnets.game import NonSaturating

    class Broken(NonSaturating):
        def __init__(self) -> None:
            super().__init__()
            self.round = tf.Variable(0, trainable=False)

        def generator(self, real: Any, fake: Any) -> Any:
            values = super().generator(real, fake)
            if where == "trace":
                fail(how)
            if where == "shape":
                return tf.reduce_mean(values)
            if where == "nothing":
                return None
            if where == "nan":
                return values * float("nan")
            if where == "round":
                fine = tf.debugging.Assert(self.round < step, ["no luck"])
                with tf.control_dependencies([fine]):
                    return tf.identity(values)
            if where == "memory":
                # Of the values: what is constant, TensorFlow would try to compute beforehand.
                many = tf.tile(values[:, None, None], [1, 10**6, 10**6])
                return tf.reduce_sum(many, [1, 2])
            return values

        def update(self, real: Any, fake: Any) -> None:
            self.round.assign_add(1)

    if where == "build":
        return fail(how)
    return Broken()


def network(context: Any, where: str, how: str, **_: Any) -> Any:
    """A linear network whose layer may fail."""
    import keras

    if where == "build":
        return fail(how)

    class Failing(keras.layers.Layer):
        def call(self, x: Any) -> Any:
            if where == "call" and not isinstance(x, keras.KerasTensor):
                fail(how)
            return x

        def compute_output_shape(self, shape: Any) -> Any:
            return shape

    inputs = keras.Input(context.input_shape)
    outputs = keras.layers.Dense(2 if where == "shape" else 1)(Failing()(inputs))
    if context.role == "discriminator":
        outputs = keras.layers.Reshape(())(outputs)
    return keras.Model(inputs, outputs)


def metric(context: Any, where: str, how: str, **_: Any) -> Any:
    """A metric that fails."""
    return fail(how)


def penalty(where: str, how: str, **_: Any) -> Any:
    """A penalty that fails in its call."""
    from advnets.game import Penalty

    class Failing(Penalty):
        player = "discriminator"

        def __call__(self, play: Any) -> Any:
            return fail(how)

    return fail(how) if where == "build" else Failing()


def anything(*context: Any, how: str, **_: Any) -> Any:
    """What fails to be built, whatever it should have been."""
    return fail(how)


def dataset(where: str, how: str, preprocess: Any) -> Any:
    """A data set that fails in one of its methods."""
    from advnets.data import DataSpec, Source

    class Failing(Source):
        name = "failing"
        spec = DataSpec((1,), "float32")
        splits = ("train",)

        def available(self) -> None:
            if where == "available":
                fail(how)

        def read(self, split: str) -> Any:
            return fail(how)

    return fail(how) if where == "build" else Failing(preprocess)


def _component(target: str, parameters: type[Parameters] = Faulty) -> list[Component]:
    return [Component("faulty", f"{__name__}:{target}", "fails", parameters)]


@hookimpl
def advnets_callbacks() -> list[Component]:
    """One callback."""
    changing = Component("changing", f"{__name__}:callback", "fails", Faulty, changes_game=True)
    return [*_component("callback"), changing]


@hookimpl
def advnets_losses() -> list[Component]:
    """One loss."""
    return _component("loss")


@hookimpl
def advnets_architectures() -> list[Component]:
    """One network."""
    return _component("network")


@hookimpl
def advnets_metrics() -> list[Component]:
    """One metric."""
    return _component("metric")


@hookimpl
def advnets_penalties() -> list[Component]:
    """One penalty."""
    return _component("penalty")


@hookimpl
def advnets_datasets() -> list[Component]:
    """One data set."""
    return _component("dataset", FaultyData)


@hookimpl
def advnets_priors() -> list[Component]:
    """One prior."""
    return _component("anything")


@hookimpl
def advnets_updates() -> list[Component]:
    """One update rule."""
    return _component("anything")


@hookimpl
def advnets_optimizers() -> list[Component]:
    """One optimizer."""
    return _component("anything")
