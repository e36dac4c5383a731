"""V(D, G) of an energy-based game, which theorem 1 says is the margin at an equilibrium."""

from __future__ import annotations

import numpy as np

from advnets.errors import DataError
from advnets.evaluate import MetricContext, Score, mean_interval, normal_interval


def ebgan_value(
    context: MetricContext, *, margin: float = 10.0, samples: int = 10_000, split: str = "test"
) -> list[Score]:
    """V(D, G) = E[E(x)] + E[m − E(G(z))]⁺ on examples that were not trained on.

    For a given G, min_D V = m ∫ min(p_data, p_g), so that V comes to m where p_g = p_data
    and D has settled (theorem 1), and lies below it while the two can be told apart. V above m
    tells of a D that has not settled. D is in inference mode.

    Args:
        context: Samples, data and D.
        margin: m, the loss's.
        samples: Number of samples drawn from G.
        split: Of the real examples; all of them are taken.

    Returns:
        ``ebgan_value``, ``energy_real`` and ``energy_fake``, in units of energy.

    Raises:
        DataError: If D gives no energy, or the loss has another margin.

    Source: Zhao, Mathieu and LeCun 2016 (arXiv:1609.03126), equation 3 and theorem 1.
    """
    told = getattr(context.loss, "margin", margin)
    if told != margin:
        raise DataError(
            f"the loss's margin is {told:g}; the metric was told {margin:g}",
            hint=f"ask for {{name: ebgan_value, margin: {told:g}}}",
        )
    real = np.concatenate([_energy(context, part) for part in context.real_parts(split)])
    fake = np.concatenate([_energy(context, part) for part in context.generated_parts(samples)])
    below = mean_interval(np.maximum(margin - fake, 0.0))
    of_real, of_fake = mean_interval(real), mean_interval(fake)
    value = float(real.mean() + np.maximum(margin - fake, 0.0).mean())
    of_value = normal_interval(value, float(np.hypot(of_real.error, below.error)))

    def score(name: str, value: float, interval: tuple[float, float, float]) -> Score:
        protocol = context.protocol(
            unit="energy",
            margin=margin,
            samples=samples,
            split=split,
            examples=len(real),
            precision="float64",
            error="of the mean",
            interval=list(interval[:2]),
            interval_level=0.95,
        )
        return Score(name, value, interval[2], protocol)

    return [
        score("ebgan_value", value, of_value),
        score("energy_real", float(real.mean()), of_real),
        score("energy_fake", float(fake.mean()), of_fake),
    ]


def _energy(context: MetricContext, examples: np.ndarray) -> np.ndarray:
    said = context.discriminator(examples) if context.discriminator is not None else {}
    if "energy" not in said:
        raise DataError(
            "the discriminator gives no energy",
            hint="this metric is for games with an energy, such as those of `autoencoder`",
        )
    return np.asarray(said["energy"], np.float64).reshape(len(examples))
