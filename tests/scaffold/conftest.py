"""A clean environment, as an author has one: advnets is installed there, and not editable."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
BUILT_FROM = (
    "advnets",
    "recipes",
    "setup.py",
    "setup.cfg",
    "pyproject.toml",
    "README.md",
    "LICENSE",
)


@dataclass(frozen=True)
class Clean:
    """A virtual environment, and commands in it."""

    folder: Path

    @property
    def python(self) -> Path:
        return self.folder / "bin" / "python"

    def environment(self) -> Mapping[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "ADVNETS"))}
        path = f"{self.folder / 'bin'}{os.pathsep}{kept['PATH']}"
        return {**kept, "PATH": path, "VIRTUAL_ENV": str(self.folder)}

    def run(self, *words: str, cwd: Path) -> str:
        """Run a command there; it must end well."""
        done = subprocess.run(
            words,
            cwd=cwd,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{' '.join(words)}\n{done.stdout[-5000:]}"
        return done.stdout

    def install(self, *what: str) -> None:
        """Install wheels or folders, of which everything that they need is there."""
        pip = (sys.executable, "-m", "pip", "--python", str(self.python), "install", "--quiet")
        options = ("--no-deps", "--no-build-isolation", "--no-index")
        self.run(*pip, *options, *what, cwd=self.folder)


@pytest.fixture(scope="session")
def clean(tmp_path_factory: pytest.TempPathFactory) -> Clean:
    """An environment without the checkout, and without a network: what advnets needs is linked."""
    folder = tmp_path_factory.mktemp("clean")
    source, made = folder / "source", Clean(folder / "venv")
    source.mkdir()
    for name in BUILT_FROM:
        if (ROOT / name).is_dir():
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, source / name, ignore=ignored)
        else:
            shutil.copy(ROOT / name, source / name)
    venv.create(made.folder, symlinks=True)
    (site,) = made.folder.glob("lib/python*/site-packages")
    needed = folder / "needed"
    needed.mkdir()
    for place in map(Path, sys.path):
        if place.name not in ("site-packages", "dist-packages"):
            continue
        for entry in place.iterdir():
            # Neither an editable install's finder, nor what it says of advnets and its plugins.
            ours = entry.name.startswith(("advnets", "__editable__")) or entry.suffix == ".pth"
            if not ours and not (needed / entry.name).exists():
                (needed / entry.name).symlink_to(entry)
    (site / "needed.pth").write_text(f"{needed}\n")
    made.install(str(source))
    return made
