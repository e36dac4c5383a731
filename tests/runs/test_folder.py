"""A run's folder is found by identity, belongs to one run, and is never somebody else's."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from advnets import RunError, UsageError
from advnets.recipe import Recipe, load_recipe
from advnets.runs import RunFolder

Make = Callable[..., Recipe]


def test_layout(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    names = {
        "recipe_file": "recipe.yaml",
        "manifest_file": "manifest.json",
        "metrics_file": "metrics.jsonl",
        "checkpoints": "checkpoints",
        "samples": "samples",
        "tensorboard": "tensorboard",
        "report_file": "report.html",
        "exports": "exports",
    }
    for attribute, name in names.items():
        assert getattr(folder, attribute) == tmp_path / name


def test_for_recipe(make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    recipe = make()
    assert RunFolder.for_recipe(recipe).path == Path(f"runs/toy-{recipe.identity()}")
    assert RunFolder.for_recipe(recipe, tmp_path / "here").path == tmp_path / "here"
    stand_in = recipe.stand_in()
    assert stand_in is not None
    assert RunFolder.for_recipe(stand_in).path != RunFolder.for_recipe(recipe).path
    assert list(tmp_path.iterdir()) == []


def test_a_run_in_another_one_is_refused(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where it is named, and where it would lie by default; a sweep's folder is no run."""
    outer = RunFolder(tmp_path / "outer")
    outer.start(make())
    (tmp_path / "link").symlink_to(outer.path)
    for place in (outer.path / "inner", outer.exports / "deep" / "er", tmp_path / "link" / "x"):
        with pytest.raises(UsageError, match="a run inside another one, that in .*outer"):
            RunFolder.for_recipe(make(), place)
    monkeypatch.chdir(outer.path)
    with pytest.raises(UsageError, match="a run inside another one"):
        RunFolder.for_recipe(make())
    sweep = tmp_path / "sweep"
    sweep.mkdir()
    (sweep / "recipe.yaml").write_text("name: of_all_trials")
    inside = RunFolder.for_recipe(make(), sweep / "runs" / "0000-seed1")
    assert not inside.path.exists()


def test_start(make: Make, tmp_path: Path) -> None:
    recipe = make()
    folder = RunFolder(tmp_path / "deep" / "run")
    folder.start(recipe)
    assert load_recipe(folder.recipe_file, registry=recipe.registry).data == recipe.data
    manifest = folder.manifest.data
    assert manifest["name"] == "toy"
    assert manifest["identity"] == recipe.identity()
    assert manifest["versions"]["keras"]
    assert manifest["platform"]["cores"] >= 1
    assert manifest["started"] <= manifest["updated"]


def test_start_again(make: Make, tmp_path: Path) -> None:
    """More steps and other cadences are the same run."""
    folder = RunFolder(tmp_path)
    folder.start(make())
    folder.manifest.update(started="then", step=10)
    longer = make("training.steps=99", "checkpoints.every=5", "name=renamed")
    folder.start(longer)
    folder.keep_recipe(longer)
    assert load_recipe(folder.recipe_file).data["training"]["steps"] == 99
    assert (folder.manifest["started"], folder.manifest["step"]) == ("then", 10)


def test_another_identity_is_refused(make: Make, tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.start(make())
    before = folder.recipe_file.read_text()
    with pytest.raises(UsageError, match="the folder holds another run") as error:
        folder.start(make("seed=2", "training.batch_size=8"))
    assert "  seed: 1 → 2\n" in str(error.value)
    assert "  training.batch_size: 4 → 8\n" in str(error.value)
    assert folder.recipe_file.read_text() == before


def test_a_new_default_is_no_other_identity(make: Make, tmp_path: Path) -> None:
    """A run made before a component got a further parameter can still go on."""
    folder = RunFolder(tmp_path)
    recipe = make()
    folder.start(recipe)
    text = folder.recipe_file.read_text()
    assert ", discriminator_steps: 1" in text
    folder.recipe_file.write_text(text.replace(", discriminator_steps: 1", ""))
    folder.start(recipe)


def test_a_recipe_that_cannot_be_read_is_refused(make: Make, tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    folder.recipe_file.write_text("a: [")
    with pytest.raises(UsageError, match="cannot be read"):
        folder.start(make())


def test_a_folder_of_something_else_is_refused(make: Make, tmp_path: Path) -> None:
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(UsageError, match=r"something else than a run: thesis\.tex"):
        RunFolder.for_recipe(make(), tmp_path)
    with pytest.raises(UsageError, match="is a file"):
        RunFolder.for_recipe(make(), tmp_path / "thesis.tex")


def test_a_folder_that_was_only_locked_is_taken(make: Make, tmp_path: Path) -> None:
    with RunFolder(tmp_path).lock():
        pass
    (tmp_path / "checkpoints").mkdir()
    RunFolder.for_recipe(make(), tmp_path).start(make())


def test_a_folder_that_cannot_be_made(make: Make, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(RunError, match="cannot write"):
        RunFolder(tmp_path / "file" / "run").start(make())


def test_open(make: Make, tmp_path: Path) -> None:
    RunFolder(tmp_path / "runs" / "toy-1").start(make())
    assert RunFolder.open(tmp_path / "runs" / "toy-1").recipe_file.exists()
    with pytest.raises(UsageError, match="there is no run folder") as error:
        RunFolder.open(tmp_path / "runs" / "toy-2")
    assert str(tmp_path / "runs" / "toy-1") in str(error.value.hint)
    with pytest.raises(UsageError, match="is not the folder of a run"):
        RunFolder.open(tmp_path)


def test_a_path_that_is_not_utf_8_is_refused(tmp_path):
    path = os.fsdecode(os.fsencode(tmp_path) + b"/r\xff")
    with pytest.raises(UsageError, match="not in UTF-8"):
        RunFolder.open(path)
