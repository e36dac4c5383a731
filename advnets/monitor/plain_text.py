r"""Draw text as it is, though matplotlib takes what stands between two $ for a formula.

Runs, sweeps and metrics may be called anything. ``$x$`` would be set as x, and ``$\frac$``,
which is no formula, ends the drawing with an error.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def plain_text(**style: Any) -> Iterator[None]:
    """Draw text without formulas inside this context; also a decorator.

    Text that was drawn stays so afterwards. A figure that lays out labels only when it is saved,
    such as axes with named ticks, has to be saved within.

    Args:
        style: More of matplotlib's settings, with ``_`` for their dots.

    >>> from matplotlib.figure import Figure
    >>> with plain_text(font_size=9):
    ...     text = Figure().text(0, 0, r"$\frac$")
    >>> text.get_parse_math(), text.get_fontsize()
    (False, 9.0)
    """
    import matplotlib as mpl

    settings: dict[str, Any] = {key.replace("_", ".", 1): value for key, value in style.items()}
    settings["text.parse_math"] = False
    with mpl.rc_context(settings):  # type: ignore[arg-type]
        yield
