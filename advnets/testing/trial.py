"""What a component is tried on: small examples, the fields that come with them, what D says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any
from zlib import crc32

import numpy as np
import tensorflow as tf

from ..data import DataSpec, Field
from ..game import Batch, Encounter, Generated
from ..game.role import Space, stream_of
from ..plugins.components import Component
from .failure import fail

LATENT, SIZE, CLASSES = 3, 2, 4
"""Latent dimensions, numbers in an example, and classes of a field that nobody describes."""
KNOWN = {"logits": (), "energy": ()}


class Trial:
    """Make small data of the form that a component is to be tried on.

    Args:
        example: ``shape``, ``fields``, ``outputs`` and ``encounter`` (its target, or its class),
            as :class:`advnets.Component` has them.
            A field that it does not describe is a class of four; what D says, but for logits and
            energies, is four numbers, or the logits of the field that it is called after. Fields
            and examples of a stream are described by ``STREAM.NAME``, or are as the main data's.

    >>> trial = Trial({"fields": {"code": Field((), "int64", classes=5)}})
    >>> trial.word("code_logits"), trial.word("features"), trial.word("reconstruction")
    ((5,), (4,), (2,))
    """

    def __init__(self, example: Mapping[str, Any] | None = None):
        given = dict(example or {})
        self.shape = tuple(given.get("shape", (SIZE,)))
        self.described: dict[str, Field] = dict(given.get("fields", {}))
        self.outputs = {name: tuple(shape) for name, shape in given.get("outputs", {}).items()}
        self._encounter = given.get("encounter", Generated)
        for name, one in self.described.items():
            if not isinstance(one, Field):
                fail(f"its example describes the field {name!r} by {one!r}, not by a Field")

    def encounter(self) -> Encounter:
        """The encounter that a loss or a penalty goes with, a new one."""
        made = self._encounter
        if isinstance(made, str):
            made = Component("encounter", made).load()
        return made()

    def field(self, space: Space) -> Field:
        """What a space that a network takes or gives looks like."""
        if not isinstance(space, str):
            return Field(tuple(space), "float32")
        if space in self.described:
            return self.described[space]
        if stream_of(space):
            return self.field(space.rpartition(".")[2])
        plain = {"latent": (LATENT,), "example": self.shape}
        if space in plain:
            return Field(plain[space], "float32")
        return Field((), "int64", classes=None if space == "index" else CLASSES)

    def spec(self, names: Iterable[str] = ()) -> DataSpec:
        """The data's, with these fields and all that are described."""
        own = (name for name in [*self.described, *names] if not stream_of(name))
        fields = {name: self.field(name) for name in own}
        kind: Any = "image" if len(self.shape) == 3 else "vector"
        return DataSpec(self.shape, "float32", fields=fields, kind=kind)

    def word(self, name: str) -> tuple[int, ...]:
        """The shape of what D says under a name, of one example."""
        if name in self.outputs or name in KNOWN:
            return self.outputs.get(name, ())
        stem = name.removesuffix("_logits")
        if stem in self.described and stem != name:
            return (self.described[stem].classes or 1,)
        return self.shape if name == "reconstruction" else (CLASSES,)

    def values(self, space: Space, n: int, seed: int = 0) -> tf.Tensor:
        """n values of a space, in the type in which a network would be given them."""
        one, draw = self.field(space), np.random.default_rng([seed, crc32(str(space).encode())])
        if one.classes is not None or one.dtype.startswith(("int", "uint")):
            drawn = draw.integers(0, one.classes or n, (n, *one.shape))
            return tf.constant(drawn, tf.int64)
        if one.low is not None and one.high is not None:
            return tf.constant(draw.uniform(one.low, one.high, (n, *one.shape)), tf.float32)
        return tf.constant(draw.normal(size=(n, *one.shape)), tf.float32)

    def batch(
        self,
        n: int,
        names: Iterable[str] = (),
        seed: int = 0,
        streams: Mapping[str, Iterable[str]] = MappingProxyType({}),
    ) -> Batch:
        """n examples with these fields, and n of each stream, of which these fields are read."""
        fields = {name: self.values(name, n, seed + 1) for name in names}
        given = {
            name: Batch(own.pop("example"), own)
            for name, own in self.streams(n, streams, seed).items()
        }
        return Batch(self.values("example", n, seed), fields, given)

    def streams(
        self, n: int, streams: Mapping[str, Iterable[str]], seed: int = 0
    ) -> dict[str, dict[str, tf.Tensor]]:
        """n examples of each stream by its name, with the fields that are read of it."""
        return {
            stream: {name: self.values(f"{stream}.{name}", n, seed) for name in ("example", *own)}
            for stream, own in streams.items()
        }

    def data(
        self,
        n: int,
        names: Iterable[str] = (),
        seed: int = 0,
        streams: Mapping[str, Iterable[str]] = MappingProxyType({}),
    ) -> Any:
        """The same as a feed would hand it over."""
        batch = self.batch(n, names, seed)
        whole = {**batch.fields, **self.streams(n, streams, seed)}
        return {"example": batch.examples, **whole} if whole else batch.examples

    def said(
        self, names: Iterable[str], n: int, seed: int = 0, scale: float = 1.0
    ) -> dict[str, np.ndarray]:
        """What some discriminator might say of n examples: float32 arrays by name."""
        draw = np.random.default_rng(seed)
        arrays = {name: draw.normal(size=(n, *self.word(name))) * scale for name in names}
        if "energy" in arrays:
            arrays["energy"] = np.abs(arrays["energy"])
        return {name: array.astype("float32") for name, array in arrays.items()}
