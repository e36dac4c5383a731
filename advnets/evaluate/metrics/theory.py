"""Compute the paper's theory of a game on the line from the densities themselves."""

from __future__ import annotations

from ...builtin.theory import TheoryParameters
from ...errors import DataError
from ...recipe.validated import validated_by
from ..context import MetricContext
from ..estimators.line_game import line_game
from ..score import Score


@validated_by(TheoryParameters)
def theory(context: MetricContext, *, bins: int = 2**14, cells: int = 2**16) -> list[Score]:
    r"""Measure how far G is from the data and D from its optimum, by integrals, without samples.

    .. math:: D^*(x) = \frac{p_{data}(x)}{p_{data}(x) + p_g(x)} \qquad
              C(G) = \max_D V(D, G) = -\log 4 + 2\, JSD(p_{data} \| p_g)

    p_data is the data set's own (``log_density``), p_g the prior pushed through G by a change
    of variables. D is called in inference mode, so without dropout.

    Args:
        context: Of a game whose examples and latent points are single numbers.
        bins: Over the data's part of the line.
        cells: Of the latent line; an even number.

    Returns:
        ``theory_jsd``: JSD(p_data ‖ p_g); ``theory_criterion``: C(G); and where D gives a
        probability ``theory_value``: V(D, G) in expectation; ``theory_gap``: C(G) − V(D, G);
        ``theory_discriminator_error``: max |D − D*| where the densest 99 % of
        (p_data + p_g) / 2 lie. An error is how far the number moves with half the bins and
        half the cells: of the quadrature, there being no sample.

    Raises:
        DataError: If the game is not on the line, or its densities are not known.

    Source: Goodfellow et al. 2014, equation 1, proposition 1 and theorem 1.
    """
    if context.generator is None or context.discriminator is None:
        raise DataError("theory needs the game's players, which this context does not have")
    game = line_game(context.source, context.prior, context.generator, context.discriminator, cells)
    numbers = game.discretise(bins).numbers()
    coarse = game.discretise(bins // 2, stride=2).numbers()
    return [
        Score(
            f"theory_{name}",
            value,
            abs(value - coarse[name]),
            context.protocol(
                unit=None if name == "discriminator_error" else "nats",
                better=None if name == "value" else "lower",
                p_data="known density",
                p_g="prior pushed through G",
                bins=bins,
                cells=cells,
                error="difference from half the bins and half the cells",
                precision="float64",
            ),
        )
        for name, value in numbers.items()
    ]
