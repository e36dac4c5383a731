"""The generated parts of docs/results.md, made of small manifests whose figures are known."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
EXPERIMENTS = """\
toy:
  source: somebody 2014
  metrics: [{name: parzen, label: "likelihood, nats", paper: 225 ± 2, reference: 225.0}]
  arms:
    - {label: ours, runs: toy/ours/seed*}
    - {label: other, runs: toy/other/seed*}
  published: [{label: theirs, values: {parzen: 100 ± 3}}]
  curve: toy/curve.png
"""


@pytest.fixture
def tools(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    monkeypatch.syspath_prepend(str(ROOT / "tools"))
    import collect_run
    import draw_results
    import experiments
    import results_tables

    return SimpleNamespace(
        experiments=experiments, tables=results_tables, draw=draw_results, collect=collect_run
    )


@pytest.fixture
def results(tmp_path: Path) -> Path:
    (tmp_path / "experiments.yaml").write_text(EXPERIMENTS, encoding="utf-8")
    return tmp_path


@pytest.fixture
def add(results: Path) -> Callable[..., Path]:
    """Write a run's manifest and recipe: ``add("ours", 1, {10: 4.0})``."""

    def added(arm: str, seed: int, scores: dict[int, float], **protocol: Any) -> Path:
        folder = results / "toy" / arm / f"seed{seed}"
        folder.mkdir(parents=True)
        (folder / "recipe.yaml").write_text(
            f"name: toy\nseed: {seed}\nloss: {arm}\ntraining: {{steps: 20, batch_size: 100}}\n"
        )
        told = {"samples": 50, "sigma": 0.2, "outcomes": ["sigma"], "better": "higher"} | protocol
        manifest = {
            "command": ["advnets", "run", "toy", f"seed={seed}", "--run-dir", "x"],
            "platform": {"processor": "Abacus", "cores": 2, "memory": 2**34},
            "versions": {"python": "3.11"},
            "data": {"name": "beads", "train": 500, "fingerprint": "abcdef" * 10},
            "time": {"total": 7200.0, "training": 3600.0},
            "sessions": {"count": 3},
            "step": max(scores),
            "state_sha256": "f" * 64,
            "scores": [
                {
                    "metric": "parzen",
                    "value": value,
                    "error": 1.5,
                    "protocol": told | {"step": step, "seed": seed},
                }
                for step, value in scores.items()
            ],
        }
        (folder / "manifest.json").write_text(json.dumps(manifest))
        return folder

    return added


def part(tools: Any, results: Path) -> str:
    return "\n".join(tools.tables.experiment("toy", results))


def test_nothing_measured(tools: Any, results: Path) -> None:
    assert part(tools, results) == "*Not yet measured.*\n"


def test_means_over_seeds_at_the_last_common_round(
    tools: Any, results: Path, add: Callable[..., Path]
) -> None:
    for seed, value in ((1, 100.0), (2, 102.0), (3, 107.0)):
        add("ours", seed, {10: value - 50, 20: value} | ({30: 999.0} if seed == 1 else {}))
    text = part(tools, results)
    # mean 103; deviations -3, -1, 4: s² = 26/2, s/√3 = √(13/3) = 2.08
    assert "| **ours** | **103.0 ± 2.1** (n = 3) | 1, 2, 3 | round 20 (epoch 4) |" in text
    assert "| paper (somebody 2014) | 225 ± 2 |  |  |" in text
    assert "| theirs | 100 ± 3 |  |  |" in text
    assert "| **other** | not yet measured | none yet |  |" in text
    assert "| 10 | 2 | 50.0 ± 1.5 | 52.0 ± 1.5 | 57.0 ± 1.5 | 53.0 ± 2.1 |" in text
    assert "| 30 | 6 | 999.0 ± 1.5 |  |  |  |" in text
    assert "seed 2: 2.00 h, 1.00 h of it in rounds, in 3 sessions" in text
    assert "`advnets run toy seed=1`; `advnets run toy seed=2`" in text
    assert "Abacus, 2 cores, 16 GiB" in text
    assert "| protocol of `parzen` | samples 50 |" in text
    assert "beads, 500 training examples, fingerprint abcdefabcdef" in text


def test_averaged_and_own_weights_are_arms_of_the_same_runs(
    tools: Any, results: Path, add: Callable[..., Path]
) -> None:
    for seed in (1, 2):
        manifest = add("ours", seed, {10: 100.0 + seed}) / "manifest.json"
        told = json.loads(manifest.read_text())
        own = json.loads(json.dumps(told["scores"][0]))
        told["scores"][0]["protocol"]["averaging"] = {"decay": 0.9}
        own["value"] -= 50
        manifest.write_text(json.dumps(told | {"scores": [*told["scores"], own]}))
    arms = (
        "  arms:\n"
        "    - {label: averaged, runs: toy/ours/seed*}\n"
        "    - {label: own, runs: toy/ours/seed*, weights: current}\n"
    )
    entries = (results / "experiments.yaml").read_text()
    start, end = entries.index("  arms:"), entries.index("  published:")
    (results / "experiments.yaml").write_text(entries[:start] + arms + entries[end:])
    text = part(tools, results)
    assert text.count("`advnets run toy seed=1`") == 1  # told once
    assert "| **averaged** | **101.5" in text
    assert "| **own** | **51.5" in text


def test_one_seed_shows_the_scores_own_error(
    tools: Any, results: Path, add: Callable[..., Path]
) -> None:
    add("ours", 4, {20: 158.4868})
    assert "158.5 ± 1.5 (n = 1; ± of the score) | 4 | round 20 (epoch 4) |" in part(tools, results)


def test_what_was_not_measured_alike_stands_in_no_table(
    tools: Any, results: Path, add: Callable[..., Path]
) -> None:
    add("ours", 1, {20: 1.0})
    add("other", 1, {20: 2.0}, samples=2500)
    with pytest.raises(ValueError, match="'ours' and of 'other' differ in samples: 50 vs 2500"):
        part(tools, results)


def test_an_arm_is_of_one_recipe(tools: Any, results: Path, add: Callable[..., Path]) -> None:
    add("ours", 1, {20: 1.0})
    recipe = add("ours", 2, {20: 1.0}) / "recipe.yaml"
    recipe.write_text(recipe.read_text().replace("loss: ours", "loss: theirs"))
    with pytest.raises(ValueError, match="are of several recipes"):
        part(tools, results)


def test_the_curve(tools: Any, results: Path, add: Callable[..., Path]) -> None:
    from PIL import Image

    for seed in (1, 2):
        add("ours", seed, {10: 50.0, 20: 100.0 + seed})
    found = tools.experiments.read_experiments(results)["toy"]
    arms = [tools.experiments.read_arm(arm, found.metrics, results) for arm in found.arms]
    tools.draw.curve(found, arms[:1], results / found.curve)
    with Image.open(results / found.curve) as picture:
        assert picture.width > 600
        assert len(picture.convert("RGB").getcolors(2**20) or []) > 50
    assert (results / found.curve).stat().st_size < 10**6
    assert "![likelihood, nats against the epoch](results/toy/curve.png)" in part(tools, results)


def test_a_run_is_collected_without_paths(
    tools: Any, results: Path, add: Callable[..., Path], tmp_path: Path
) -> None:
    run = add("ours", 1, {20: 1.0})
    manifest = json.loads((run / "manifest.json").read_text())
    manifest["command"][-1] = "/home/ada/runs/a1"
    manifest["devices"] = ["/device:CPU:0"]
    (run / "manifest.json").write_text(json.dumps(manifest))
    lines = "".join(f'{{"step": {step}, "value": 0.5}}\n' for step in range(1, 2502))
    (run / "metrics.jsonl").write_text(lines)
    tools.collect.main(run, tmp_path / "kept")
    kept = json.loads((tmp_path / "kept/manifest.json").read_text())
    assert kept["command"][-2:] == ["--run-dir", "a1"]
    assert kept["devices"] == ["/device:CPU:0"]
    assert kept["scores"] == manifest["scores"]
    records = (tmp_path / "kept/metrics.jsonl").read_text().splitlines()
    assert len(records) <= 1000
    assert json.loads(records[-1])["step"] == 2501
    assert (tmp_path / "kept/recipe.yaml").read_text() == (run / "recipe.yaml").read_text()


def test_a_sweep_is_collected_and_told(tools: Any, results: Path, tmp_path: Path) -> None:
    from advnets.sweep import SweepFolder, Trial

    sweep = SweepFolder(tmp_path / "sweep")
    run = sweep.run_of(Trial(0, {}), 1)
    run.path.mkdir(parents=True)
    score = {"metric": "fid", "value": 3.0, "protocol": {"step": 5, "samples": 9}}
    manifest = {"scores": [score], "command": ["/a/b/advnets", "run", "--run-dir", "/a/b/c", "x"]}
    about = {"platform": {"processor": "Abacus", "cores": 2}, "versions": {"python": "3.11"}}
    run.manifest_file.write_text(json.dumps(manifest | about))
    sweep.write(
        [
            Trial(0, {"rate": 0.2}, "complete", 3.0, 0.5, {"1": 2.5, "2": 3.5}, seconds=1800.0),
            Trial(1, {"rate": 0.1}, "complete", 5.0, None, {"1": 5.0}, seconds=1800.0),
            Trial(2, {"rate": 0.3}, "failed", reason="seed 1: /home/ada/x/train.py diverged"),
        ]
    )
    objective = "objective: {metric: fid, mode: min}\nseeds: [1, 2]\n"
    space = "space:\n  rate: {choices: [0.2, 0.1, 0.3], keys: [a.b]}\n"
    sweep.sweep_file.write_text(f"name: rates\n{objective}{space}")
    sweep.recipe_file.write_text("name: toy\ntraining: {steps: 5}\n")
    tools.collect.main(sweep.path, results / "sweeps/rates")
    (results / "experiments.yaml").write_text("toy: {sweeps: [sweeps/rates, sweeps/later]}")
    text = part(tools, results)
    assert "| rates | fid | 2 complete, 1 failed | 3 | 3.5 | 4 | 4.5 | 5 | 4 |" in text
    assert "| 0.1 | 5 | 1 |\n| 0.2 | 3.00 ± 0.50 | 2 |\n| 0.3 | failed |  |\n" in text
    for row in (
        "| judged by | fid: objective.mode min, objective.at last, training.steps 5, number of",
        "| seeds | 1, 2 |",
        "| time | 1.00 h, of all trials together |",
        "| protocol of `fid` | samples 9 |",
        "| command of one of its runs | `advnets run x` |",
        "| machine | Abacus, 2 cores",
        "| versions | python 3.11 |",
    ):
        assert row in text
    kept = SweepFolder(results / "sweeps/rates")
    manifest = json.loads(kept.run_of(Trial(0, {}), 1).manifest_file.read_text())
    assert manifest["command"][0] == "advnets"
    assert kept.read()[2].reason == "seed 1: train.py diverged"
    assert kept.read()[:2] == sweep.read()[:2]


def test_sweeps_in_one_picture_were_judged_alike(tools: Any, results: Path) -> None:
    from advnets.errors import UsageError
    from advnets.sweep import SweepFolder, Trial

    for number, mode in enumerate(("min", "max")):
        folder = SweepFolder(results / f"sweeps/{number}")
        folder.path.mkdir(parents=True)
        folder.write([Trial(0, {"rate": 0.1}, "complete", 3.0, values={"1": 3.0})])
        folder.sweep_file.write_text(f"name: rates\nobjective: {{metric: fid, mode: {mode}}}\n")
    (results / "both.png").write_bytes(b"")
    (results / "experiments.yaml").write_text(
        "toy: {sweeps: [sweeps/0, sweeps/1], histogram: both.png}"
    )
    with pytest.raises(UsageError, match="not judged alike"):
        part(tools, results)


def test_shares_are_shown_in_percent(tools: Any, results: Path, add: Callable[..., Path]) -> None:
    told = EXPERIMENTS.replace('nats", paper', 'nats", scale: 100, unit: "%", paper')
    (results / "experiments.yaml").write_text(told)
    for seed, value in ((1, 0.95), (2, 0.97)):
        add("ours", seed, {20: value})
    # mean .96; deviations ±.01: s² = 2e-4, s/√2 = .01
    assert "| **ours** | **96.0 ± 1.0 %** (n = 2) | 1, 2 |" in part(tools, results)


def test_the_papers_rows(tools: Any) -> None:
    found = tools.experiments.read_experiments()
    for name in ("ring", "grid"):
        (share,) = [m for m in found[name].metrics if m.name == "high_quality"]
        assert (share.scale, share.unit) == (100.0, "%")
        assert all(row.values["high_quality"].endswith(" %") for row in found[name].published)
    rows = {row.label: row.values for row in found["stacked-mnist"].published}
    assert rows["RpGAN+R1+R2 (R3GAN)"] == {"modes": "1000", "reverse_kl": "0.078"}
    names = [metric.name for metric in found["theory"].metrics]
    assert names == ["theory_jsd", "theory_criterion", "theory_value"]


@pytest.mark.parametrize(
    ("numbers", "text"),
    [
        ((158.4868, 1.4786), "158.5 ± 1.5"),
        ((-9.93, 2.21), "−9.9 ± 2.2"),
        ((0.0012345, 0.000042), "0.001234 ± 0.000042"),
        ((1234.5, 26.7), "1234 ± 27"),
        ((7.8, None), "7.8"),
        ((8.0, 0.0), "8"),
        ((7.0, 4.1e-41), "7 ± 4e−41"),
    ],
)
def test_numbers_are_shown_to_two_digits_of_their_error(
    tools: Any, numbers: tuple[float, float | None], text: str
) -> None:
    assert tools.tables.shown(*numbers) == text


def test_what_is_kept_holds_no_paths_of_a_machine(tools: Any) -> None:
    for file in (ROOT / "docs/results").rglob("*.json*"):
        text = file.read_text(encoding="utf-8")
        lines = text.splitlines() if file.suffix == ".jsonl" else [text]
        for found in map(json.loads, lines):
            assert tools.collect.without_paths(found) == found, file
