"""Compute V(D, G) of an energy-based game, the margin at an equilibrium by theorem 1."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from advnets import validated_by
from advnets.errors import DataError
from advnets.evaluate import Interval, MetricContext, Score, mean_interval, normal_interval

from .hooks import ValueParameters


@validated_by(ValueParameters)
def ebgan_value(
    context: MetricContext,
    *,
    margin: float | None = None,
    samples: int = 10_000,
    split: str = "test",
    batch: int = 100,
) -> list[Score]:
    """Compute V(D, G) = E[E(x)] + E[m − E(G(z))]⁺ on examples that were not trained on.

    For a given G, min_D V = m ∫ min(p_data, p_g), so that V comes to m where p_g = p_data
    and D has settled (theorem 1), and lies below it while D can tell the two apart. V above m is
    more than the best D would leave.

    D judges as in a round, real and generated examples in batches of their own: its batch
    normalisation takes the batch's statistics, and dropout drops. By moving averages of both
    sides an auto-encoder rebuilds neither, and the energies are not the game's.

    A D that is told a label, say, is told that of each real example; as many samples of each
    value are drawn, in the order of the split, over and over, and D is told these.

    Args:
        context: Samples, data and D.
        margin: m; the loss's by default.
        samples: Number of samples drawn from G.
        split: Of the real examples; all of them are taken.
        batch: Examples in a batch, about: the recipe's batch size.

    Returns:
        ``ebgan_value``, ``energy_real`` and ``energy_fake``, in units of energy.

    Raises:
        DataError: If D gives no energy, or the loss has another margin, or none and none is given.

    Source: Zhao, Mathieu and LeCun 2016 (arXiv:1609.03126), section 2.2 and theorem 1.
    """
    margin = _margin(context, margin)
    told = _told(context, split)
    real = _energies(context, context.real_parts(split), told, batch)
    drawn = {name: np.resize(values, (samples, *values.shape[1:])) for name, values in told.items()}
    given = {name: values for name, values in drawn.items() if name in context.told}
    fake = _energies(context, context.generated_parts(samples, given), drawn, batch)
    below = mean_interval(np.maximum(margin - fake, 0.0))
    of_real, of_fake = mean_interval(real), mean_interval(fake)
    value = float(real.mean() + np.maximum(margin - fake, 0.0).mean())
    of_value = normal_interval(value, float(np.hypot(of_real.error, below.error)))

    preprocess = getattr(context.source, "preprocess", None)

    more: dict[str, Any] = {"told": list(told)} if told else {}

    def score(name: str, value: float, interval: Interval) -> Score:
        protocol = context.protocol(
            unit="energy",
            margin=margin,
            batch=batch,
            samples=samples,
            split=split,
            examples=len(real),
            precision="float64",
            preprocess=None if preprocess is None else preprocess.description,
            error="of the mean",
            **more,
            **interval.protocol(),
        )
        return Score(name, value, interval.error, protocol)

    return [
        score("ebgan_value", value, of_value),
        score("energy_real", float(real.mean()), of_real),
        score("energy_fake", float(fake.mean()), of_fake),
    ]


def _margin(context: MetricContext, margin: float | None) -> float:
    loss = context.loss
    while not hasattr(loss, "margin") and hasattr(loss, "loss"):  # one that weighs another
        loss = loss.loss
    own: float | None = getattr(loss, "margin", None)
    if own is None:
        if margin is None:
            raise DataError(
                "the loss has no margin, and none was given",
                hint="name {name: ebgan_value, margin: 10.0}, or play with ebgan_margin",
            )
        return margin
    if margin not in (None, own):
        raise DataError(
            f"the loss's margin is {own:g}; the metric was given {margin:g}",
            hint="leave the metric's margin out: it is the loss's by default",
        )
    return own


def _told(context: MetricContext, split: str) -> dict[str, np.ndarray]:
    """Return what D is told of a split's examples, by name, ``[N, ...]`` each."""
    told = {name: context.data.field(split, name) for name in context.discriminator_told}
    if context.source is not None:
        prepare = context.source.preprocess_field
        return {name: np.asarray(prepare(name, values)) for name, values in told.items()}
    return {name: np.asarray(values) for name, values in told.items()}


def _energies(
    context: MetricContext,
    parts: Iterator[np.ndarray],
    told: Mapping[str, np.ndarray],
    batch: int,
) -> np.ndarray:
    """Return E of each example, float64 ``[N]``, in batches of nearly equal size."""
    found: list[np.ndarray] = []
    judge, done = context.judge_in_play, 0
    for part in parts:
        for examples in np.array_split(part, max(len(part) // batch, 1)):
            own = {name: values[done : done + len(examples)] for name, values in told.items()}
            output = judge(examples, **own) if judge is not None else {}
            done += len(examples)
            if "energy" not in output:
                raise DataError(
                    "the discriminator gives no energy",
                    hint="this metric is for games with an energy, as `autoencoder` gives it",
                )
            found.append(np.asarray(output["energy"], np.float64).reshape(len(examples)))
    return np.concatenate(found)
