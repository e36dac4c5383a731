"""Gradients against finite differences; values that must be finite, and one per example."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

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
    if not tf.is_tensor(values) and not isinstance(values, np.ndarray):
        fail(f"{who} returned {type(values).__name__}; a tensor of shape [{n}] was expected")
    array = np.asarray(values)
    if array.shape not in ((n,), (n, *like)):
        fail(
            f"{who} returned shape {array.shape} for {n} examples; ({n},), one value per example, "
            "was expected",
            hint="leave the mean over the batch to advnets",
        )
    if array.dtype.kind != "f":
        fail(f"{who} returned {array.dtype}; a floating-point type was expected")
    if not np.isfinite(array).all():
        fail(f"{who} returned {array.tolist()}; finite numbers were expected")
    return array


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

    Coordinates where the function has a kink within reach are left out.

    Args:
        value: The scalar at the points' current values.
        points: What it is differentiated by.
        gradients: By automatic differentiation.
        who: What is differentiated, for the message.
        limit: Coordinates looked at per variable.
    """
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
                sides.append(float(value()))
            variable.assign(start)
            slope = (sides[0] - sides[1]) / (2 * WIDTH)
            bend = abs(sides[0] - 2 * here + sides[1]) / WIDTH
            tolerance = 2e-2 * max(1.0, abs(slope), abs(here))
            if bend < 0.2 * max(1.0, abs(slope)) and abs(slope - exact[index]) > tolerance:
                fail(
                    f"the gradient of {who} is {float(exact[index]):.4g} where finite differences "
                    f"give {slope:.4g}",
                    hint="look for tf.stop_gradient, rounding, or a gradient of your own",
                )
