from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from advnets.cli.main import cli

PLUGIN = """
from advnets import Component, hookimpl

@hookimpl
def advnets_datasets():
    return [Component("spirals", "somewhere:Spirals", "two spirals")]
"""
SPIRALS = """
import numpy as np
from advnets.data import DataSpec, Examples, Source

class Spirals(Source):
    name = "spirals"
    spec = DataSpec((2,), "float32")
    splits = ("train",)

    def read(self, split):
        return Examples(np.eye(2, dtype="float32"))
"""
ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _own_data_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TFDS_DATA_DIR", str(tmp_path / "tfds"))
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)


def advnets(*words: str) -> Result:
    return CliRunner().invoke(cli, list(words))


def test_list_names_every_data_set_and_what_is_prepared(tmp_path: Path) -> None:
    folder = tmp_path / "tfds" / "mnist" / "3.0.1"
    folder.mkdir(parents=True)
    (folder / "dataset_info.json").write_text("{}")
    result = advnets("data", "list")
    assert result.exit_code == 0
    for name in ("tfds", "digits", "gaussian_1d", "ring", "grid", "folder", "npz"):
        assert f"\n{name} " in result.stdout
    assert "mnist:3.0.1" in result.stdout


def test_look_prints_what_the_documentation_shows(tmp_path: Path) -> None:
    shown = (ROOT / "docs" / "data.md").read_text(encoding="utf-8")
    block = shown.partition("$ advnets data look digits\n")[2].partition("```")[0]
    result = advnets("data", "look", "digits")
    assert result.exit_code == 0
    assert result.stdout == block
    result = advnets("data", "look", "digits", "dataset={name: npz, path: gone.npz}")
    assert result.exit_code == 2
    assert "there is no file gone.npz" in result.stderr


def test_look_has_those_of_plugins(tmp_path: Path) -> None:
    plugin = tmp_path / "looked_at_spirals.py"
    plugin.write_text(PLUGIN.replace("somewhere:Spirals", "looked_at_spirals:Spirals") + SPIRALS)
    words = ("digits", "dataset=spirals", "--plugin", str(plugin))
    result = advnets("data", "look", *words)
    assert result.stdout.splitlines() == [
        "spirals: vectors of 2, float32 from 0 to 1, as they are",
        "train: 2 examples",
    ], result.output
    result = advnets("validate", *words)
    assert result.exit_code == 0
    assert "spirals: " not in result.stdout


def test_list_has_those_of_plugins(tmp_path: Path) -> None:
    plugin = tmp_path / "spirals_plugin.py"
    plugin.write_text(PLUGIN)
    result = advnets("data", "list", "--plugin", str(plugin))
    assert "two spirals" in result.stdout
    assert "nothing" in result.stdout


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["mnits"], "did you mean 'mnist'"),
        (["digits"], "digits needs no preparing"),
        (["tfds"], "give its id"),
        (["mnist"], "cannot be downloaded"),
        (["mnist", "--from", "{tmp}/none"], "is not a folder"),
        (["mnist", "--from", "{tmp}"], "lacks t10k-images-idx3-ubyte.gz"),
    ],
)
def test_what_cannot_be_prepared_ends_with_2(tmp_path: Path, words: list[str], says: str) -> None:
    result = advnets("data", "prepare", *(word.format(tmp=tmp_path) for word in words))
    assert result.exit_code == 2
    assert says in result.stderr
    assert result.stdout == ""
    assert "Traceback" not in result.stderr
