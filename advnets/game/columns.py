"""Show samples next to what they were made of: an encounter names the columns."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
import tensorflow as tf

from ..data import DataSpec, Field, Source
from ..errors import AdvnetsError
from ..plugins.origins import at_fault
from ..plugins.tracebacks import describe_error
from .batches import Batch
from .generation import Generation
from .outside import NothingDrawn, batch_of
from .role import stream_of
from .scene import Cast, Scene
from .side import Side

DRAWN = (1, 3, 4)
"""Channels of images that can be looked at."""


def columns_of(
    game: Generation,
    source: Source,
    samples: np.ndarray,
    told: Mapping[str, np.ndarray],
    given: Collection[str] = (),
    weights: str = "auto",
    per_line: int = 1,
) -> dict[str, np.ndarray]:
    """Return what samples are shown next to, and they themselves, by the columns' labels.

    Computed by this process alone.

    Args:
        game: The game.
        source: Its data, or what a run keeps of them.
        samples: As the networks give them, ``[n, *shape]``.
        told: What they were made of, as the networks were told it.
        given: What of it was given, rather than drawn.
        weights: Of which weights; see :meth:`Generation.sampling_networks`.
        per_line: How many samples one after the other have the fields of one real example: those
            on a line between latent points do.

    Returns:
        Arrays ``[n, ...]`` in the networks' range; empty where samples are shown alone.

    Raises:
        PluginError: If the encounter's ``columns`` fails, or returns something else.
    """
    cast = Cast(
        game.sampling_networks(weights), game.roles, game.conditions, game.prior, game.joint
    )
    tensors = {name: tf.convert_to_tensor(values) for name, values in told.items()}
    fields = {name: values for name, values in tensors.items() if name != "latent"}
    made = batch_of(tensors)
    rows = np.arange(len(samples)) // per_line
    batch = Batch(_real_examples(game, rows, given), made.fields, made.streams)
    draw = NothingDrawn(0, 0)
    scene = Scene(cast, batch, draw, "columns", training=False, told=tensors)
    example = tf.convert_to_tensor(samples)
    side = Side(example=example, latent=tensors.get("latent"), **fields)
    encounter = game.encounter
    try:
        found = encounter.columns(scene, side)
    except AdvnetsError:
        raise
    except Exception as error:
        raise at_fault(
            encounter,
            f"{type(encounter).__name__}.columns fails: {describe_error(error)}",
        ) from error
    if found is None:  # by default: images that G was told of
        found = {name: fields[name] for name in game.told if _is_drawn(name, game, source)}
        found = {**found, "generated": example, "real": batch.examples} if found else {}
    known = isinstance(found, Mapping)
    shown = {str(k): np.asarray(v) for k, v in found.items() if v is not None} if known else {}
    wrong = [k for k, v in shown.items() if v.shape[:1] != (len(samples),) or v.ndim < 2]
    if not known or wrong:
        raise at_fault(
            encounter,
            f"{type(encounter).__name__}.columns returned "
            + (f"{wrong[0]!r} of shape {shown[wrong[0]].shape}" if wrong else f"{found!r:.60}"),
            hint=f"examples [{len(samples)}, ...] by the columns' labels; {{}}: samples alone",
        )
    return shown


def _is_drawn(name: str, game: Generation, source: Source) -> bool:
    """Tell whether what samples are made of is an image that can be looked at."""
    declared: Field | DataSpec | None
    stream, _, own = name.rpartition(".")
    spec = source.streams[stream].spec if stream in source.streams else source.spec
    if name in game.conditions:
        declared = game.conditions[name].field
    else:
        declared = spec if stream and own == "example" else spec.fields.get(own)
    return declared is not None and declared.kind == "image" and declared.shape[-1] in DRAWN


def _real_examples(game: Generation, rows: np.ndarray, given: Collection[str]) -> tf.Tensor | None:
    """Return the real examples that samples were made of, where nobody gave anything else."""
    if game.kept is None:
        return None
    conditions = game.conditions
    of_examples = {name for name, condition in conditions.items() if condition.of_example}
    others = game.told.keys() - conditions.keys() - game.outside.keys() - {"latent"}
    of_examples |= {name for name in others if not stream_of(name)}
    if of_examples & set(given):
        return None
    return tf.gather(game.kept.examples, rows % len(game.kept.examples))
