"""Gradients against finite differences; values that must be finite, and one per example."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any
from unittest import mock

import numpy as np
import tensorflow as tf

from .failure import fail

WIDTH = 1e-2
"""Step of a central difference: a compromise between float32's rounding and curvature."""


def per_example(values: Any, n: int, who: str, like: tuple[int, ...] = ()) -> np.ndarray:
    """``values`` as an array, if they are n finite numbers in floating point.

    Args:
        values: What was returned.
        n: Examples.
        who: Returned it, for the message.
        like: Shape of one example's logits: there may be as many values for each.
    """
    array = np.asarray(tensor(values, who, n))
    if array.shape not in ((n,), (n, *like)):
        fail(
            f"{who} returned shape {array.shape} for {n} examples; ({n},), one value per example, "
            "was expected",
            hint="leave the mean over the batch to advnets; what is one value of the whole batch, "
            "every example has: tf.fill([n], value)",
        )
    if array.dtype.kind != "f":
        fail(f"{who} returned {array.dtype}; a floating-point type was expected")
    if not np.isfinite(array).all():
        fail(
            f"{who} returned {array.tolist()}; finite numbers were expected",
            hint="tf.math.softplus(x) is log(1 + exp(x)) without overflow; bound what grows "
            "exponentially, tf.exp(tf.minimum(x, 80.0))",
        )
    return array


def tensor(values: Any, who: str, n: int | str) -> Any:
    """``values``, if they are a tensor or an array, which of n examples was expected."""
    if not tf.is_tensor(values) and not isinstance(values, np.ndarray):
        fail(
            f"{who} returned {type(values).__name__}; a tensor of shape [{n}] was expected",
            hint="return what was computed, one value per example",
        )
    return values


def finite_gradient(gradient: tf.Tensor | None, who: str) -> None:
    """Fail if a gradient holds NaN or infinity; ``None`` (no dependence) is finite."""
    if gradient is not None and not np.isfinite(np.asarray(gradient)).all():
        fail(
            f"the gradient of {who} is not finite",
            hint="roots and divisions have infinite gradients at 0, and tf.where does not "
            "shield from them: choose a harmless argument inside as well",
        )


def same_gradient(
    value: Callable[[], tf.Tensor],
    points: Sequence[tf.Variable],
    gradients: Sequence[tf.Tensor | None],
    who: str,
    limit: int = 12,
) -> None:
    """Compare gradients of a scalar with central differences.

    What no gradient runs through by intention is held fixed at the other points: what was given
    to ``tf.stop_gradient``, and what variables, a component's state, were assigned. Coordinates
    where the function has a kink within reach are left out.

    Args:
        value: The scalar at the points' current values.
        points: What it is differentiated by.
        gradients: By automatic differentiation.
        who: What is differentiated, for the message.
        limit: Coordinates looked at per variable.
    """
    kept: list[tf.Tensor] = []
    with _holding(kept, again=False):
        here = float(value())
    for variable, gradient in zip(points, gradients, strict=True):
        start = variable.numpy()
        exact = np.zeros_like(start) if gradient is None else np.asarray(gradient)
        coordinates = list(np.ndindex(start.shape))
        for index in coordinates[:: max(1, len(coordinates) // limit)]:
            sides = []
            for sign in (1.0, -1.0):
                moved = start.copy()
                moved[index] += sign * WIDTH
                variable.assign(moved)
                with _holding(kept, again=True):
                    sides.append(float(value()))
            variable.assign(start)
            slope = (sides[0] - sides[1]) / (2 * WIDTH)
            bend = abs(sides[0] - 2 * here + sides[1]) / WIDTH
            tolerance = 2e-2 * max(1.0, abs(slope), abs(here))
            if bend < 0.2 * max(1.0, abs(slope)) and abs(slope - exact[index]) > tolerance:
                fail(
                    f"the gradient of {who} is {float(exact[index]):.4g} where finite differences "
                    f"give {slope:.4g}",
                    hint="look for rounding, casts to whole numbers, tensors that went through "
                    "NumPy, or a gradient of your own",
                )


@contextlib.contextmanager
def _holding(kept: list[tf.Tensor], again: bool) -> Iterator[None]:
    """Keep what is stopped and assigned inside, in order; or give that out ``again``."""
    stop, waiting = tf.stop_gradient, iter(list(kept))

    def hold(value: tf.Tensor) -> tf.Tensor:
        if again:
            return next(waiting, value)
        kept.append(value)
        return value

    def stopped(input: Any, name: str | None = None) -> tf.Tensor:
        value = stop(input, name=name)
        return hold(value) if tf.executing_eagerly() else value

    def held(method: Callable[..., Any]) -> Callable[..., Any]:
        def change(variable: tf.Variable, value: Any, *args: Any, **options: Any) -> Any:
            changed = method(variable, value, *args, **options)
            if tf.executing_eagerly():
                methods["assign"](variable, hold(tf.identity(variable)))
            return changed

        return change

    owner = type(tf.Variable(0.0))
    methods = {name: getattr(owner, name) for name in ("assign", "assign_add", "assign_sub")}
    with contextlib.ExitStack() as patches:
        patches.enter_context(mock.patch.object(tf, "stop_gradient", stopped))
        for name, method in methods.items():
            patches.enter_context(mock.patch.object(owner, name, held(method)))
        yield
