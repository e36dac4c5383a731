"""Read the end of a process's log."""

from __future__ import annotations

import os
from pathlib import Path

MOST_BYTES = 2**16


def last_lines(log: Path) -> list[str]:
    """Return the lines, but for empty ones, in the last 64 KiB; none if it cannot be read.

    >>> last_lines(Path("nowhere.log"))
    []
    """
    try:
        with log.open("rb") as file:
            file.seek(max(0, os.fstat(file.fileno()).st_size - MOST_BYTES))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return []
    return [line.rstrip() for line in text.splitlines() if line.strip()]
