"""Keep what a run's folder says of the run while a session is set up, to be put back."""

from __future__ import annotations

import contextlib
import logging
from pathlib import Path

from ..errors import AdvnetsError
from ..safe_io import read_bytes
from ..safe_io.atomic import replace_atomically
from .folder import RunFolder
from .heartbeat import FILE

log = logging.getLogger(__name__)

LARGEST = 2**24
"""Bytes of a file that is kept."""


class Before:
    """Read what a session writes before its first round: manifest, recipe, sign of life.

    Args:
        folder: The run's folder, which this process has locked.
    """

    def __init__(self, folder: RunFolder):
        self._manifest, self._entries = folder.manifest, folder.manifest.data
        self._files: dict[Path, bytes] = {}
        for path in (folder.recipe_file, folder.path / FILE):
            with contextlib.suppress(OSError, ValueError):
                self._files[path] = read_bytes(path, LARGEST)

    def put_back(self) -> None:
        """Write it again; failing to must not hide why the session did."""
        try:
            self._manifest.put_back(self._entries)
            for path, content in self._files.items():
                with replace_atomically(path) as file:
                    file.write(content)
        except (AdvnetsError, OSError, ValueError) as error:
            log.warning("what the run was before could not be written again: %s", error)
