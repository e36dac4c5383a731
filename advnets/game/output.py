"""Give a discriminator's output for a batch one named structure, in every kind of game."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import tensorflow as tf

from ..errors import PluginError

PER_EXAMPLE = ("logits", "energy")


class DiscriminatorOutput(Mapping[str, tf.Tensor]):
    """Hold the named tensors that a discriminator returned for a batch of N examples.

    ``logits`` is the raw output C(x) of a classifying or criticising discriminator,
    ``energy`` that of an energy-based one; both are float32 ``[N]``. Others, such as
    ``features`` ``[N, F]`` or ``reconstruction``, are whatever the architecture
    documents, in float32 where it returns them in half precision. Read them as attributes
    or as keys.

    Args:
        raw: What the discriminator returned: a tensor ``[N]`` or ``[N, 1]``, taken as
            ``logits``, or a mapping of names to tensors.

    Raises:
        PluginError: If ``raw`` is neither, or if logits or energy are not one per example.

    >>> output = DiscriminatorOutput(tf.constant([[1.0], [2.0]]))
    >>> output.logits.shape
    TensorShape([2])
    """

    def __init__(self, raw: tf.Tensor | Mapping[str, tf.Tensor]):
        named = dict(raw) if isinstance(raw, Mapping) else {"logits": raw}
        for name in PER_EXAMPLE:
            if name in named:
                named[name] = _one_per_example(name, named[name])
        self._named: dict[str, tf.Tensor] = {
            name: at_least_float32(value) for name, value in named.items()
        }

    def __getitem__(self, name: str) -> tf.Tensor:
        return self._named[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._named)

    def __len__(self) -> int:
        return len(self._named)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        try:
            return self._named[name]
        except KeyError:
            raise AttributeError(
                f"the discriminator returned no {name!r}, only {', '.join(sorted(self._named))}"
            ) from None

    def split(self, first: int | tf.Tensor) -> tuple[DiscriminatorOutput, DiscriminatorOutput]:
        """Split into the output for the first ``first`` examples, and that for the rest."""
        return (
            DiscriminatorOutput({name: value[:first] for name, value in self.items()}),
            DiscriminatorOutput({name: value[first:] for name, value in self.items()}),
        )


def at_least_float32(x: tf.Tensor) -> tf.Tensor:
    """Return ``x``, in float32 if it is in half precision: losses compute nothing in less."""
    half = getattr(x, "dtype", None) in (tf.float16, tf.bfloat16)
    return tf.cast(x, tf.float32) if half else x


def _one_per_example(name: str, value: tf.Tensor) -> tf.Tensor:
    value = tf.cast(value, tf.float32)
    if value.shape.rank == 2 and value.shape[1] == 1:
        value = tf.squeeze(value, axis=1)
    if value.shape.rank != 1:
        raise PluginError(
            f"the discriminator returned {name} of shape {value.shape}; one value per example, "
            "[N] or [N, 1], was expected"
        )
    return value
