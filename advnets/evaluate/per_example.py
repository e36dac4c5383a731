"""Compute a function of examples on all devices and workers, each of which takes its share.

Scores are means over examples of something that takes long for each: a density, a
distance to all samples, a network's features. :func:`per_example` divides the examples
among the devices of one process; :mod:`advnets.observe` divides them among workers first.
"""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from ..errors import PluginError

AT_ONCE = 500
"""Examples that a function is given at a time, unless its caller chooses."""


def per_example(
    function: Callable[..., Any],
    examples: np.ndarray,
    *others: Any,
    at_once: int = AT_ONCE,
    devices: Sequence[str] = (),
) -> np.ndarray:
    """Compute the values of a function for each example, on several devices.

    For each device the function is called in a thread, under ``tf.device``, for a contiguous
    part of the examples: what it computes with TensorFlow runs there, what it computes with
    NumPy runs on the processor. With one device it is simply called.

    Args:
        function: ``(part [n, ...], *others)`` → numbers ``[n, ...]``, one row for each
            example, which does not depend on the other examples of the part.
        examples: ``[N, ...]``.
        *others: Further arguments of the function, which it is given whole.
        at_once: How many examples it is given at a time, at most, which bounds memory.
        devices: TensorFlow's names of the devices.

    Returns:
        float64 ``[N, ...]``, in the order of the examples.

    Raises:
        PluginError: If the function does not return one row for each example.

    >>> per_example(np.square, np.array([1.0, 2.0, 3.0]), at_once=2)
    array([1., 4., 9.])
    """
    import tensorflow as tf  # scores and reports are read without it

    examples = np.asarray(examples)

    def compute(start: int, end: int, device: str | None) -> list[np.ndarray]:
        with contextlib.nullcontext() if device is None else tf.device(device):
            return [
                _checked(function, examples[first : min(first + at_once, end)], others)
                for first in range(start, end, at_once)
            ]

    bounds = split_evenly(len(examples), max(1, min(len(devices), len(examples))))
    if len(bounds) == 1:
        parts = compute(*bounds[0], None)
    else:
        with ThreadPoolExecutor(len(bounds), thread_name_prefix="per-example") as pool:
            found = pool.map(compute, *zip(*bounds, strict=True), devices)
            parts = [part for share in found for part in share]
    return np.concatenate(parts) if parts else np.zeros(0)


def split_evenly(count: int, parts: int) -> list[tuple[int, int]]:
    """Return the bounds of contiguous parts of nearly equal size.

    >>> split_evenly(5, 2)
    [(0, 2), (2, 5)]
    """
    return [(count * i // parts, count * (i + 1) // parts) for i in range(parts)]


def importable_name(function: Callable[..., Any]) -> tuple[str, str]:
    """Return the module and the name by which other processes import a function.

    Raises:
        PluginError: If they would not find it.

    >>> importable_name(split_evenly)
    ('advnets.evaluate.per_example', 'split_evenly')
    >>> importable_name(lambda x: x)
    Traceback (most recent call last):
    ...
    advnets.errors.PluginError: context.per_example cannot find ... again by its name
      hint: ...
    """
    module, name = getattr(function, "__module__", None), getattr(function, "__name__", None)
    if isinstance(module, str) and isinstance(name, str):
        with contextlib.suppress(ImportError, AttributeError):
            if import_function(module, name) is function:
                return module, name
    raise PluginError(
        f"context.per_example cannot find {function!r} again by its name",
        hint="pass a function of a module, so that other workers can find it too, and whatever "
        "else it needs as further arguments",
    )


def import_function(module: str, name: str) -> Callable[..., Any]:
    """Import the function that :func:`importable_name` named."""
    found: Callable[..., Any] = getattr(importlib.import_module(module), name)
    return found


def _checked(function: Callable[..., Any], part: np.ndarray, others: Sequence[Any]) -> np.ndarray:
    values = np.asarray(function(part, *others), np.float64)
    if values.ndim == 0 or len(values) != len(part):
        raise PluginError(
            f"{getattr(function, '__name__', function)} returned shape {values.shape} for "
            f"{len(part)} examples; one row for each, [{len(part)}, ...], was expected"
        )
    return values
