"""Give TensorFlow a path that it does not take for a pattern."""

from __future__ import annotations

import contextlib
import os
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path

PATTERN = re.compile(r"[*?\[\]\\{}]")
"""What TensorFlow looks for files by, and what a folder's name may have in it all the same."""


@contextlib.contextmanager
def plain_path(folder: Path) -> Iterator[Path]:
    """Yield a path to a folder in which nothing means anything but itself.

    >>> with plain_path(Path("runs/ring")) as path:
    ...     print(path.as_posix())
    runs/ring
    """
    if not PATTERN.search(str(folder)):
        yield folder
        return
    with tempfile.TemporaryDirectory(prefix="advnets-") as above:
        link = Path(above) / "checkpoint"
        os.symlink(folder.absolute(), link, target_is_directory=True)
        yield link
