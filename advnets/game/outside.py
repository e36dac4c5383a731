"""Stand in for a batch outside of a round, where samples are made."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import tensorflow as tf

from ..errors import PluginError, UsageError
from ..random import Draw
from .batches import Batch
from .role import stream_of


class NothingDrawn(Draw):
    """Refuse to draw while samples are made: every part of them would get the same numbers."""

    def bits(self, stream: str, shape: Sequence[int], examples: int | tf.Tensor) -> tf.Tensor:
        raise PluginError(
            f"random numbers ({stream!r}) are drawn while samples are made, where only what was "
            "drawn before, by the seed, may be used",
            hint="let a condition draw them, which the encounter is told: scene.told(name)",
        )


def repeat(batch: Batch, examples: int) -> Batch:
    """Return so many examples of a batch, over and over, with their fields."""
    indices = np.arange(examples) % len(batch.examples)
    fields = {name: tf.gather(values, indices) for name, values in batch.fields.items()}
    return Batch(tf.gather(batch.examples, indices), fields)


def batch_of(told: Mapping[str, tf.Tensor]) -> Batch:
    """Return what stands for the batch when samples are made of what is told: fields, streams."""
    of_streams: dict[str, dict[str, tf.Tensor]] = {}
    for name, value in told.items():
        if stream := stream_of(name):
            of_streams.setdefault(stream, {})[name.rpartition(".")[2]] = value
    streams = {}
    for stream, fields in of_streams.items():
        first = next(iter(fields.values()))
        streams[stream] = Batch(fields.pop("example", first), fields)
    own = {n: value for n, value in told.items() if n != "latent" and not stream_of(n)}
    return Batch(next(iter(told.values())), own, streams)


def of_stream(name: str, stream: Batch | None) -> tf.Tensor | None:
    """Return what is called ``STREAM.NAME``; ``None`` where there is none."""
    if stream is None:
        return None
    own = name.rpartition(".")[2]
    return stream.examples if own == "example" else stream.fields.get(own)


def nothing_to_draw(name: str) -> UsageError:
    """Return the refusal to draw what comes with real examples, where there are none."""
    if stream := stream_of(name):
        return UsageError(
            f"samples are made of {name!r}, examples of the stream {stream!r}, and there are none "
            "here to sample with",
            hint=f"say which: generate(n, given={{{name!r}: x}}), predict({{{name!r}: x}}). A run, "
            "read by advnets.open_run, keeps examples to sample with, and on the command line "
            f"there is --given {name}=@FILE.npz",
        )
    return UsageError(
        f"{name!r} comes with real examples, and there are none here to sample with",
        hint=f"say what it is to be: generate(n, given={{{name!r}: …}}); or have it drawn: "
        f"AdversarialGame(…, conditions={{{name!r}: …}}). A run, read by advnets.open_run, keeps "
        f"examples to sample with, and on the command line there is --given {name}=…",
    )
