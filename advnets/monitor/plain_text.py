r"""Text in drawings is shown as it is: matplotlib takes what stands between two $ for a formula.

Runs, sweeps and metrics may be called anything. ``$x$`` would be set as x, and ``$\frac$``,
which is no formula, ends the drawing with an error.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def plain_text(**style: Any) -> Iterator[None]:
    """While this lasts, what is drawn holds no formulas; also a decorator of what draws.

    Text that is there keeps to it afterwards. What lays out labels only when it is saved, as
    axes with named ticks do, has to be saved within.

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
