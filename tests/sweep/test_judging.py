"""What a trial's runs come to: their scores, or why they ended."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playing import played

pytest.importorskip("optuna")

from advnets.runs import RunFolder
from advnets.sweep import Sweep, SweepFolder, Trial, run_process

Make = Callable[..., Sweep]
ONE = (
    (
        "  rate: {log_uniform: [1.0e-4, 1.0e-1], keys: [optimizers.generator.learning_rate]}\n",
        "",
    ),
    ("[10, 20, 30]", "[12]"),
    ("sampler: random\ntrials: 6", "sampler: grid"),
)
"""A sweep of one trial."""


def scored(sweep: Sweep, place: Path, *scores: dict[str, Any]) -> Path:
    """The manifest of the only trial's run, which is finished and has these scores."""
    file = SweepFolder.of(sweep, place).run_of(Trial(0, {}), 1).manifest_file
    file.parent.mkdir(parents=True, exist_ok=True)
    told = [
        {"metric": "parzen", "value": float(number), "protocol": {"step": 50, "seed": 1} | score}
        for number, score in enumerate(scores, 1)
    ]
    file.write_text(json.dumps({"status": "finished", "step": 50, "scores": told}))
    return file


def test_a_run_that_is_killed_names_its_own_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not the error of the session before, whose words stand in the same log."""
    programs = iter(
        [
            "import sys; print('error: it diverged'); sys.exit(1)",
            "import os; print('begun', flush=True); os.kill(os.getpid(), 9)",
            "import os; os.kill(os.getpid(), 9)",
        ]
    )
    monkeypatch.setattr(
        run_process, "worker_command", lambda words: [sys.executable, "-c", next(programs)]
    )
    said = []
    for _ in range(3):
        process = run_process.RunProcess(
            tmp_path / "recipe.yaml", {}, RunFolder(tmp_path / "run"), tmp_path / "log"
        )
        process.wait()
        said.append(process.describe_failure())
    assert said == [
        "exit code 1 / error: it diverged",
        "ended by SIGKILL / begun",
        "ended by SIGKILL",
    ]


def test_averaged_weights_count_where_both_were_scored(make: Make, tmp_path: Path) -> None:
    sweep = make(*ONE)
    averaged = {"averaging": {"decay": 0.9}}
    for place, scores in (("a", [averaged, {}]), ("b", [{}, averaged, {}])):
        folder = SweepFolder.of(sweep, tmp_path / place)
        folder.path.mkdir()
        with folder.lock():
            folder.start(sweep)
        scored(sweep, tmp_path / place, *scores)
        (trial,), _ = played(sweep, tmp_path / place)
        assert trial.value == float(scores.index(averaged) + 1)


@pytest.mark.usefixtures("fakes")
def test_an_objective_that_is_ambiguous_is_refused(make: Make, tmp_path: Path) -> None:
    sweep = make(*ONE)
    played(sweep, tmp_path / "sweep")
    scored(sweep, tmp_path / "sweep", {"samples": 50}, {"samples": 90})
    (tmp_path / "sweep/trials.jsonl").unlink()
    (trial,), _ = played(sweep, tmp_path / "sweep")
    assert trial.state == "failed"
    assert "'parzen' was measured in several ways" in trial.reason
    assert "samples: 50 vs 90" in trial.reason


def test_a_finished_run_is_judged_again_once_it_has_its_score(make: Make, tmp_path: Path) -> None:
    sweep, place = make(*ONE), tmp_path / "sweep"
    place.mkdir()
    folder = SweepFolder.of(sweep, place)
    with folder.lock():
        folder.start(sweep)
    run = scored(sweep, place).parent
    (trial,), _ = played(sweep, place)
    assert trial.state == "failed"
    assert f"`advnets evaluate {run}`" in trial.reason
    assert played(sweep, place, retry=True)[0][0].reason == trial.reason
    scored(sweep, place, {})
    (trial,), _ = played(sweep, place, retry=True)
    assert (trial.state, trial.value, trial.reason) == ("complete", 1.0, "")
