"""Give one batch for the discriminator a structure: what it holds, and what D said of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import tensorflow as tf

from ..errors import PluginError
from . import batch

PER_EXAMPLE = ("logits", "energy")
"""Words of a discriminator of which there is one for each example, or ``[N, ...]``: one for
each patch or step."""


class Fields(dict[str, tf.Tensor]):
    """Hold fields by name, and say which there are where one is missing."""

    def __missing__(self, name: str) -> tf.Tensor:
        raise PluginError(
            f"a field {name!r} is read, which this side lacks: it has {', '.join(self) or 'none'}",
            hint="the fake side has what the generator is told (`given`), the real side the fields "
            "of the data that anything in the game declares (`fields = (…)` of a loss or penalty)",
        )


class Side(Mapping[str, tf.Tensor]):
    """Hold one side of a duel: a batch of N examples, and what a discriminator said of it.

    What D said is read as attributes or as keys: ``logits`` is the raw output C(x) of a
    classifying or criticising discriminator, ``energy`` that of an energy-based one, both
    float32 ``[N]`` (or a map ``[N, ..., 1]``: one for each patch or step). Others, such as
    ``features`` ``[N, F]``, are whatever the architecture documents, in float32 where it
    returns them in half precision.

    Args:
        said: What the discriminator returned: a tensor ``[N]`` or ``[N, 1]``, taken as
            ``logits``, or a mapping of names to tensors; ``None`` before it is judged.
        example: x or G(z), ``[N, ...]``.
        latent: The latent point that the example was made of, or that belongs to it.
        **fields: Whatever else belongs to the examples, each ``[N, ...]``: a label, a code.

    Attributes:
        example, latent: As given; ``None`` where there is none.
        fields: The fields, by name. A field and a word of D may have the same name.

    Raises:
        PluginError: If ``said`` is neither a tensor nor a mapping of tensors.

    >>> label = tf.constant([7, 8])
    >>> side = Side(tf.constant([[1.0], [2.0]]), example=tf.zeros([2, 3]), label=label)
    >>> side.logits.shape, side.fields["label"].numpy().tolist()
    (TensorShape([2]), [7, 8])
    >>> side.having(latent=tf.ones([2, 1])).judged
    False
    """

    def __init__(
        self,
        said: tf.Tensor | Mapping[str, tf.Tensor] | None = None,
        *,
        example: tf.Tensor | None = None,
        latent: tf.Tensor | None = None,
        **fields: tf.Tensor,
    ):
        self.example, self.latent, self.fields = example, latent, Fields(fields)
        self._said = None if said is None else _words(said)
        self._x: tf.Tensor | None = None
        self._critic: Callable[..., Side] | None = None

    @property
    def judged(self) -> bool:
        """Whether a discriminator said anything of it."""
        return self._said is not None

    @property
    def x(self) -> tf.Tensor:
        """What its judge takes first: the example, unless the judge is one of something else."""
        return self.example if self._x is None else self._x

    @property
    def size(self) -> int | tf.Tensor:
        """N, static where it is known."""
        return batch.size(next(value for value in self._held().values()))

    def having(self, **changed: tf.Tensor) -> Side:
        """Return another side, with some tensors changed or added, which is not judged yet.

        Args:
            **changed: ``example``, ``latent``, or fields by name.
        """
        return Side(**{**self._held(), **changed})

    def critic(self, x: tf.Tensor | None = None, **told: tf.Tensor) -> Side:
        """Return what the judge says of another x in this side's place.

        ``critic()`` is what it says of the side's own x, to be compared with what it says of
        others: itself asked again where it judged in half precision, else what it said.

        It is told the same as it was told of this side, but for what is named; it computes in
        float32, whatever its precision, and has dropout of its own in every call.

        Args:
            x: ``[n, ...]``; n may be another number than this side's where nothing else is told.
                ``None``: this side's own.
            **told: Fields for these x.

        Raises:
            PluginError: If the side has no judge in this play.
        """
        if self._critic is None:
            raise PluginError("this side of the game has no judge, and so no critic")
        return self._critic(x, **told)

    def get_tensor(self, name: str) -> tf.Tensor | None:
        """Return the example, the latent or a field by name; ``None`` where there is none."""
        return self._held().get(name)

    def _held(self) -> dict[str, tf.Tensor]:
        own = {"example": self.example, "latent": self.latent}
        return {name: value for name, value in own.items() if value is not None} | self.fields

    def _judged_by(
        self,
        said: Mapping[str, tf.Tensor] | None,
        x: tf.Tensor | None,
        critic: Callable[..., Side] | None,
    ) -> None:
        """Take what the judge said (``None``: nobody asked), of which x, and the judge itself."""
        self._said = self._said if said is None else _words(said)
        self._x, self._critic = x, critic

    def _spoken(self) -> dict[str, tf.Tensor]:
        if self._said is None:
            raise PluginError(
                "D's judgement of a side is read, but was not requested",
                hint="a loss or penalty of G that reads what D says of real examples declares "
                "needs_real = True; an update rule passes judge_real=True to game.play",
            )
        return self._said

    def __getitem__(self, name: str) -> tf.Tensor:
        return self._spoken()[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._spoken())

    def __len__(self) -> int:
        return len(self._spoken())

    def __bool__(self) -> bool:
        return True

    def __eq__(self, other: object) -> bool:
        return self is other

    def __hash__(self) -> int:
        return id(self)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        said = self._spoken()
        try:
            return said[name]
        except KeyError:
            raise AttributeError(
                f"the discriminator returned no {name!r}, only {', '.join(sorted(said))}"
            ) from None


def at_least_float32(x: tf.Tensor) -> tf.Tensor:
    """Return ``x``, in float32 if it is in half precision: losses compute nothing in less."""
    half = getattr(x, "dtype", None) in (tf.float16, tf.bfloat16)
    return tf.cast(x, tf.float32) if half else x


def split_words(said: Any, sizes: list[int | tf.Tensor]) -> list[dict[str, tf.Tensor]]:
    """Split what D said of several sides in one call into what it said of each.

    >>> parts = split_words(tf.constant([1.0, 2.0, 3.0]), [1, 2])
    >>> [part["logits"].numpy().tolist() for part in parts]
    [[1.0], [2.0, 3.0]]
    """
    words, parts, start = _words(said), [], 0
    for size in sizes:
        parts.append({name: value[start : start + size] for name, value in words.items()})
        start = start + size
    return parts


def _words(said: tf.Tensor | Mapping[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    named = dict(said) if isinstance(said, Mapping) else {"logits": said}
    for name in PER_EXAMPLE:
        if name in named:
            named[name] = _one_per_example(name, named[name])
    return {name: at_least_float32(value) for name, value in named.items()}


def _one_per_example(name: str, value: tf.Tensor) -> tf.Tensor:
    value = tf.cast(value, tf.float32)
    if value.shape.rank == 2 and value.shape[1] == 1:
        value = tf.squeeze(value, axis=1)
    if not value.shape.rank:
        raise PluginError(
            f"the discriminator returned {name} of shape {value.shape}; one value per example, "
            "[N] or [N, 1], or one for each of its parts, [N, ...], was expected"
        )
    return value
