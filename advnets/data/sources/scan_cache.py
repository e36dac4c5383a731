"""Cache what decoding many files found out, until one of them changes.

Decoding every image of a large folder takes minutes or hours; asking the system whether any
has changed takes seconds. What is kept is one small file per folder, split and way of
reading, in the cache folder (:func:`advnets.safe_io.cache.cache_folder`).
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import PIL.features

from ...errors import RunError
from ...safe_io.atomic import write_atomically
from ...safe_io.cache import cache_folder
from ..digest import Hashed
from . import image_file

WORTH_KEEPING = 3.0
"""Seconds that a scan must take. Also, what has changed meanwhile has another time
then: no file system's times are coarser than two seconds."""
FORMAT = 2

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ScanResult:
    """Hold what was found out about a split's files.

    Attributes:
        broken: File, relative to the folder → why it cannot be decoded.
        hashed: What the sound ones come to, or ``None`` while it is not known.
        pages: File → how many pages it has, where that is not one; 0: they cannot be counted.
    """

    broken: Mapping[Path, str]
    hashed: Hashed | None
    pages: Mapping[Path, int]


class ScanCache:
    """Cache the result of a split's scan.

    It counts only while every file has the name, size, times of change and inode that it
    had before it was decoded, and still had after. The time of the last change of an inode
    can't be set by programs, so that a file that was replaced by another of the same size and
    age is noticed too.

    Args:
        root: The folder.
        files: The split's files, relative to it, in order.
        reading: How they are read, as JSON values: whatever makes a difference.
    """

    def __init__(self, root: Path, files: Sequence[Path], reading: Mapping[str, Any]):
        self._root, self._files = root, files
        key = [FORMAT, os.path.abspath(root), dict(reading), _decoders()]
        name = hashlib.sha256(json.dumps(key).encode()).hexdigest()[:32]
        self._path = cache_folder() / "folders" / f"{name}.json"
        self._began, self._state = time.monotonic(), self._files_state()

    def load(self) -> ScanResult | None:
        """Return the cached result for the files as they are now; ``None`` if there is none."""
        try:
            kept = json.loads(self._path.read_bytes())
            if self._state is None or kept["state"] != self._state:
                return None
            broken = {Path(file): str(reason) for file, reason in kept["broken"].items()}
            pages = {Path(file): int(count) for file, count in kept["pages"].items()}
            return ScanResult(broken, Hashed(*kept["hashed"]), pages)
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return None

    def save(self, result: ScanResult) -> None:
        """Write what was found out since this object was made, if it is safe and worth it."""
        took = time.monotonic() - self._began
        if took < WORTH_KEEPING or result.hashed is None:
            return
        if self._state is None or self._files_state() != self._state:
            return
        kept = {
            "folder": os.path.abspath(self._root),
            "state": self._state,
            "broken": {file.as_posix(): reason for file, reason in result.broken.items()},
            "pages": {file.as_posix(): count for file, count in result.pages.items()},
            "hashed": result.hashed,
        }
        try:
            if not self._path.is_absolute():
                raise OSError("there is no home folder")
            self._path.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(self._path, json.dumps(kept, indent=1))
        except (OSError, RunError) as error:
            log.debug("what was found out about %s is not kept: %s", self._root, error)

    def _files_state(self) -> str | None:
        """Return a hash of the files' names, sizes, times and inodes; ``None`` if one is gone."""
        digest = hashlib.sha256()
        try:
            for file in self._files:
                seen = os.stat(self._root / file)
                state = (seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns, seen.st_ino)
                digest.update(os.fsencode(file) + b"\0" + repr(state).encode())
        except OSError:
            return None
        return digest.hexdigest()


def _decoders() -> list[str | None]:
    """Return what the pixels of a decoded image may depend on."""
    return [
        hashlib.sha256(Path(image_file.__file__).read_bytes()).hexdigest(),
        PIL.__version__,
        PIL.features.version_codec("jpg"),
        PIL.features.version_feature("libjpeg_turbo"),
        PIL.features.version_module("webp"),
    ]
