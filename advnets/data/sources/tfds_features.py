"""Know TFDS's features: which can be learnt, and which would have code imported."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ...errors import DataError
from ...safe_io import is_there, read_json
from ...safe_io.wording import shorten


def refuse_foreign_classes(folder: Path) -> None:
    """Refuse prepared data whose description has TFDS import a module that it names.

    TFDS imports whatever class ``features.json`` names; what is imported already, by a plugin
    that brings a feature of its own, is not imported again.
    """
    if not is_there(folder):
        return
    for path in (*folder.glob("*/features.json"), *folder.glob("*/*/features.json")):
        try:
            names = set(_class_names(read_json(path, 2**20)))
        except (OSError, ValueError) as error:
            raise DataError(f"{path} cannot be read: {error}") from error
        for name in names:
            module = name.rpartition(".")[0]
            if module.split(".")[0] != "tensorflow_datasets" and module not in sys.modules:
                raise DataError(
                    f"{path} names the Python class {shorten(name, 100)!r}",
                    hint="if you trust that data set, import its class in a plugin of yours",
                )


def _class_names(description: Any) -> Iterator[str]:
    """Yield the classes that a description of features names, in today's form and in older ones."""
    if isinstance(description, dict):
        for key, value in description.items():
            if key in ("pythonClassName", "python_class_name", "type") and isinstance(value, str):
                yield value
            yield from _class_names(value)
    elif isinstance(description, list):
        for item in description:
            yield from _class_names(item)


def is_image(feature: Any) -> bool:
    """Tell whether a feature is an image."""
    import tensorflow_datasets as tfds

    return isinstance(feature, tfds.features.Image)


def is_class(feature: Any) -> bool:
    """Tell whether a feature is a class."""
    import tensorflow_datasets as tfds

    return isinstance(feature, tfds.features.ClassLabel)


def _fits(feature: Any) -> bool:
    """Tell whether examples of a feature are images, or arrays of numbers of a fixed shape."""
    return is_image(feature) or (
        _is_numbers(feature) and len(feature.shape) > 0 and np.dtype(feature.np_dtype).kind in "uif"
    )


def _is_numbers(feature: Any) -> bool:
    """Tell whether a feature is numbers of a fixed shape, true and false among them."""
    import tensorflow_datasets as tfds

    return (
        type(feature) in (tfds.features.Tensor, tfds.features.Scalar)
        and None not in feature.shape
        and math.prod(feature.shape) > 0
        and np.dtype(feature.np_dtype).kind in "uifb"
    )


def check_fields(features: Any, names: Sequence[str], name: str) -> None:
    """Refuse features that cannot come with the examples."""
    fitting = [
        key
        for key, feature in features.items()
        if is_class(feature) or is_image(feature) or _is_numbers(feature)
    ]
    for key in names:
        if key not in fitting:
            known = key in features
            reason = "won't do: no class, image or fixed number of numbers" if known else ""
            raise DataError(
                f"{name}: field {key!r} {reason or 'is no feature of it'}",
                hint=f"those that will do: {', '.join(fitting)}",
            )


def choose_feature(features: Any, requested: str | None, name: str) -> str:
    """Choose the feature to learn.

    Raises:
        DataError: If the requested one won't do, or if none or several will.
    """
    if not hasattr(features, "items"):
        raise DataError(f"{name} has no named features; it can't be used")
    described = ", ".join(f"{key} ({type(value).__name__})" for key, value in features.items())
    fitting = [key for key, value in features.items() if _fits(value)]
    if requested is not None:
        if requested in fitting:
            return requested
        known = requested in features
        reason = "won't do: not a fixed number of numbers" if known else "isn't there"
        raise DataError(f"{name}: feature {requested!r} {reason}", hint=f"it has: {described}")
    if "image" in fitting:
        return "image"
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise DataError(
            f"{name} has several features that could be learnt: {', '.join(fitting)}",
            hint=f"name one with feature: {fitting[0]}",
        )
    raise DataError(
        f"{name} has no image, and no tensor of numbers with a fixed shape, to learn",
        hint=f"it has: {described}",
    )
