"""docs/support/matrix.json says of every component that ships in which ways it can be played."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from advnets.testing.ways import KINDS, WAYS, Item, Outcome, measure

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tools"))
from measure_support import Matrix, item_of, shipped  # noqa: E402
from support_tables import EXPLAINED, MATRIX, support  # noqa: E402

FEW = (("losses/minimax", "streamed"), ("priors/none", "fit"), ("penalties/r1", "replicas"))


@pytest.fixture(scope="module")
def rows() -> dict[str, Any]:
    return json.loads(MATRIX.read_text(encoding="utf-8"))["components"]


def test_every_component_that_ships_has_a_row(rows: dict[str, Any]) -> None:
    """Where this fails, ``python tools/measure_support.py`` plays what is missing."""
    components = shipped()
    assert rows.keys() == components.keys()
    assert {key.partition("/")[0] for key in rows} == set(KINDS)
    for key, row in rows.items():
        assert row["plugin"] == components[key][0]
        assert list(row["ways"]) == [way for way in WAYS if way in row["ways"]]


def test_what_is_not_a_yes_says_why_and_no_fault_is_left_unexplained(rows: dict[str, Any]) -> None:
    found = {
        f"{k} {way}": outcome for k, row in rows.items() for way, outcome in row["ways"].items()
    }
    for place, outcome in found.items():
        word, _, why = outcome.partition(": ")
        assert word in ("yes", "refused", "failed", "not tried"), place
        assert bool(why) == (word != "yes"), place
    failed = {place for place, outcome in found.items() if outcome.startswith("failed")}
    assert failed == set(EXPLAINED)


def test_what_is_kept_is_what_changed_last(tmp_path: Path) -> None:
    """Side by side with what others keep; of a component that changed, nothing is."""
    path, components = tmp_path / "support" / "matrix.json", shipped()
    some = {key: components[key] for key in ("losses/minimax", "priors/none")}
    one, other = Matrix(some, path), Matrix(some, path)
    one.keep(Item("losses", "minimax"), "xla", Outcome("yes", seconds=2.0))
    other.keep(Item("losses", "minimax"), "k_steps", Outcome("refused", "so be it", 1.5))
    other.keep(Item("priors", "none"), "fit", Outcome("yes"))
    row = one.read()["losses/minimax"]
    assert list(row["ways"].items()) == [("k_steps", "refused: so be it"), ("xla", "yes")]
    assert row["seconds"] == 3.5
    kept = json.loads(path.read_text(encoding="utf-8"))
    kept["components"]["losses/minimax"]["code"] = "another"
    path.write_text(json.dumps(kept), encoding="utf-8")
    again = one.read()
    assert again["losses/minimax"]["ways"] == {}
    assert again["priors/none"]["ways"] == {"fit": "yes"}
    older = Matrix(some, path, older=True)
    older.keep(Item("losses", "minimax"), "fit", Outcome("yes"))
    assert list(older.read()["losses/minimax"]["ways"]) == ["k_steps", "xla", "fit"]
    assert one.read()["losses/minimax"]["ways"] == {}, "to be played anew"
    kept["versions"]["tensorflow"] = "1.0"
    path.write_text(json.dumps(kept), encoding="utf-8")
    assert one.read()["priors/none"]["ways"] == {}


def test_the_page_shows_outcomes_and_their_reasons(tmp_path: Path) -> None:
    path, components = tmp_path / "matrix.json", shipped()
    some = {key: components[key] for key in ("losses/minimax", "losses/non_saturating")}
    matrix = Matrix(some, path)
    for name in ("minimax", "non_saturating"):
        matrix.keep(Item("losses", name), "k_steps", Outcome("refused", "so be it"))
    matrix.keep(Item("losses", "minimax"), "fit", Outcome("yes"))
    text = "\n".join(support(path))
    assert "2 components in 11 ways: 1 yes, 2 refused, 0 failed, 0 not tried, 19 not mea" in text
    rest = " | not measured" * 8
    assert f"| `minimax` | refused (1){rest} | yes | not measured |" in text
    assert f"| `non_saturating` | refused (1){rest} | not measured | not measured |" in text
    assert "\n1. So be it.\n" in text


@pytest.mark.slow
def test_some_of_it_comes_out_again(rows: dict[str, Any]) -> None:
    for item, way, outcome in measure([(item_of(key), way) for key, way in FEW]):
        assert str(outcome) == rows[f"{item.kind}/{item.name}"]["ways"][way]
