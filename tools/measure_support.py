"""Play every component that ships in every way, and keep what came of it: docs/support/matrix.json.

usage: python tools/measure_support.py [--only TEXT] [--ways WAY,WAY] [--again | --new]

What is kept is written as it comes. Only what is missing is played, and what has changed since:
the component's file, what it is played with, or TensorFlow. ``--only`` names components by a part
of ``kind/name``; ``--again`` plays them although they are there. ``--new`` leaves alone what has
changed, and plays what was never played: such a row keeps the hash of the older code, so that it
is played anew without ``--new``. Which plugins ship: those of plugins/, which have to be
installed, or on PYTHONPATH. See docs/support.md.
"""

from __future__ import annotations

import argparse
import contextlib
import fcntl
import hashlib
import inspect
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from advnets.plugins import load_plugins
from advnets.plugins.components import Component
from advnets.runs.manifest import machine, versions
from advnets.testing.ways import KINDS, WAYS, Item, Outcome, measure

ROOT = Path(__file__).resolve().parents[1]
MATRIX = ROOT / "docs" / "support" / "matrix.json"
LINE = {"name": "gaussian_1d", "examples": 500, "held_out": 100}
PARAMETERS: dict[str, dict[str, Any]] = {
    "architectures/mlp": {"layers": [6]},
    "architectures/dcgan": {"synchronized": True},
    "architectures/autoencoder": {"encoder": [9, 7], "synchronized": True},
    "architectures/conv_autoencoder": {"synchronized": True},
    "architectures/resnet": {"synchronized": True},
}
"""What a component is played with, beside the parameters of its ``example``."""
CHANGED: dict[str, dict[str, Any]] = {
    "encounters/inversion": {
        "networks": {"encoder": {"name": "mlp", "layers": [6]}},
        "penalties": ["latent_regression"],
    },
    "callbacks/theory": {"dataset": LINE, "latent": {"name": "uniform", "size": 1}},
}
"""What else the recipe of its game says."""


def shipped() -> dict[str, tuple[str, Component]]:
    """Return the components that ship, by ``kind/name``, each with its plugin's name."""
    folders = {folder.name for folder in (ROOT / "plugins").glob("advnets-*")}
    found, missing = {}, set(folders)
    for record in load_plugins(environ={}).plugins:
        distribution = record.source.rpartition(" ")[0]
        own = distribution in folders
        missing.discard(distribution)
        if not own and record.source != "built in":
            continue
        for kind in KINDS:
            for component in record.components.get(kind, []):
                name = distribution if own else "advnets"
                found[f"{kind}/{component.name}"] = (name, component)
    if missing:
        sys.exit(f"not installed: {', '.join(sorted(missing))}; `make install` installs them")
    return found


def code_of(key: str, component: Component) -> str:
    """Hash a component's file, and what it is played with: 12 hexadecimal digits."""
    file = inspect.getsourcefile(inspect.unwrap(component.load()))
    text = json.dumps([component.example, PARAMETERS.get(key), CHANGED.get(key)], default=repr)
    digest = hashlib.sha256(text.encode())
    digest.update(Path(file or __file__).read_bytes())
    return digest.hexdigest()[:12]


def item_of(key: str) -> Item:
    """Say what is played of a component."""
    kind, _, name = key.partition("/")
    return Item(kind, name, PARAMETERS.get(key, {}), CHANGED.get(key, {}))


class Matrix:
    """Keep what came of components, in a file, as it comes; several processes may do so at once.

    Args:
        components: What ships, by ``kind/name``.
        path: The file.
        older: Whether what was played with older code is kept.
    """

    def __init__(
        self,
        components: dict[str, tuple[str, Component]],
        path: Path = MATRIX,
        *,
        older: bool = False,
    ):
        self._path, self._older = path, older
        self._codes = {key: code_of(key, component) for key, (_, component) in components.items()}
        self._plugins = {key: plugin for key, (plugin, _) in components.items()}

    def read(self) -> dict[str, Any]:
        """Return what is kept of what ships, by ``kind/name``."""
        before = self.kept()
        return {key: self._row(key, before) for key in self._codes}

    def _row(self, key: str, before: dict[str, Any]) -> dict[str, Any]:
        row = before.get(key, {})
        code = row.get("code") if self._older and row else self._codes[key]
        own: dict[str, Any] = {"plugin": self._plugins[key], "code": code}
        own["with"] = {**PARAMETERS.get(key, {}), **CHANGED.get(key, {})}
        same = row.get("code") == code
        return {**own, **({k: row[k] for k in ("seconds", "ways")} if same else _empty())}

    def kept(self) -> dict[str, Any]:
        """Return what was ever kept with this TensorFlow, by ``kind/name``."""
        if not self._path.is_file():
            return {}
        kept: dict[str, Any] = json.loads(self._path.read_text(encoding="utf-8"))
        same = kept["versions"]["tensorflow"] == versions()["tensorflow"]
        return dict(kept["components"]) if same else {}

    def keep(self, item: Item, way: str, outcome: Outcome) -> None:
        """Keep what came of a component in one way."""
        key = f"{item.kind}/{item.name}"
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with self._locked():
            before = self.kept()
            row = self._row(key, before)
            ways = {**row["ways"], way: str(outcome)}
            row["ways"] = {way: ways[way] for way in WAYS if way in ways}
            row["seconds"] = round(row["seconds"] + outcome.seconds, 1)
            # Others' rows stay as they are: who is at it there may know them better.
            rows = {each: before.get(each) or self._row(each, {}) for each in self._codes}
            about = {
                "date": datetime.now(UTC).date().isoformat(),
                "commit": commit(),
                "machine": machine(),
                "versions": versions(),
            }
            kept = about | {"components": rows | {key: row}}
            written = self._path.with_suffix(".new")
            text = json.dumps(kept, indent=1, ensure_ascii=False)
            written.write_text(text + "\n", encoding="utf-8")
            written.replace(self._path)

    @contextlib.contextmanager
    def _locked(self) -> Iterator[None]:
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            yield
        finally:
            os.close(folder)


def _empty() -> dict[str, Any]:
    return {"seconds": 0.0, "ways": {}}


def commit() -> str:
    """Return the commit of the checkout."""
    words = ["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"]
    return subprocess.run(words, capture_output=True, text=True, check=False).stdout.strip()


def write_files() -> None:
    """Write what the data sets read that read files, into the current folder."""
    draw = np.random.default_rng(0)
    for index in range(40):
        file = Path(f"images/{'ab'[index % 2]}/{index:02}.png")
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(draw.integers(0, 256, (9, 9, 3), "uint8")).save(file)
    np.savez("arrays.npz", train=draw.random((60, 2), "float32"))


def main() -> None:
    """Play what is missing."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--only", default="", help="a part of kind/name")
    parser.add_argument("--ways", default=",".join(WAYS), help="which ways")
    parser.add_argument("--again", action="store_true", help="although they are there")
    parser.add_argument("--new", action="store_true", help="not what was played and has changed")
    given = parser.parse_args()
    ways, components = given.ways.split(","), shipped()
    matrix = Matrix(components, older=given.new)
    kept = {} if given.again else matrix.read()
    asked = [
        (item_of(key), way)
        for key in components
        if given.only in key
        for way in ways
        if way not in kept.get(key, {}).get("ways", {})
    ]
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        os.chdir(folder)
        write_files()
        for item, way, outcome in measure(asked):
            matrix.keep(item, way, outcome)
            at = time.monotonic() - began
            print(f"{at:6.0f} s  {item.kind}/{item.name} {way}: {outcome}", flush=True)


if __name__ == "__main__":
    main()
