"""Plugins for the tests to load: files, and distributions on Python's path."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from advnets.plugins import Registry, load_plugins
from advnets.plugins.registry import PluginRecord

NUMBER = itertools.count()
LOSS = """
from advnets import Component, hookimpl

@hookimpl
def advnets_losses():
    return [Component({name!r}, "os:getcwd", "a loss")]
"""

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path) -> Iterator[Write]:
    """Write a plugin file whose module name no other test uses."""
    before = set(sys.modules)

    def write(text: str, stem: str | None = None) -> Path:
        path = tmp_path / f"{stem or f'plugin_file_{next(NUMBER)}'}.py"
        path.write_text(text)
        return path

    yield write
    for name in set(sys.modules) - before:
        if str(getattr(sys.modules[name], "__file__", "")).startswith(str(tmp_path)):
            del sys.modules[name]


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, str, str], None]:
    """Put a distribution with one entry point on Python's path."""

    def install(distribution: str, point: str, text: str) -> None:
        site = tmp_path / f"site_{distribution}"
        info = site / f"{distribution.replace('-', '_')}-1.2.dist-info"
        info.mkdir(parents=True)
        module = f"installed_{next(NUMBER)}"
        (site / f"{module}.py").write_text(text)
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.2\n"
        )
        (info / "entry_points.txt").write_text(f"[advnets]\n{point} = {module}\n")
        monkeypatch.syspath_prepend(str(site))

    return install


def load(*words: object, environ: dict[str, str] | None = None) -> Registry:
    return load_plugins([str(word) for word in words], environ or {})


def record(registry: Registry, name: str) -> PluginRecord:
    return next(record for record in registry.plugins if record.name == name)
