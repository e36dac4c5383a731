"""Which distribution has what is not installed: said wherever a name is looked up in vain."""

from __future__ import annotations

import importlib.metadata
import json
from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner

import advnets
from advnets.cli.main import cli
from advnets.errors import PluginError, RecipeError, UsageError
from advnets.plugins import Registry, directory, load_plugins
from advnets.plugins.registry import PluginRecord
from advnets.recipe import find_recipe, load_recipe
from advnets.sweep import find_sweep

KNOWN: Mapping[str, Mapping[str, list[str]]] = json.loads(directory.FILE.read_text())
LOSS = "loss 'hinge' is in advnets-losses, which is not installed"
INSTALL = "`pip install advnets-losses`, or `make install` in a checkout"


@pytest.fixture
def core(monkeypatch: pytest.MonkeyPatch) -> Registry:
    """Advnets alone, as ``pip install advnets`` has it."""
    found = importlib.metadata.entry_points

    def without(**choice: str) -> importlib.metadata.EntryPoints:
        points = found(**choice)
        return points if choice.get("group") != "advnets" else importlib.metadata.EntryPoints()

    monkeypatch.setattr(importlib.metadata, "entry_points", without)
    monkeypatch.delenv("ADVNETS_PLUGINS", raising=False)
    return load_plugins()


def test_it_knows_every_kind_that_plugins_have(core: Registry) -> None:
    assert {"losses", "penalties", "architectures", "recipes", "sweeps"} <= KNOWN.keys()
    for kind, names in KNOWN.items():
        for name, distributions in names.items():
            message, hint = core.absent(kind, name) or ("", "")
            assert all(one in message and one in hint for one in distributions)


def test_nothing_that_is_installed_is_absent() -> None:
    registry = load_plugins()
    for kind, names in KNOWN.items():
        for name in set(names) & set(registry.names(kind)):
            assert registry.absent(kind, name) is None


def test_looked_up(core: Registry) -> None:
    with pytest.raises(PluginError, match=LOSS) as caught:
        core.component("losses", "hinge")
    assert caught.value.hint == INSTALL
    with pytest.raises(PluginError, match="'hinge' is not among the registered metrics"):
        core.component("metrics", "hinge")


def test_in_a_recipe_with_its_place(core: Registry, tmp_path: Path) -> None:
    with pytest.raises(RecipeError, match=f"loss: {LOSS}") as caught:
        load_recipe("digits", ["loss=hinge"], registry=core)
    assert INSTALL in str(caught.value)
    file = tmp_path / "mine.yaml"
    file.write_text(find_recipe("digits", core).read_text() + "\npenalties: [pulling_away]\n")
    with pytest.raises(RecipeError, match=r"mine.yaml:\d+:\d+: .*advnets-ebgan, which is not"):
        load_recipe(file, registry=core)


def test_recipes_and_sweeps_by_name(core: Registry) -> None:
    recipe = next(name for name in KNOWN["recipes"] if name.startswith("ebgan"))
    for word in (recipe, f"{recipe}.yaml"):
        with pytest.raises(UsageError, match=f"recipe '{recipe}' is in advnets-ebgan") as caught:
            find_recipe(word, core)
        assert caught.value.hint == "`pip install advnets-ebgan`, or `make install` in a checkout"
    with pytest.raises(UsageError, match="sweep 'ebgan_grid' is in advnets-ebgan, which is not"):
        find_sweep("ebgan_grid", core)
    with pytest.raises(UsageError, match=f"there is no file there/{recipe}.yaml"):
        find_recipe(f"there/{recipe}.yaml", core)


@pytest.mark.usefixtures("core")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["validate", "digits", "loss=hinge"], LOSS),
        (["run", "digits", "evaluation.metrics=[ebgan_value]"], "metric 'ebgan_value' is in"),
        (["run", "ebgan_mnist"], "recipe 'ebgan_mnist' is in advnets-ebgan"),
        (["validate", "ebgan_mnist"], "recipe 'ebgan_mnist' is in advnets-ebgan"),
        (["components", "hinge"], LOSS),
    ],
)
def test_by_commands(words: list[str], said: str) -> None:
    done = CliRunner().invoke(cli, words)
    assert done.exit_code == 2
    assert said in done.stderr
    assert "pip install advnets-" in done.stderr


@pytest.mark.usefixtures("core")
def test_from_python() -> None:
    with pytest.raises(RecipeError, match=LOSS):
        advnets.run("digits", {"loss": "hinge"})
    with pytest.raises(UsageError, match="recipe 'ebgan_mnist' is in advnets-ebgan"):
        advnets.run("ebgan_mnist")


def test_components_by_name() -> None:
    done = CliRunner().invoke(cli, ["components", "minimax"])
    assert "losses:" in done.stdout
    assert "minimax" in done.stdout


@pytest.mark.parametrize("status", ["blocked", "quarantined"])
def test_one_that_is_there_and_not_used_is_not_to_be_installed(status: str) -> None:
    registry = Registry()
    registry.add(PluginRecord("losses", "advnets-losses 0.1.0", "0.1.0", status))
    with pytest.raises(PluginError, match="'hinge' is not among the registered losses") as caught:
        registry.component("losses", "hinge")
    assert f"plugin 'losses' is {status}" in str(caught.value.hint)
    assert "pip" not in str(caught.value.hint)


def test_what_is_blocked_is_named_and_nothing_else_is_meant() -> None:
    with pytest.raises(PluginError, match="'hinge' is not among the registered losses") as caught:
        load_plugins(["no:losses"]).component("losses", "hinge")
    assert caught.value.hint == "plugin 'losses' is blocked"
