"""Tell whether a plugin's code is what it was: by a hash of its file, or of all in its package."""

from __future__ import annotations

import hashlib
import os
import sys
from pathlib import Path
from types import ModuleType
from weakref import WeakKeyDictionary

from ..safe_io import open_file

DIGITS = 16
COMPILED = "__pycache__"


def fingerprint(module: str) -> str:
    """Return a short hash of the code that an imported module belongs to; ``""`` if it has none.

    That of its file, or, where it lies in a package, of all files of the outermost one: their
    paths within it and their content. Where it lies on this machine doesn't matter. It is taken
    when it is asked for first, which is when the code was imported, and stays that of the code
    that this process has.

    Args:
        module: Its dotted name.
    """
    words = module.split(".")
    for length in range(1, len(words) + 1):
        found = sys.modules.get(".".join(words[:length]))
        file = getattr(found, "__file__", None)
        if found is not None and file:  # not a namespace, which several distributions share
            if found not in _known:
                _known[found] = _hash(Path(file))
            return _known[found]
    return ""


_known: WeakKeyDictionary[ModuleType, str] = WeakKeyDictionary()


def _hash(file: Path) -> str:
    if file.name != "__init__.py":
        return hashlib.sha256(file.read_bytes()).hexdigest()[:DIGITS]
    digest = hashlib.sha256()
    for path in sorted(_files(file.parent)):
        digest.update(f"{path.relative_to(file.parent).as_posix()}\0".encode(errors="replace"))
        with open_file(path) as opened:
            digest.update(hashlib.file_digest(opened, "sha256").digest())
    return digest.hexdigest()[:DIGITS]


def _files(package: Path) -> list[Path]:
    found = []
    for folder, inner, names in os.walk(package):
        inner[:] = [name for name in inner if name != COMPILED]
        paths = (Path(folder, name) for name in names if not name.endswith((".pyc", ".pyo")))
        found += [path for path in paths if path.is_file()]
    return found
