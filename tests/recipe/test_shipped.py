"""Recipes are found by path and by name, from a checkout and from an installed copy."""

from __future__ import annotations

from pathlib import Path

import pytest

from advnets import Component, PluginError, UsageError
from advnets.plugins import load_plugins
from advnets.plugins.registry import PluginRecord, Registry
from advnets.recipe import find_recipe, recipe_path

RECIPES = sorted(Path(__file__).parents[2].glob("recipes/*.yaml"))


@pytest.fixture
def shipping(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    """A registry with one shipped recipe, in a package that must not be imported."""
    package = tmp_path / "shipping_package"
    (package / "recipes").mkdir(parents=True)
    (package / "__init__.py").write_text("raise SystemExit('imported')")
    (package / "recipes" / "faces.yaml").write_text("name: faces")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.chdir(tmp_path)
    registry = Registry()
    recipes = [
        Component("faces", "shipping_package:recipes/faces.yaml"),
        Component("gone", "shipping_package:recipes/gone.yaml"),
        Component("nowhere", "no_such_package:x.yaml"),
    ]
    registry.add(PluginRecord("p", "p 1", components={"recipes": recipes}))
    return registry


@pytest.mark.parametrize("file", RECIPES, ids=lambda file: file.stem)
def test_every_recipe_of_advnets_is_found_by_name(file: Path) -> None:
    registry = load_plugins(environ={})
    assert find_recipe(file.stem, registry).read_text() == file.read_text()
    assert registry.component("recipes", file.stem).summary != ""


def test_by_name_without_importing_the_package(shipping: Registry, tmp_path: Path) -> None:
    found = find_recipe("faces", shipping)
    assert found == tmp_path / "shipping_package/recipes/faces.yaml"


def test_a_file_goes_before_a_name(shipping: Registry, tmp_path: Path) -> None:
    (tmp_path / "faces").write_text("name: mine")
    assert find_recipe("faces", shipping) == Path("faces")


def test_a_name_goes_before_a_folder(shipping: Registry, tmp_path: Path) -> None:
    (tmp_path / "faces").mkdir()
    found = find_recipe("faces", shipping)
    assert found == tmp_path / "shipping_package/recipes/faces.yaml"
    for path in ("./faces", Path("faces")):
        with pytest.raises(UsageError, match="is a folder, not a recipe"):
            find_recipe(path, shipping)


@pytest.mark.parametrize(
    ("word", "message", "hint"),
    [
        ("facse", "there is no recipe 'facse'", "did you mean 'faces'?"),
        ("zzz", "there is no recipe 'zzz'", "`advnets recipes list`"),
        ("recipes/faces.yaml", "there is no file recipes/faces.yaml", "give its name alone, faces"),
        ("faces.yaml", "there is no file faces.yaml", "give its name alone, faces"),
        ("facse.yaml", "there is no file facse.yaml", "did you mean 'faces'?"),
    ],
)
def test_what_is_not_there(shipping: Registry, word: str, message: str, hint: str) -> None:
    with pytest.raises(UsageError, match=message) as error:
        find_recipe(word, shipping)
    assert hint in str(error.value.hint)


@pytest.mark.parametrize("name", ["gone", "nowhere"])
def test_shipped_recipes_that_are_missing(shipping: Registry, name: str) -> None:
    with pytest.raises(PluginError, match=f"recipe '{name}'"):
        find_recipe(name, shipping)


def test_a_single_file_plugin_ships_files_beside_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "single_file_plugin.py").touch()
    (tmp_path / "mine.yaml").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    found = recipe_path(Component("mine", "single_file_plugin:mine.yaml"))
    assert found == tmp_path / "mine.yaml"
