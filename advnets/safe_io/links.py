"""What in a folder leads out of it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

MOST_ENTRIES = 1_000_000


def outside(folder: Path) -> Iterator[tuple[Path, str]]:
    """Everything below ``folder`` through which something outside of it would be used.

    Links are resolved; one that stays in the folder is no matter. Linked folders are not
    gone into.

    Args:
        folder: A folder, itself possibly reached through links.

    Yields:
        Paths relative to the folder, and what is wrong with each: a link that leads out of the
        folder or in a circle, or something that is neither file nor folder.
    """
    root = os.path.realpath(folder)
    count = 0
    for path, folders, files in os.walk(root):
        for name in sorted([*folders, *files]):
            count += 1
            entry = os.path.join(path, name)
            fault = (
                _fault(entry, root) if count <= MOST_ENTRIES else "more entries than are looked at"
            )
            if fault:
                yield Path(os.path.relpath(entry, root)), fault
            if count > MOST_ENTRIES:
                return


def _fault(entry: str, root: str) -> str | None:
    try:
        mode = os.lstat(entry).st_mode
    except FileNotFoundError:
        return None  # removed meanwhile: a temporary file of somebody at work here
    except OSError as error:
        return error.strerror or type(error).__name__
    if stat.S_ISREG(mode) or stat.S_ISDIR(mode):
        return None
    if not stat.S_ISLNK(mode):
        return "is neither a file nor a folder"
    target = os.path.realpath(entry)
    if target == root or not target.startswith(root.rstrip(os.sep) + os.sep):
        return f"is a link that leads out of the folder, to {target}"
    return "is a link that leads in a circle" if os.path.islink(target) else None
