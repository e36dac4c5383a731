"""What is drawn and told of a sweep, and of several beside each other."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from PIL import Image

from advnets.cli.main import cli
from advnets.sweep import Sweep, SweepFolder, Trial
from advnets.sweep.report import find_best, render, write_report

Make = Callable[..., Sweep]
BAD = "<script>alert(1)</script>"


def some(count: int = 12, shift: float = 0.0) -> list[Trial]:
    trials = [
        Trial(
            number,
            {"training.batch_size": (10, 20, 30)[number % 3], "rate": 10.0 ** -(1 + number % 4)},
            "complete",
            value := shift + number / 10 - (number % 3),
            values={"1": value},
            seconds=5.0,
        )
        for number in range(count)
    ]
    trials[4].state, trials[4].reason, trials[4].value = "failed", BAD, None
    trials[5].state, trials[5].steps = "pruned", {10: trials[5].value or 0.0}
    return trials


def test_the_best_is_by_the_mode(make: Make) -> None:
    trials = some()
    assert find_best(trials, True) is trials[9]
    assert find_best(trials, False) is trials[2]
    assert find_best([], True) is None


def test_the_report(make: Make) -> None:
    page = render(make(), some())
    assert page.count("<svg") == 3
    assert "The best is trial 9: 0.9" in page
    assert len(re.findall("<tr", page)) == 13
    assert BAD not in page
    assert "&lt;script&gt;" in page
    assert "<script" not in page
    assert len(page) < 300_000


@pytest.mark.filterwarnings("ignore:overflow", "ignore:invalid value")
def test_a_report_before_anything_has_ended(make: Make) -> None:
    assert "No trial has ended yet" in render(make(), [])
    huge = some()
    huge[0].value, huge[1].value = 1e308, -1e308
    assert "<h1>toy</h1>" in render(make(), huge)


def sweep_folder(place: Path, sweep: Sweep, trials: list[Trial], **protocol: Any) -> Path:
    folder = SweepFolder.of(sweep, place)
    with folder.lock():
        folder.start(sweep)
    folder.write(trials)
    write_report(folder, sweep, trials)
    run = folder.run_of(trials[0], 1)
    run.path.mkdir()
    score = {"metric": "parzen", "value": 1.0, "protocol": {"step": 50, "samples": 50} | protocol}
    run.manifest_file.write_text(json.dumps({"scores": [score]}))
    return place


def beside(*words: object) -> Result:
    return CliRunner().invoke(cli, ["sweep-compare", *map(str, words)], catch_exceptions=False)


def test_two_sweeps_beside_each_other(make: Make, tmp_path: Path) -> None:
    first = sweep_folder(tmp_path / "a", make(("name: toy", "name: one")), some())
    second = sweep_folder(tmp_path / "b", make(("name: toy", "name: other")), some(9, 5.0))
    out = tmp_path / "both.png"
    result = beside(first, second, "--out", out)
    assert result.exit_code == 0, result.output
    rows = [line.split() for line in result.stdout.splitlines()]
    values = sorted(trial.value or 0.0 for trial in some() if trial.state == "complete")
    assert rows[2][:5] == ["one", "10", f"{values[0]:.4g}", rows[2][3], rows[2][4]]
    assert rows[3][:2] == ["other", "7"]
    assert rows[2][8:10] == ["1", "1"]  # pruned, failed
    with Image.open(out) as image:
        assert min(image.size) > 300
        colours = image.convert("RGB").getcolors(2**20) or []
    assert len(colours) > 20
    found = json.loads(beside(first, second, "--json").stdout)
    assert found["sweeps"][0]["values"] == [t.value for t in some() if t.state == "complete"]
    assert found["sweeps"][1]["median"] == pytest.approx(5.0 - 0.4, abs=1)


def test_sweeps_that_were_not_measured_alike(make: Make, tmp_path: Path) -> None:
    first = sweep_folder(tmp_path / "a", make(), some())
    second = sweep_folder(tmp_path / "b", make(), some(), samples=2500)
    other = sweep_folder(tmp_path / "c", make(("{metric: parzen}", "{metric: fid}")), some())
    result = beside(first, second)
    assert result.exit_code == 2
    assert "samples: 50 vs 2500" in result.stderr
    result = beside(first, other)
    assert result.exit_code == 2
    assert "judged by different scores" in result.stderr


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("{metric: parzen}", "{metric: parzen, mode: min}"), 'objective.mode: "max" vs "min"'),
        (("{metric: parzen}", "{metric: parzen, at: best}"), 'objective.at: "last" vs "best"'),
        (("training.steps: 50", "training.steps: 60"), "training.steps: 50 vs 60"),
        (("trials: 6", "trials: 6\nseeds: [4, 5]"), "number of seeds: 1 vs 2"),
    ],
)
def test_sweeps_whose_trials_were_not_judged_alike(
    make: Make, tmp_path: Path, change: tuple[str, str], told: str
) -> None:
    first = sweep_folder(tmp_path / "a", make(), some())
    second = sweep_folder(tmp_path / "b", make(change), some())
    result = beside(first, second)
    assert result.exit_code == 2
    assert "were not judged alike" in result.stderr
    assert told in result.stderr
    assert result.stderr.count(" vs ") == 1


def test_a_sweep_whose_runs_are_gone(make: Make, tmp_path: Path) -> None:
    first = sweep_folder(tmp_path / "a", make(), some())
    second = sweep_folder(tmp_path / "b", make(), some())
    for file in second.glob("runs/*/manifest.json"):
        file.unlink()
    result = beside(first, second)
    assert result.exit_code == 2
    assert f"no manifest of the runs of {second} is left" in result.stderr.replace("\n", " ")
    assert "absent" not in result.stderr
    assert beside(second).exit_code == 0


def test_what_is_no_sweep(tmp_path: Path, make: Make) -> None:
    assert "is not the folder of a sweep" in beside(tmp_path).stderr
    assert beside(tmp_path / "nowhere").exit_code == 2
    (tmp_path / "sweep.yaml").write_text("objective: 3")
    assert "has no objective.metric" in beside(tmp_path).stderr
    empty = sweep_folder(tmp_path / "empty", make(), [Trial(0, {"rate": 0.1})])
    assert "has no complete trial" in beside(empty, "--out", tmp_path / "x.png").stderr
    assert ".gif is not among .png" in beside(empty, "--out", tmp_path / "x.gif").stderr
