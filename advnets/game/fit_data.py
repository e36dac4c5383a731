"""Take what ``fit`` and ``evaluate`` are given, and refuse what Keras would not, or later."""

from __future__ import annotations

import itertools
import types
from collections.abc import Container, Iterable, Iterator, Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from ..errors import UsageError
from .batches import holds_several, name_parts, refuse_weights
from .sampling import check_whole

NO_BATCH = "there are no examples: the data gave no batch"
BATCH = 32
"""Examples in a batch where nobody says: Keras's choice."""
COUNTS = ("batch_size", "epochs", "steps", "steps_per_epoch", "validation_steps")


Shapes = Mapping[str, tuple[int | None, ...] | None]
"""The shape of an example of each stream by its name, "" being the main data; where known."""


def take_data(x: Any, shapes: Shapes, y: Any = None) -> Any:
    """Return what Keras takes of what ``fit`` is given; refuse what it would not.

    Args:
        x: The data.
        shapes: Of one example.
        y: Labels, or fields by name.

    Raises:
        UsageError: If they are no arrays of numbers, or no batches, or not as many of each.
    """
    if x is None:
        raise UsageError("there are no examples", hint="fit(x), evaluate(x): an array [N, ...]")
    if isinstance(x, types.GeneratorType):  # Keras asks each item to be a tuple
        first = list(itertools.islice(x, 1))
        if not first:
            raise UsageError(NO_BATCH, hint="a generator that has ended gives nothing more")
        items = itertools.chain(first, x)
        return (item if isinstance(item, tuple) else (item,) for item in items)
    if isinstance(x, tf.data.Dataset):
        for stream, name, spec in _specs(x.element_spec, shapes):
            shape, own = shapes[stream], f" of the stream {stream!r}" if stream else ""
            if shape is not None and spec.shape.rank == len(shape) and spec.shape == shape:
                raise UsageError(
                    f"the data set gives one example{own} at a time: {name} of the shape {shape}, "
                    f"where a batch [N, {', '.join(map(str, shape))}] was expected",
                    hint="dataset.batch(64)",
                )
    if isinstance(x, np.ndarray | tf.Tensor) and x.shape[:1] in ((), (0,)):
        raise UsageError(
            f"there are no examples in an array of the shape {tuple(x.shape)}",
            hint="examples are the first axis: [N, ...]",
        )
    kind = np.dtype(getattr(x, "dtype", "f") if isinstance(x, np.ndarray) else "f").kind
    if kind not in "fiub" or (isinstance(x, list | str) and not _holds_arrays(x)):
        what = f"an array of {x.dtype}" if kind not in "fiub" else f"a {type(x).__name__}"
        raise UsageError(
            f"the examples are {what}, which holds no batch of numbers",
            hint="np.asarray(x, 'float32') makes an array [N, ...]",
        )
    for what, one in _examples(x, shapes):
        if isinstance(one, np.ndarray) and one.dtype == np.uint8 and one.size and one.max() <= 1:
            raise UsageError(
                f"{what} are of the type uint8 and lie in {one.min()} to {one.max()}: as "
                "pictures, whose white is 255, they would be all but black",
                hint="x.astype('float32') if 1 is white",
            )
    if is_arrays(x):
        _check_labels(x, y)
    return x


def take_held_out(data: Any, shapes: Shapes) -> Any:
    """Return what Keras takes of validation data: (x, y), or what yields batches."""
    if isinstance(data, tuple | list) and data:
        y = data[1] if len(data) > 1 else None
        return (take_data(data[0], shapes, y), *data[1:])
    return take_data(data, shapes)


def refuse_weights_in(options: Mapping[str, Any]) -> None:
    """Refuse weights by name: where there are no labels, Keras would leave them out in silence."""
    for name in ("sample_weight", "class_weight"):
        if options.get(name) is not None:
            refuse_weights()


def _specs(spec: Any, streams: Container[str]) -> Iterator[tuple[str, str, Any]]:
    """Yield what may be examples of an element: the stream, the name, the spec."""
    parts = name_parts(spec)
    for name, one in parts.items():
        if name in streams:
            yield from ((name, own, spec) for _, own, spec in _specs(one, ()))
        elif hasattr(one, "shape") and name != "label":
            yield "", "x" if not isinstance(spec, Mapping) else repr(name), one


def _examples(x: Any, streams: Iterable[str]) -> Iterator[tuple[str, Any]]:
    """Yield what may be examples of some arrays, each by what it is called."""
    if not isinstance(x, Mapping):
        yield "the examples", x
        return
    for name in ("example", "image"):
        if name in x:
            yield "the examples", x[name]
    for stream in streams:
        if stream and x.get(stream) is not None:
            parts = name_parts(x[stream])
            yield f"the examples of the stream {stream!r}", parts.get("example")


def _holds_arrays(x: Any) -> bool:
    return bool(x) and all(hasattr(one, "shape") for one in x)


def check_counts(options: Mapping[str, Any]) -> None:
    """Refuse numbers of batches, epochs or examples that are none.

    Keras takes some of them for its own choice, and plays nothing for others.

    Raises:
        UsageError: With what was given.
    """
    for name in (*COUNTS, "validation_batch_size"):
        if options.get(name) is not None:
            check_whole(name, options[name], 1)
    if isinstance(every := options.get("validation_freq", 1), int | float | str):
        check_whole("validation_freq", every, 1)
    first = options.get("initial_epoch", 0)
    check_whole("initial_epoch", first, 0)
    if first and first >= options["epochs"]:
        raise UsageError(
            f"initial_epoch={first}, epochs={options['epochs']}: no epoch would be played",
            hint="epochs is the number of the last one, those before initial_epoch included: "
            f"epochs={first + options['epochs']} plays {options['epochs']} more",
        )


def _check_labels(x: Any, y: Any) -> None:
    """Refuse labels that are no numbers, or not one for each example."""
    named = [*_named("the examples", x), *_named("the labels", y)]
    for what, values in named:
        dtype = getattr(values, "dtype", None)
        if not hasattr(values, "shape") or not _is_number(dtype):
            found = f"of the type {dtype}" if dtype is not None else f"a {type(values).__name__}"
            raise UsageError(
                f"{what} are {found}, which holds no batch of numbers",
                hint="np.asarray(y) makes an array of numbers; of names, "
                "np.unique(names, return_inverse=True)[1] makes classes, 0, 1, …",
            )
    lengths = {what: ([*values.shape] or [0])[0] for what, values in named}
    if len(set(lengths.values())) > 1:
        listed = ", ".join(f"{what} {n:,}" for what, n in lengths.items())
        several = isinstance(x, Mapping) and any(map(holds_several, x.values()))
        raise UsageError(
            f"there are not as many of each: {listed}",
            hint="arrays are gone through together; of streams that are shorter make data sets: "
            "tf.data.Dataset.zip({'example': data.batch(64), 'other': others.repeat().batch(64)})"
            if several
            else "each example has its own, in the same order: x[i] and y[i]",
        )


def _named(what: str, values: Any, several: bool = False) -> Iterator[tuple[str, Any]]:
    """Yield arrays, each by what it is called: those of streams, too."""
    if isinstance(values, Mapping) or (several and holds_several(values)):
        own = f" of {what}" if several else ""
        for name, one in name_parts(values).items():
            yield from _named(f"{name!r}{own}", one, True)
    elif values is not None:
        yield what, values


def _is_number(dtype: Any) -> bool:
    return dtype != tf.string and getattr(dtype, "kind", "f") in "fiub"


def is_arrays(x: Any) -> bool:
    """Tell whether data are arrays, whose first axis is that of the examples."""
    parts = keras.tree.flatten(x) if isinstance(x, Mapping) else [x]
    return bool(parts) and all(isinstance(one, np.ndarray | tf.Tensor) for one in parts)


def first_of(x: Any, y: Any, batch_size: int | None) -> tuple[Any, Any]:
    """Return the first batch of arrays."""
    return rows_of((x, y), 0, batch_size or BATCH)


def cut_off(x: Any, y: Any, share: float) -> tuple[Any, Any]:
    """Return what Keras cuts off as ``validation_split``: the last examples."""
    n = len(keras.tree.flatten(x)[0])
    return rows_of((x, y), int(np.floor(n * (1.0 - share))), n)


def rows_of(data: Any, first: int, end: int) -> Any:
    """Return some rows of each array."""
    return keras.tree.map_structure(lambda one: None if one is None else one[first:end], data)
