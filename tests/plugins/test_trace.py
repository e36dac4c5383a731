"""ADVNETS_TRACE_PLUGINS=1 shows each call of plugins' code, on standard error alone."""

from __future__ import annotations

import json
import re
from collections.abc import Callable

import pytest
from click.testing import CliRunner

import advnets
from advnets import Component, UsageError
from advnets.cli.main import cli
from advnets.plugins import load_plugins
from advnets.recipe import load_recipe
from advnets.train.build import build_game
from advnets.train.find_data import find_data

from .conftest import LOSS, Write, load

FAILS = """
from advnets import hookimpl

@hookimpl
def advnets_losses():
    raise ValueError("no luck")
"""
MINE = """
from advnets import Component, hookimpl

@hookimpl
def advnets_losses():
    return [Component("mine", "{stem}:make", "a loss")]

@hookimpl
def advnets_priors():
    return []

def make():
    from advnets.game import NonSaturating
    return NonSaturating()
"""


@pytest.fixture
def tracing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADVNETS_TRACE_PLUGINS", "1")


def lines_of(text: str, word: str) -> list[str]:
    """Return the lines of the trace that speak of something, without their times."""
    lines = [line for line in text.splitlines() if line.startswith("trace: ") and word in line]
    assert all(re.search(r", \d+\.\d ms$", line) for line in lines)
    return [line.rpartition(", ")[0] for line in lines]


def test_each_hook_and_whose_it_is(
    write: Write,
    install: Callable[[str, str, str], None],
    tracing: None,
    capsys: pytest.CaptureFixture[str],
) -> None:
    install("advnets-there", "there", LOSS.format(name="there"))
    path, broken = write(LOSS.format(name="mine")), write(FAILS)
    load(path, broken)
    shown, said = capsys.readouterr()
    assert shown == ""
    assert lines_of(said, path.stem) == [
        f"trace: import of {path.stem} ({path}): imported",
        f"trace: advnets_losses of {path.stem} ({path}): 1 component",
    ]
    assert lines_of(said, broken.stem)[-1] == (
        f"trace: advnets_losses of {broken.stem} ({broken}): raised ValueError: no luck"
    )
    assert lines_of(said, "there")[-1] == (
        "trace: advnets_losses of there (advnets-there 1.2): 1 component"
    )
    assert "trace: import of builtin-games (built in): imported" in lines_of(said, "builtin-games")


@pytest.mark.parametrize("word", ["", "0"])
def test_nothing_is_shown(
    word: str, write: Write, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ADVNETS_TRACE_PLUGINS", word)
    load(write(LOSS.format(name="mine"))).component("losses", "mine").load()
    assert "trace" not in capsys.readouterr().err


def test_another_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ADVNETS_TRACE_PLUGINS", "yes")
    with pytest.raises(UsageError, match="ADVNETS_TRACE_PLUGINS='yes' is neither 1 nor 0"):
        load_plugins()
    result = CliRunner().invoke(cli, ["components", "losses"])
    assert result.exit_code == 2
    assert "is neither 1 nor 0" in result.stderr


def test_what_is_raised_by_a_target(tracing: None, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(advnets.PluginError):
        Component("mine", "os:strerror", "").make(str, {"code": 3})
    assert "trace: mine -> os:strerror: raised TypeError" in capsys.readouterr().err


def test_standard_output_stays_clean(write: Write, tracing: None) -> None:
    path = write(LOSS.format(name="mine"))
    result = CliRunner().invoke(cli, ["components", "losses", "--json", "--plugin", str(path)])
    assert result.exit_code == 0
    assert json.loads(result.stdout)
    assert f"advnets_losses of {path.stem}" in result.stderr


def test_places_in_a_recipe(
    write: Write, tracing: None, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each component has its place in the recipe; `advnets.run` goes the same way."""
    path = write("", "traced_by_a_run")
    path.write_text(MINE.format(stem=path.stem))
    recipe = load_recipe("ring", {"loss": "mine"}, load_plugins([path]))
    build_game(recipe, find_data(recipe).source)
    shown, said = capsys.readouterr()
    assert "trace: " not in shown
    assert f"trace: loss: mine -> {path.stem}:make: made NonSaturating" in lines_of(said, path.stem)
    assert f"trace: advnets_priors of {path.stem} ({path}): 0 components" in lines_of(
        said, path.stem
    )
    assert any(line.startswith("trace: dataset: ") for line in said.splitlines())
    assert any(line.startswith("trace: optimizers.generator: ") for line in said.splitlines())
