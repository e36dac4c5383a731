"""Find the folder for what takes long to compute and can be computed again."""

from __future__ import annotations

import os
from pathlib import Path

VARIABLE = "ADVNETS_CACHE"


def cache_folder() -> Path:
    """Return ``$ADVNETS_CACHE``, or ``advnets`` in ``$XDG_CACHE_HOME`` or ``~/.cache``.

    Everything in it may be deleted at any time. It need not exist; where there is no home
    folder, the path is not absolute.
    """
    given = os.environ.get(VARIABLE, "")
    if given:
        return Path(os.path.abspath(os.path.expanduser(given)))
    home = os.environ.get("XDG_CACHE_HOME", "")
    return Path(home if os.path.isabs(home) else os.path.expanduser("~/.cache"), "advnets")
