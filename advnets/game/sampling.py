"""Sample from a generator, each replica its share, and interpolate between latent points."""

from __future__ import annotations

import numbers
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import tensorflow as tf

from ..data import Field
from ..data.given import Told
from ..distribute.replicas import replica_index, replicas
from ..errors import UsageError
from .classes import refuse_no_classes

PER_LINE = 10
"""Samples on a straight line, both of its ends included."""


class Sampler:
    """Make samples in inference mode, traced once for any number of them.

    What they are made of is divided among the replicas of the strategy that the networks
    were made under, and the samples are gathered in its order. Where several workers play,
    all of them call it at the same time, with the same arguments, and all get the same.

    Args:
        make: Makes samples ``[N, ...]`` of tensors ``[N, ...]`` by name.
        strategy: The strategy under whose scope the networks were made.

    >>> sampler = Sampler(lambda told: 2.0 * told["latent"], tf.distribute.get_strategy())
    >>> sampler({"latent": np.ones([3, 2])}, chunk=2).tolist()
    [[2.0, 2.0], [2.0, 2.0], [2.0, 2.0]]
    """

    def __init__(
        self, make: Callable[[dict[str, tf.Tensor]], tf.Tensor], strategy: tf.distribute.Strategy
    ):
        self._make, self._strategy = make, strategy
        self._traced: Callable[..., tf.Tensor] | None = None

    def __call__(self, told: Mapping[str, np.ndarray], chunk: int) -> np.ndarray:
        """Return the samples.

        Args:
            told: Arrays ``[n, ...]`` by name: ``latent``, fields.
            chunk: How many all replicas make at once, about, which bounds memory.

        Returns:
            float32 ``[n, ...]``.
        """
        replicas = self._strategy.num_replicas_in_sync
        chunk = max(chunk // replicas, 1) * replicas
        parts = []
        for start in range(0, len(next(iter(told.values()))), chunk):
            part = {name: _as_tensor(each[start : start + chunk]) for name, each in told.items()}
            # Every replica takes as many; what a last, uneven chunk lacks is made up and dropped.
            lacking = -len(next(iter(part.values()))) % replicas
            part = {
                name: np.pad(each, [(0, lacking)] + [(0, 0)] * (each.ndim - 1))
                for name, each in part.items()
            }
            if self._traced is None:
                self._traced = self._trace(part)
            samples = self._traced({name: tf.constant(each) for name, each in part.items()})
            parts.append(samples.numpy()[: len(samples) - lacking])
        return np.concatenate(parts).astype("float32")

    def _trace(self, part: Mapping[str, np.ndarray]) -> Callable[..., tf.Tensor]:
        """Return the compiled function for any number of samples."""
        signature = {
            name: tf.TensorSpec([None, *each.shape[1:]], tf.as_dtype(each.dtype))
            for name, each in part.items()
        }
        # One trace, and not counted with those of other games: TensorFlow keeps its account of
        # what is traced too often by the line of code, and would warn of the fifth game.
        return tf.function(self._generate, autograph=False).get_concrete_function(signature)

    def _generate(self, told: dict[str, tf.Tensor]) -> tf.Tensor:
        if self._strategy.num_replicas_in_sync == 1:
            return self._make(told)

        def share() -> tf.Tensor:
            each = tf.shape(next(iter(told.values())))[0] // replicas()
            start = replica_index() * each
            return self._make({name: x[start : start + each] for name, x in told.items()})

        return self._strategy.gather(self._strategy.run(share), axis=0)


def _as_tensor(values: np.ndarray) -> np.ndarray:
    values = np.asarray(values)
    return values if values.dtype.kind in "iu" else values.astype(np.float32)


def check_whole(name: str, value: Any, least: int | None = None, most: int | None = None) -> None:
    """Refuse what is no whole number, or out of bounds.

    Raises:
        UsageError: With what was given.

    >>> check_whole("samples", 3, 1)
    >>> check_whole("samples", 2.5, 1)
    Traceback (most recent call last):
    ...
    advnets.errors.UsageError: samples=2.5; a whole number, 1 at least, was expected
    """
    whole = isinstance(value, numbers.Integral) and not isinstance(value, bool)
    if whole and (least is None or value >= least) and (most is None or value <= most):
        return
    bounds = "" if least is None else f", {least} at least"
    bounds = bounds if most is None else f", {least} to {most}"
    ends = "," if bounds else ""
    raise UsageError(f"{name}={value!r:.60}; a whole number{bounds}{ends} was expected")


def interpolate_told(
    told: Mapping[str, np.ndarray], n: int, per_line: int = PER_LINE
) -> dict[str, np.ndarray]:
    """Return what samples along lines between latent points are made of.

    Fields don't move along a line: all of it has those of its beginning.

    Args:
        told: Arrays ``[m, ...]`` by name, ``latent`` among them.
        n, per_line: See :func:`interpolate_latents`.

    >>> told = {"latent": np.array([[0.0], [1.0]]), "label": np.array([3, 4])}
    >>> interpolate_told(told, 4, per_line=2)["label"].tolist()
    [3, 3, 4, 4]
    """
    rows = np.arange(n) // per_line
    fields = {name: values[rows % len(values)] for name, values in told.items()}
    return fields | {"latent": interpolate_latents(told["latent"], n, per_line)}


def interpolate_latents(ends: np.ndarray, n: int, per_line: int = PER_LINE) -> np.ndarray:
    """Return latent points along the lines between ends 0 → 1, 1 → 2, …

    Args:
        ends: Latent points, float32 ``[m, *shape]``, m ≥ 1.
        n: How many points to return.
        per_line: Points on each line, both of its ends included.

    Returns:
        float32 ``[n, *shape]``, one line after the other.

    Source: Goodfellow et al. 2014, figure 3.

    >>> interpolate_latents(np.array([[0.0], [1.0], [0.0]]), 6, per_line=3).ravel().tolist()
    [0.0, 0.5, 1.0, 1.0, 0.5, 0.0]
    """
    weights = np.linspace(0.0, 1.0, per_line).reshape(-1, *[1] * (np.ndim(ends) - 1))
    lines = [
        (1 - weights) * ends[i % len(ends)] + weights * ends[(i + 1) % len(ends)]
        for i in range(-(-n // per_line))
    ]
    return np.concatenate(lines)[:n].astype("float32")


def refuse_no_arrays(x: Any) -> None:
    """Refuse what no samples can be made of: no arrays of numbers, or none in them.

    Raises:
        UsageError: With what was given.
    """
    if x is None or isinstance(x, list | tuple | str | numbers.Number):
        found = "nothing" if x is None else f"a {type(x).__name__}"
    elif any(getattr(one, "shape", None) in ((), (0,)) for one in tf.nest.flatten(x)):
        found = "a single number"
    elif any(tuple(getattr(one, "shape", (1,)))[:1] == (0,) for one in tf.nest.flatten(x)):
        found = "an array of no rows"
    else:
        return
    raise UsageError(
        f"samples are made of arrays of latent points, [N, ...]; {found} was given",
        hint="game.generate(n) draws them itself",
    )


def name_told(inputs: Any, told: Told) -> dict[str, Any]:
    """Return what samples are to be made of, by name, if it is what a game takes.

    Args:
        inputs: Tensors or arrays ``[N, ...]`` by name, or one where only one is taken.
        told: What the game takes.

    Returns:
        The same, numbers at hand in the type that the game takes.

    Raises:
        UsageError: If something is missing, unknown, or of another shape.
    """
    wanted = ", ".join(told)
    if not isinstance(inputs, Mapping):
        if len(told) != 1:
            names = ", ".join(f"{name!r}: …" for name in told)
            raise UsageError(
                f"samples of this game are made of {wanted}; one array was given",
                hint=f"give a dictionary by name: {{{names}}}",
            )
        inputs = {next(iter(told)): inputs}
    elif any(not hasattr(value, "shape") for value in inputs.values()):
        raise UsageError(
            "samples are made of arrays [N, ...] by name; "
            + ", ".join(f"{n} is a {type(v).__name__}" for n, v in inputs.items()),
            hint="np.asarray(…, 'float32'), or game.generate(n)",
        )
    if inputs.keys() != told.keys():
        raise UsageError(
            f"samples of this game are made of {wanted}; {', '.join(inputs)} was given",
            hint="game.generate(n, given={…}) draws what is not given",
        )
    for name, field in told.items():
        shape = tf.TensorShape(getattr(inputs[name], "shape", None))
        if field is not None and not shape.is_compatible_with((None, *field.shape)):
            raise UsageError(
                f"samples of this game are made of {name!r} of the shape {field.shape}; "
                f"{tuple(shape[1:])} was given",
                hint="game.discriminator.predict(x) judges examples",
            )
        classes = None if field is None else field.classes
        if classes is not None and not tf.is_symbolic_tensor(values := inputs[name]):
            refuse_no_classes(np.asarray(values), classes, "the generator", repr(name))
    return {name: _typed(inputs[name], field) for name, field in told.items()}


def _typed(value: Any, field: Field | None) -> Any:
    if field is None or tf.is_symbolic_tensor(value):
        return value
    kinds = "f"  # whole numbers for floats are pictures, perhaps: somebody else knows their range
    if tf.as_dtype(field.dtype).is_integer:
        kinds = "iub" if field.classes is None else "iubf"
    found = np.asarray(value)
    return found.astype(field.dtype) if found.dtype.kind in kinds else value
