"""The gallery: everything that ships is shown, what is kept is of the recipes as they stand."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from advnets.plugins import load_plugins
from advnets.recipe import load_recipe

ROOT = Path(__file__).parents[1]
REGISTRY = load_plugins(environ={})
sys.path.insert(0, str(ROOT / "tools"))
tables: ModuleType = importlib.import_module("gallery_tables")
notes: ModuleType = importlib.import_module("lab_notes")
sys.path.remove(str(ROOT / "tools"))
ENTRIES = tables.entries()
FAMILIES = [
    f"{kind}/{component.name}"
    for kind in tables.KINDS
    for component in REGISTRY.components(kind)
    if tables._family(REGISTRY, kind, component.name)
]


def is_mnist(name: str) -> bool:
    return (
        load_recipe(notes.recipe_files()[name], registry=REGISTRY).data["dataset"]["name"] == "tfds"
    )


@pytest.mark.parametrize("key", FAMILIES)
def test_every_component_is_shown_on_data_that_come_along_and_on_mnist(key: str) -> None:
    shown = [name for name, entry in ENTRIES.items() if key in entry.shows]
    assert {is_mnist(name) for name in shown} == {True, False}, shown


@pytest.mark.parametrize("name", ENTRIES)
def test_a_header_names_what_is_there(name: str) -> None:
    entry = ENTRIES[name]
    for key in entry.shows:
        kind, _, component = key.partition("/")
        assert component in REGISTRY.names(kind), key
    assert not entry.against or entry.against in ENTRIES
    assert is_mnist(name) == is_mnist(entry.against or name)


@pytest.mark.parametrize("name", ENTRIES)
def test_what_is_kept_is_of_the_recipe_as_it_stands(name: str) -> None:
    for seed, run in ENTRIES[name].runs.items():
        file = notes.recipe_files()[name]
        recipe = load_recipe(file, [f"seed={seed}"], registry=REGISTRY)
        assert run["identity"] == recipe.identity(), (
            f"{name} was changed after it was played: python tools/measure_gallery.py RUNS"
        )


def test_what_is_kept_is_of_a_recipe_that_ships() -> None:
    assert {file.stem for file in tables.GALLERY.iterdir()} <= ENTRIES.keys()


@pytest.mark.parametrize("name", ENTRIES)
def test_who_does_not_train_well_says_what_was_tried(name: str) -> None:
    if tables.trains(ENTRIES[name], ENTRIES) is False:
        assert ENTRIES[name].note.get("Tried")


def entry(name: str, fid: float, share: float = 0.08, modes: int = 10, **more: Any) -> Any:
    scores = {"fid": fid, "modes": modes, "smallest_share": share, **more}
    listed = [{"metric": m, "value": v, "error": 0.5} for m, v in scores.items()]
    run = {"status": "finished", "scores": listed, "time": {"total": 60.0}}
    note = {"Shows": "losses/hinge", **({"Against": "base"} if name != "base" else {})}
    return tables.Entry(name, note, {"1": run, "2": run, "3": run})


def test_the_rule_of_what_trains() -> None:
    found = {"base": entry("base", 20.0), "ours": entry("ours", 30.0)}
    assert tables.trains(found["ours"], found) is True
    assert tables.trains(entry("ours", 30.1), found) is False
    assert tables.trains(entry("ours", 20.0, share=0.049), found) is False
    on_the_ring = [entry("ours", 1.0, modes=modes, high_quality=0.9) for modes in (7, 8)]
    assert [tables.trains(one, found) for one in on_the_ring] == [False, True]
    once = tables.Entry("ours", {"Shows": ""}, {"1": found["ours"].runs["1"]})
    assert tables.trains(once, found) is None
    broken = entry("ours", 20.0)
    broken.runs["2"] = {**broken.runs["1"], "status": "failed", "scores": []}
    assert tables.trains(broken, found) is False


def test_a_score_has_the_error_over_seeds() -> None:
    runs = dict(entry("ours", 0.0).runs)
    for seed, value in zip("123", (1.0, 2.0, 3.0), strict=True):
        scores = [{"metric": "fid", "value": value, "error": 9.0}]
        runs[seed] = {**runs[seed], "scores": scores}
    assert tables.Entry("ours", {}, runs).score("fid") == "2.00 ± 0.58"  # 1/√3
    assert tables.Entry("ours", {}, {"1": runs["1"]}).score("fid") == "1.0 ± 9.0"


def test_a_long_entry_is_wrapped_and_read_back() -> None:
    text = "# A ring.\n#\n# Shows     losses/hinge\n# Measured  not yet.\n# Vary      seed.\n\n"
    long = "so much " * 30
    written = notes.write_entry(text, "Measured", long.strip())
    assert max(map(len, written.splitlines())) <= 99
    expected = {"Shows": "losses/hinge", "Measured": long.strip(), "Vary": "seed."}
    assert notes.read_note(written) == expected
    assert notes.write_entry(written, "Measured", "not yet.") == text
