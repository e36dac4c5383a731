"""What is shipped: metadata in one place, every recipe in the wheel, a version announced."""

from __future__ import annotations

import configparser
import importlib.metadata
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import advnets

ROOT = Path(__file__).parents[1]


def setup_cfg() -> configparser.ConfigParser:
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    return config


def test_pyproject_has_no_project_table() -> None:
    """With one, setuptools would ignore the metadata of setup.cfg."""
    for file in [ROOT / "pyproject.toml", *ROOT.glob("plugins/*/pyproject.toml")]:
        assert "project" not in tomllib.loads(file.read_text(encoding="utf-8")), file


def test_version_is_written_once_and_announced() -> None:
    assert setup_cfg()["metadata"]["version"] == "attr: advnets._version.__version__"
    changelog = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    headings = re.findall(r"^## \[(.+?)\]", changelog, flags=re.MULTILINE)
    assert headings[0] == "Unreleased"
    released = headings[1:2]
    assert released in ([], [advnets.__version__]), "the version has no entry in CHANGELOG.md"


def test_undeclared_dependency_of_tfds_is_declared() -> None:
    assert "importlib_resources" in setup_cfg()["options"]["install_requires"]


def test_all_names_every_distribution_of_plugins() -> None:
    """``pip install advnets[all]``, ``make install`` and the folders are the same set."""
    config = setup_cfg()
    named = config["options.extras_require"]["all"].split()
    folders = sorted(file.parent for file in ROOT.glob("plugins/*/setup.cfg"))
    assert [line.partition(">")[0] for line in named] == [folder.name for folder in folders]
    for line, folder in zip(named, folders, strict=True):
        own = configparser.ConfigParser()
        own.read(folder / "setup.cfg", encoding="utf-8")
        assert own["metadata"]["name"] == folder.name
        low, high = re.fullmatch(r"[\w-]+>=([\d.]+),<([\d.]+)", line).groups()
        version = [int(part) for part in own["metadata"]["version"].split(".")]
        assert [int(p) for p in low.split(".")] <= version < [int(p) for p in high.split(".")]
    core = config["options"]["install_requires"]
    assert "advnets-" not in core


def test_entry_points_can_be_imported() -> None:
    points = [
        point
        for group in ("console_scripts", "pytest11", "advnets")
        for point in importlib.metadata.entry_points(group=group)
        if point.value.split(".")[0] == "advnets"
    ]
    assert "advnets" in {point.name for point in points if point.group == "console_scripts"}
    for point in points:
        assert point.load() is not None


def test_everything_needed_is_built(tmp_path: Path) -> None:
    """Builds as for a wheel: packages, recipes and templates arrive, and one is found there."""
    built = tmp_path / "lib"
    subprocess.run(
        [sys.executable, "setup.py", "-q", "build_py", "--build-lib", str(built)],
        cwd=ROOT,
        check=True,
        capture_output=True,
    )
    shipped = {str(f.relative_to(built)) for f in built.rglob("*")}
    needed = {f"advnets/recipes/{f.name}" for f in ROOT.glob("recipes/*.yaml")}
    needed |= {
        str(f.relative_to(ROOT))
        for pattern in ("*.py", "*.j2", "py.typed", "directory.json")
        for f in (ROOT / "advnets").rglob(pattern)
    }
    assert needed - shipped == set()
    program = """
from advnets.plugins import load_plugins
from advnets.recipe import find_recipe
print(find_recipe("ring", load_plugins()))
"""
    found = subprocess.run(
        [sys.executable, "-c", program],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(built)},
        check=True,
        capture_output=True,
        text=True,
    )
    assert Path(found.stdout.strip()) == built / "advnets/recipes/ring.yaml"


def test_a_checkout_needs_no_links() -> None:
    """A file system without symbolic links, as on Windows, holds the package too."""
    assert [f for f in (ROOT / "advnets").rglob("*") if f.is_symlink()] == []


def test_no_file_is_left_out_of_the_package() -> None:
    """A new kind of file in the package must be added to [options.package_data]."""
    known = {".py", ".j2", ".typed", ".pyc"}
    left_out = [
        f
        for f in (ROOT / "advnets").rglob("*")
        if f.is_file() and f.suffix not in known and "__pycache__" not in f.parts
        if f.name != "directory.json"
    ]
    assert left_out == []
