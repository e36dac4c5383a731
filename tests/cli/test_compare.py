"""`advnets compare`: the table, the JSON, and what it refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from advnets.cli.main import cli

ROOT = Path(__file__).parents[2]
ESCAPE = "\x1b[31m\u202e"


def run(*words: object) -> Result:
    return CliRunner().invoke(cli, ["compare", *map(str, words)], catch_exceptions=False)


@pytest.fixture
def four(tmp_path: Path) -> list[Path]:
    """Two recipes with two seeds each."""
    folders = []
    for loss, seed, value in (("a", 1, 3.0), ("a", 2, 3.1), ("b", 1, 1.0), ("b", 2, 1.1)):
        folder = tmp_path / f"{loss}{seed}"
        folder.mkdir()
        (folder / "recipe.yaml").write_text(f"name: with-{loss}\nseed: {seed}\nloss: {loss}\n")
        protocol = {"step": 10, "seed": seed, "unit": "nats", "better": "higher", "remark": ESCAPE}
        scores = [{"metric": "x", "value": value, "error": 0.1, "protocol": protocol}]
        (folder / "manifest.json").write_text(json.dumps({"scores": scores}))
        folders.append(folder)
    return folders


def change(folder: Path, **protocol: Any) -> None:
    file = folder / "manifest.json"
    content = json.loads(file.read_text())
    content["scores"][0]["protocol"].update(protocol)
    file.write_text(json.dumps(content))


def test_the_table(four: list[Path]) -> None:
    result = run(*four)
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[0] == "x in nats, step 10 (higher is better)"
    assert lines[3].split()[:5] == ["1", "with-a", "3.05", "0.05", "2"]
    assert lines[4].split()[:5] == ["2", "with-b", "1.05", "0.05", "2"]
    assert "1 and 2: +2; differ (Welch p = 0.0012; permutation p = 0.33)" in result.stdout
    assert "\x1b" not in result.output
    assert "\u202e" not in result.output


def test_the_json(four: list[Path]) -> None:
    (found,) = json.loads(run(*four, "--json").stdout)
    assert [row["mean"] for row in found["rows"]] == pytest.approx([3.05, 1.05])
    assert found["pairs"][0]["verdict"] == "differ"
    assert found["settings"] == {"unit": "nats", "remark": ESCAPE}


def test_what_cannot_be_compared_is_set_aside_by_name(four: list[Path]) -> None:
    """Of `runs/*`: runs without a score, folders and files that are no runs."""
    unscored, other = four[0].with_name("unscored"), four[0].with_name("other")
    unscored.mkdir()
    (unscored / "recipe.yaml").write_text("name: with-c\nloss: c\n")
    (unscored / "manifest.json").write_text(json.dumps({"scores": []}))
    other.mkdir()
    notes = four[0].with_name("notes.txt")
    notes.write_text("mine")
    whole = run(*four)
    for named in ([], ["--metric", "x"]):
        result = run(*sorted(four[0].parent.iterdir()), *named)
        assert result.exit_code == 0, result.output
        assert result.stdout == whole.stdout
        assert f"left out: {unscored}: it has no score" in result.stderr
        assert f"left out: {other} is not the folder of a run" in result.stderr
        assert f"left out: {notes} is not the folder of a run" in result.stderr
    refused = run(four[0], unscored)
    assert refused.exit_code == 2
    assert f"{unscored} has no score 'x'; it has: none" in refused.stderr


def test_weights_that_nobody_scored(four: list[Path]) -> None:
    assert run(*four, "--weights", "current").exit_code == 0
    refused = run(*four, "--weights", "averaged")
    assert refused.exit_code == 2
    assert "none of the run's scores is of averaged weights" in refused.output


def test_one_seed(four: list[Path]) -> None:
    assert "with n = 1 no significance can be stated" in run(four[0], four[2]).stdout


def test_refused(four: list[Path]) -> None:
    change(four[3], samples=2500)
    change(four[0], samples=10000)
    change(four[1], samples=10000)
    change(four[2], samples=10000)
    result = run(*four)
    assert result.exit_code == 2
    assert "samples: 10000 vs 2500" in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["nowhere", "nowhere2"], "there is no run folder nowhere"),
        ([str(ROOT), str(ROOT)], "is not the folder of a run"),
        ([], "Missing argument"),
    ],
)
def test_bad_input(words: list[str], told: str) -> None:
    result = run(*words)
    assert result.exit_code == 2
    assert told in result.stderr


def test_a_wrong_moment(four: list[Path]) -> None:
    result = run(*four, "--at", "soon")
    assert result.exit_code == 2
    assert "neither common, last, best, nor a step" in result.stderr


def test_the_runs_that_are_kept_beside_the_documentation() -> None:
    results = ROOT / "docs/results"
    found = run(results / "goodfellow2014", results / "goodfellow2014-seed2", "--at", "25000")
    assert found.exit_code == 0, found.output
    assert "goodfellow2014  137.21" in found.stdout
