"""Know how many classes a field has, by whoever in a game says so, and refuse what is none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf

from ..errors import DataError, UsageError
from ..networks.ending import graph_output
from ..plugins.origins import misused
from .wiring import input_tensors

if TYPE_CHECKING:
    from .batches import Batch
    from .generation import Generation

COUNTS = {"Embedding": "input_dim", "CategoryEncoding": "num_tokens", "OneHot": "num_classes"}
"""Layers and operations that read classes, and where they say how many: what else is given to
them, a device may take for zeros or for another class."""
PASSING = ("Cast", "Flatten", "Reshape", "Squeeze", "ExpandDims", "Identity")


def classes_of(game: Generation) -> dict[str, tuple[int, str]]:
    """Return how many classes fields have, by name, and who says so: the least of several.

    >>> from advnets.game import AdversarialGame
    >>> x, y = keras.Input((1,), name="example"), keras.Input((), name="label", dtype="int64")
    >>> told = keras.layers.Concatenate()([x, keras.layers.Embedding(4, 2)(y)])
    >>> judge = keras.Model({"example": x, "label": y}, keras.layers.Dense(1)(told))
    >>> maker = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1)])
    >>> classes_of(AdversarialGame(maker, judge))
    {'label': (4, "the discriminator's Embedding")}
    """
    found: dict[str, tuple[int, str]] = {}
    for name, classes, who in _said(game):
        if name not in found or classes < found[name][0]:
            found[name] = classes, who
    return found


def _said(game: Generation) -> Iterator[tuple[str, int, str]]:
    for name, condition in game.conditions.items():
        if condition.field.classes is not None and not condition.field.shape:
            yield name, condition.field.classes, f"the condition, a {type(condition).__name__},"
    for _, word, field, classes in _heads(game):
        yield field, classes, f"the discriminator's {word}"
    for name, network in game.networks.items():
        role = game.roles[name]
        for key, tensor in input_tensors(network, role).items():
            space = str(role.takes.get(key))
            if space.rpartition(".")[2] == key and key not in ("example", "latent"):
                for layer in _readers(network, tensor):
                    kind = type(layer).__name__
                    yield space, int(getattr(layer, COUNTS[kind])), f"the {name}'s {kind}"


def check_heads(game: Generation, classes: Mapping[str, int | None]) -> None:
    """Refuse a discriminator whose words for a field's classes are more or fewer than these.

    Args:
        game: The game, whose penalties say which words are of which field.
        classes: How many a field has, by name, as far as is known.

    Raises:
        UsageError: At the penalty's place in the recipe.
    """
    for penalty, word, field, said in _heads(game):
        wanted = classes.get(field)
        if wanted is not None and said != wanted:
            raise misused(
                penalty,
                f"the discriminator's {word} has {said} numbers, and {field} {wanted} classes",
                hint=f"`heads: {{{word}: {field.rpartition('.')[2]}}}` makes one for each",
            )


def read_classes(game: Generation, batch: Batch) -> Batch:
    """Return a batch in which classes that D names are int64 ``[N]``, as Keras's losses take them:
    whole numbers of any type, ``[N]`` or ``[N, 1]``.

    Raises:
        UsageError: If there are vectors, words, or numbers that are no whole ones.
    """
    for _, word, path, count in _heads(game):
        stream, _, name = path.rpartition(".")
        own = batch.streams.get(stream) if stream else batch
        if own is None or name not in own.fields:
            continue
        fields = {**own.fields, name: _as_classes(own.fields[name], path, word, count)}
        own = replace(own, fields=fields)
        batch = replace(batch, streams={**batch.streams, stream: own}) if stream else own
    return batch


def _as_classes(values: Any, path: str, word: str, count: int) -> tf.Tensor:
    found = tf.convert_to_tensor(values)
    shape = found.shape[1:]
    if found.dtype.is_floating and shape == (count,):
        return found  # numbers, each of which D says one of
    if not found.dtype.is_integer or shape.rank is None or any(size != 1 for size in shape):
        raise UsageError(
            f"the discriminator's {word} says a class of {path!r}, and {path!r} is "
            f"{found.dtype.name} of the shape {tuple(shape)}",
            hint="y.argmax(axis=1) makes whole numbers of one-hot vectors"
            if shape.rank
            else "labels are whole numbers from 0: y.astype('int64')",
        )
    return tf.cast(tf.reshape(found, [-1]), tf.int64)


def _heads(game: Generation) -> Iterator[tuple[Any, str, str, int]]:
    """Yield which penalty reads which word of D, as classes of what, and how many it has."""
    said = graph_output(game.networks["discriminator"])
    for penalty in game.penalties:
        for word, field in penalty.classifies.items():
            head = said.get(word) if isinstance(said, Mapping) else None
            if head is not None and head.shape[-1] is not None:
                yield penalty, word, field, int(head.shape[-1])


def _readers(network: keras.Model, tensor: Any) -> Iterator[Any]:
    """Yield the layers of a graph that read classes off one of its inputs."""
    reached, graph = {id(tensor)}, getattr(network, "_functional", None) or network
    for operation in getattr(graph, "operations", ()):  # in the order of the graph
        for node in operation._inbound_nodes:
            if not any(id(one) in reached for one in node.input_tensors):
                continue
            if type(operation).__name__ in COUNTS:
                yield operation
            elif type(operation).__name__ in PASSING:
                reached.update(id(one) for one in node.output_tensors)


def refuse_no_classes(
    values: np.ndarray, classes: int, who: str, what: str, hint: str | None = None
) -> None:
    """Refuse numbers that are no classes: not whole, negative, or too large.

    Args:
        values: Of any type and shape.
        classes: How many there are.
        who: Says so.
        what: The values are, for the message.
        hint: How to mend it.

    Raises:
        DataError: With one of them.
    """
    if values.dtype.kind not in "iufb":
        return  # somebody else says that it is no number
    wrong = values[(values < 0) | (values >= classes) | (values != np.floor(values))]
    if wrong.size:
        raise DataError(
            f"{wrong.size:,} of the {values.size:,} values of {what} are no classes, {wrong[0]:g} "
            f"for one: {who} has {classes}, 0 to {classes - 1}",
            hint=hint or "labels are whole numbers from 0: np.unique(y) shows which there are",
        )
