"""Pull latent points to the prior's mean: less variety for better samples."""

from __future__ import annotations

import math
import numbers

import numpy as np

from ..errors import UsageError
from .prior import Prior


def truncate(latents: np.ndarray, truncation: float, prior: Prior) -> np.ndarray:
    """Return z̄ + ψ (z − z̄), z̄ being the prior's mean (:meth:`.Prior.center`).

    With ψ = 1 points stay where they are, with 0 all are the mean. Of a uniform prior it is a
    smaller cube, of a Gaussian one smaller deviations; of a prior of discrete points it
    leaves them.

    Args:
        latents: z, float32 ``[n, *shape]``.
        truncation: ψ, at least 0.
        prior: p_z.

    Returns:
        float32 ``[n, *shape]``.

    Source: the truncation trick of Brock et al. 2019 (arXiv:1809.11096), section 3.1, in the
    form of Karras et al. 2019 (arXiv:1812.04948), appendix B, taken in z.

    >>> from advnets.game import Uniform
    >>> truncate(np.array([[0.0], [4.0]], "float32"), 0.5, Uniform(1, 0.0, 4.0)).ravel().tolist()
    [1.0, 3.0]
    """
    mean = prior.center()
    return (mean + truncation * (latents - mean)).astype("float32")


def check_truncation(truncation: float | None, prior: Prior | None) -> None:
    """Refuse what is no ψ, or where there are no latent points.

    Raises:
        UsageError: With what was given.

    >>> check_truncation(-0.5, None)
    Traceback (most recent call last):
    ...
    advnets.errors.UsageError: truncation=-0.5; a number, 0 at least, was expected
      hint: 0.7 pulls latent points to the prior's mean by three tenths
    """
    if truncation is None:
        return
    number = isinstance(truncation, numbers.Real) and not isinstance(truncation, bool)
    if not number or not 0 <= truncation < math.inf:
        raise UsageError(
            f"truncation={truncation!r:.60}; a number, 0 at least, was expected",
            hint="0.7 pulls latent points to the prior's mean by three tenths",
        )
    if prior is None:
        raise UsageError(
            "there are no latent points to truncate: this game has no latent",
            hint="leave truncation out",
        )
