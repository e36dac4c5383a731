"""``advnets recipes``: list, show, copy, schema."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from advnets.cli.main import cli
from advnets.recipe import read_yaml

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def recipes(*words: str) -> Result:
    return CliRunner().invoke(cli, ["recipes", *words])


def test_list_names_every_file() -> None:
    lines = recipes("list").stdout.splitlines()
    assert lines[0].split() == ["NAME", "FROM", "WHAT"]
    for file in ROOT.glob("recipes/*.yaml"):
        (line,) = [line for line in lines if line.startswith(f"{file.stem} ")]
        assert "advnets (built in)" in line


def test_show() -> None:
    result = recipes("show", "ring")
    assert result.stdout.strip() == (ROOT / "recipes/ring.yaml").read_text().strip()


def test_show_resolved() -> None:
    written = read_yaml(recipes("show", "ring").stdout, "ring").value
    resolved = read_yaml(recipes("show", "ring", "--resolved").stdout, "ring").value
    assert "distribution" not in written
    assert resolved["distribution"]["strategy"] == "auto"
    changed = read_yaml(recipes("show", "ring", "training.steps=3").stdout, "ring").value
    assert changed["training"]["steps"] == 3


def test_copy(here: Path) -> None:
    text = (ROOT / "recipes/ring.yaml").read_text()
    assert recipes("copy", "ring").stdout == "ring.yaml\n"
    assert (here / "ring.yaml").read_text() == text
    (here / "folder").mkdir()
    assert recipes("copy", "ring", "folder").exit_code == 0
    assert recipes("copy", "ring", "mine.yaml").exit_code == 0
    assert (here / "folder/ring.yaml").read_text() == (here / "mine.yaml").read_text() == text


def test_copy_overwrites_only_on_demand(here: Path) -> None:
    (here / "ring.yaml").write_text("precious")
    result = recipes("copy", "ring", "ring.yaml")
    # `ring` is the shipped recipe; the file of that name with its suffix stays as it is
    assert result.exit_code == 2
    assert "error: ring.yaml exists" in result.stderr
    assert (here / "ring.yaml").read_text() == "precious"
    assert recipes("copy", "ring", "ring.yaml", "--force").exit_code == 0
    assert (here / "ring.yaml").read_text() != "precious"


def test_copy_into_nowhere() -> None:
    result = recipes("copy", "ring", "gone/ring.yaml")
    assert result.exit_code == 2
    assert "there is no folder gone" in result.stderr


def test_copy_onto_itself(here: Path) -> None:
    recipes("copy", "ring")
    result = recipes("copy", "ring.yaml", "--force")
    assert result.exit_code == 2
    assert "is that recipe itself" in result.stderr


def test_an_unknown_name() -> None:
    result = recipes("show", "rign")
    assert result.exit_code == 2
    assert "did you mean 'ring'?" in result.stderr


def test_schema() -> None:
    schema = json.loads(recipes("schema").stdout)
    assert schema["properties"]["training"]["properties"]["steps"]["minimum"] == 1
    assert "losses:minimax" in schema["$defs"]
