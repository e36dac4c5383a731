"""Count how often an image is halved on its way to the smallest map."""

from __future__ import annotations

from collections.abc import Sequence

from advnets.errors import UsageError

SMALLEST_MAP = 4


def count_halvings(height: int, width: int, requested: int | None, architecture: str) -> int:
    """Return how many times an image is halved: as asked for, or to the last map of 4 or more.

    Raises:
        UsageError: If it cannot be, or not so often.

    >>> [count_halvings(n, n, None, "resnet") for n in (8, 16, 28, 32, 64, 128)]
    [1, 2, 2, 3, 4, 5]
    """
    possible = [n for n in range(1, 31) if not (height % 2**n or width % 2**n)]
    if requested is None:
        requested = max((n for n in possible if min(height, width) >> n >= SMALLEST_MAP), default=1)
    if requested in possible:
        return requested
    raise UsageError(
        f"{architecture} halves images {requested} times (stages), for which height and width must "
        f"be multiples of {2**requested}; these images have {height}×{width} pixels",
        hint=f"give the data set another size, or set stages to at most {max(possible)}"
        if possible
        else "give the data set another size",
    )


def widths_of(channels: int | Sequence[int], needed: int, architecture: str) -> list[int]:
    """Return so many numbers of channels, from the image to the smallest map.

    Raises:
        UsageError: If another number of them is given.

    >>> widths_of(16, 3, "resnet"), widths_of([16, 32], 2, "resnet")
    ([16, 16, 16], [16, 32])
    """
    widths = [channels] * needed if isinstance(channels, int) else list(channels)
    if len(widths) != needed:
        raise UsageError(
            f"{architecture} is given {len(widths)} numbers of channels, {widths}; for images of "
            f"this size it takes {needed}",
            hint="give one number for all, or one for each, from the image to the smallest map",
        )
    return widths
