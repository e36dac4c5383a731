"""Embed the pictures of a report, each as a data URL."""

from __future__ import annotations

import base64
from pathlib import Path

from ...safe_io import read_bytes

PICTURE = 32 * 2**20
"""Bytes of a sample grid."""
FIGURE = 8 * 2**20
"""Bytes of a figure."""
STARTS = {"png": b"\x89PNG\r\n\x1a\n", "gif": b"GIF89a"}
FIGURES = (
    (
        "figure-1.png",
        "Figure 1: the game on the line",
        "Four moments: the start; V near C(G) while G is poor; half of JSD left; the end.",
    ),
    ("figure-1.gif", "Figure 1, over the run", "Frames are denser at the start."),
    (
        "figure-2.png",
        "Figure 2: samples and the nearest training examples",
        "Drawn at random, not picked. On the right, the training example nearest to its neighbour.",
    ),
    (
        "figure-3.png",
        "Figure 3: lines through latent space",
        "Each row is a straight line between two random points.",
    ),
)
"""Of Goodfellow et al. (2014): the file in ``exports/``, a title, a caption."""


def to_data_url(path: Path, most: int = PICTURE) -> str | None:
    """Encode a PNG or GIF file as a data URL; ``None`` if it is none.

    Args:
        path: The file.
        most: Its bytes, at most.
    """
    try:
        content = read_bytes(path, most)
    except (OSError, ValueError):
        return None
    kind = next((kind for kind, start in STARTS.items() if content.startswith(start)), None)
    if kind is None:
        return None
    return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"


def find_figures(exports: Path) -> list[dict[str, str]]:
    """Find the paper's figures that were drawn of this run, and the animation of figure 1.

    Args:
        exports: The run's folder ``exports/``.
    """
    return [
        {"title": title, "url": url, "text": text}
        for name, title, text in FIGURES
        if (url := to_data_url(exports / name, FIGURE)) is not None
    ]
