"""Hold the range that a network's last activation reaches against that of the examples."""

from __future__ import annotations

from math import inf

Range = tuple[float, float]

ACTIVATIONS: dict[str, Range] = {
    **dict.fromkeys(("sigmoid", "hard_sigmoid", "sparse_sigmoid", "softmax", "sparsemax"), (0, 1)),
    **dict.fromkeys(("tanh", "hard_tanh", "softsign"), (-1, 1)),
    **dict.fromkeys(("relu", "softplus", "exponential", "squareplus"), (0, inf)),
    "relu6": (0, 6),
    "log_sigmoid": (-inf, 0),
    "log_softmax": (-inf, 0),
}
"""The intervals that activations reach, by Keras's names; those not named reach any number."""
NEAR = 1e-3
"""How far outside, in widths of a range, an example may lie: rounding."""


def explain_misfit(activation: str, examples: Range) -> tuple[str, str] | None:
    """Say why a generator that ends in an activation does not fit its examples, if it doesn't.

    Args:
        activation: By Keras's name.
        examples: The ends of the interval that the examples lie in.

    Returns:
        What is wrong, with both ranges, and what would fit; ``None`` if nothing is known to be.

    >>> explain_misfit("tanh", (-1.0, 1.0)), explain_misfit("linear", (0.0, 1.0))
    (None, None)
    >>> print(*explain_misfit("sigmoid", (-1.0, 1.0)), sep="; ")
    it ends in sigmoid, in [0, 1], and the examples lie in [-1, 1]: some cannot be made; tanh fits
    """
    reached, (low, high) = ACTIVATIONS.get(activation), examples
    if reached is None:
        return None
    near = NEAR * (high - low)
    if low < reached[0] - near or high > reached[1] + near:
        why = "some cannot be made"
    elif reached[0] < 0 <= low and reached[1] != 0:
        why = "half of what it makes is like none of them"
    else:
        return None
    fitting = next((name for name in ("sigmoid", "tanh") if ACTIVATIONS[name] == examples), None)
    return (
        f"it ends in {activation}, in {describe_range(reached)}, and the examples lie in "
        f"{describe_range(examples)}: {why}",
        f"{fitting or 'linear'} fits",
    )


def describe_range(ends: Range) -> str:
    """Return an interval as text.

    >>> describe_range((-1.0, 1.0)), describe_range((0, inf))
    ('[-1, 1]', '[0, ∞)')
    """
    low, high = (f"{end:.4g}" for end in ends)
    return f"{'(−∞' if ends[0] == -inf else f'[{low}'}, {'∞)' if ends[1] == inf else f'{high}]'}"
