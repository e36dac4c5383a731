"""Plugins that are blocked, and plugins that are named in vain."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from advnets import PluginError

from .conftest import LOSS, Write, load, record


@pytest.mark.parametrize("way", ["option", "variable"])
def test_blocking(write: Write, way: str) -> None:
    path = write(LOSS.format(name="mine"))
    word = f"no:{path.stem}"
    registry = (
        load(path, word) if way == "option" else load(path, environ={"ADVNETS_PLUGINS": word})
    )
    assert record(registry, path.stem).status == "blocked"
    with pytest.raises(PluginError, match="not among the registered losses") as error:
        registry.component("losses", "mine")
    assert f"plugin '{path.stem}' is blocked" in str(error.value.hint)


def test_blocking_by_the_distributions_name(install: Callable[[str, str, str], None]) -> None:
    install("advnets-mine", "mine", LOSS.format(name="mine"))
    assert record(load("no:advnets-mine"), "mine").status == "blocked"
    assert record(load("no:mine"), "mine").status == "blocked"


def test_blocking_a_built_in_group() -> None:
    registry = load("no:builtin-games")
    assert "minimax" not in registry.names("losses")
    assert registry.names("optimizers") != []


def test_a_blocked_plugin_is_not_imported(write: Write) -> None:
    path = write("raise SystemExit('imported')")
    assert record(load(path, f"no:{path.stem}"), path.stem).status == "blocked"
    assert path.stem not in sys.modules


def test_blocking_nothing_is_an_error() -> None:
    with pytest.raises(PluginError, match="cannot block 'builtin-gmaes'") as error:
        load("no:builtin-gmaes")
    assert error.value.hint == "did you mean 'builtin-games'?"


def test_what_the_variable_names_in_vain_is_a_warning(tmp_path: Path) -> None:
    """It outlives what it was set for, and must not stop every command."""
    registry = load(environ={"ADVNETS_PLUGINS": f"no:gone,{tmp_path}/gone.py"})
    assert "minimax" in registry.names("losses")
    assert len(registry.warnings) == 2
    assert "does not exist" in registry.warnings[0]
    assert "cannot block 'gone'" in registry.warnings[1]


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("no_such_file.py", "does not exist"),
        ("./no_such_folder/plugin.py", "does not exist"),
        ("no_such_module_anywhere", "is no importable module"),
        ("no.such.module", "is no importable module"),
    ],
)
def test_what_the_option_names_in_vain_is_an_error(word: str, message: str) -> None:
    with pytest.raises(PluginError, match=message):
        load(word)
