"""Read the end of a process's log."""

from __future__ import annotations

import os
from pathlib import Path

MOST_BYTES = 2**16


def last_lines(log: Path, since: int = 0) -> list[str]:
    """Return the lines, but for empty ones, in the last 64 KiB; none if it cannot be read.

    Args:
        log: The file.
        since: Its bytes that are another process's, which wrote there before (:func:`size_of`).

    >>> last_lines(Path("nowhere.log"))
    []
    """
    try:
        with log.open("rb") as file:
            file.seek(max(since, os.fstat(file.fileno()).st_size - MOST_BYTES))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return []
    return [line.rstrip() for line in text.splitlines() if line.strip()]


def size_of(log: Path) -> int:
    """Return a file's bytes; 0 if it is not there.

    >>> size_of(Path("nowhere.log"))
    0
    """
    try:
        return log.stat().st_size
    except OSError:
        return 0
