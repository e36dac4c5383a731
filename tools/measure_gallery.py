"""Play the recipes of the gallery, and keep what came of them: docs/results/gallery/.

usage: python tools/measure_gallery.py RUNS [--only TEXT]... [--workers N] [--list]

A recipe is one whose header says under ``Shows`` what it is a measurement of. It is played with
seeds 1 to 3, on MNIST with seed 1, each in a folder of its own below RUNS: a run that was stopped
is resumed, one that is finished is not played again. Kept are the scores of its last round with
their protocols, and of seed 1 the samples. Only what is missing is played, and what is of another
recipe by now. ``--only`` names recipes by a part of their names. See docs/gallery.md.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from collect_run import without_paths
from lab_notes import ROOT, read_note, recipe_files

from advnets.plugins import load_plugins
from advnets.plugins.registry import Registry
from advnets.recipe import load_recipe
from advnets.runs import RunFolder

GALLERY = ROOT / "docs" / "results" / "gallery"
QUIET = ("monitoring.figures=false", "monitoring.tensorboard=false")
KEPT = ("identity", "status", "error", "step", "scores", "plugins", "versions", "platform", "time")
MOST = 30 * 60
"""Seconds that a run may take, beyond which it is ended."""


def seeds_of(data: dict[str, Any]) -> tuple[int, ...]:
    """Return the seeds that a recipe is played with."""
    return (1,) if data["dataset"]["name"] == "tfds" else (1, 2, 3)


def wanted(only: list[str], registry: Registry) -> list[tuple[str, int, str]]:
    """Return what is missing: recipes with seeds and identities, those on embedded data first."""
    found = []
    for name, file in recipe_files().items():
        note = read_note(file.read_text(encoding="utf-8"))
        if "Shows" not in note or (only and not any(part in name for part in only)):
            continue
        recipe = load_recipe(file, registry=registry)
        seeds = seeds_of(recipe.data)
        for seed in seeds:
            identity = load_recipe(file, [f"seed={seed}"], registry=registry).identity()
            if kept(name).get(str(seed), {}).get("identity") != identity:
                drop(name, str(seed))
                found.append((len(seeds) == 1, seed, name, identity))
    return [(name, seed, identity) for _, seed, name, identity in sorted(found)]


def drop(name: str, seed: str) -> None:
    """Remove what is kept of a recipe that is another one by now."""
    runs = kept(name)
    if runs.pop(seed, None):
        write(name, runs)
        if seed == "1":
            (GALLERY / f"{name}.png").unlink(missing_ok=True)


def kept(name: str) -> dict[str, Any]:
    """Return what is kept of a recipe's runs, by seed."""
    file = GALLERY / f"{name}.json"
    return json.loads(file.read_text(encoding="utf-8"))["runs"] if file.is_file() else {}


def play(name: str, seed: int, identity: str, runs: Path) -> None:
    """Play a recipe with a seed, and keep what came of it."""
    folder = runs / f"{name}-seed{seed}-{identity}"
    file = recipe_files()[name]
    first = read_note(file.read_text(encoding="utf-8")).get("First", "")
    begun = [f"start.generator.run={_run_of(first, seed, runs)}"] if first else []
    command = [sys.executable, "-m", "advnets", "run", str(file)]
    command += [f"seed={seed}", *begun, *QUIET, "--run-dir", str(folder)]
    started = datetime.now(UTC)
    try:
        ended = subprocess.run(command, capture_output=True, text=True, timeout=MOST, check=False)
    except subprocess.TimeoutExpired:
        print(f"{name} seed {seed}: not ended after {MOST / 60:.0f} minutes", flush=True)
        return
    seconds = (datetime.now(UTC) - started).total_seconds()
    if not (folder / "manifest.json").is_file() or ended.returncode not in (0, 1):
        print(
            f"{name} seed {seed}: exit code {ended.returncode}\n{ended.stderr[-1500:]}", flush=True
        )
        return
    manifest = without_paths(RunFolder.open(folder).manifest.data)
    run = {key: manifest.get(key) for key in KEPT} | {"identity": identity}
    # A run whose recipe has more rounds by now went on, and has scores of both ends.
    run["scores"] = [s for s in run["scores"] or [] if s["protocol"]["step"] == run["step"]]
    run["command"] = " ".join(
        ["advnets", "run", name, f"seed={seed}", *(["start.generator.run=RUN"] if first else [])]
    )
    keep(name, seed, run, folder)
    scores = ", ".join(f"{s['metric']} {s['value']:.4g}" for s in run["scores"] or [])
    print(f"{name} seed {seed}: {run['status']}, {scores}, {seconds:.0f} s", flush=True)


def keep(name: str, seed: int, run: dict[str, Any], folder: Path) -> None:
    """Write a run into the recipe's file, and the samples of seed 1 beside it."""
    write(name, {**kept(name), str(seed): run})
    pictures = sorted((folder / "samples").glob("step-*.png"))
    if seed == 1 and pictures:
        shutil.copyfile(pictures[-1], GALLERY / f"{name}.png")


def _run_of(first: str, seed: int, runs: Path) -> str:
    """Return the folder of the run that another starts from, ``advnets run RECIPE …`` in words."""
    recipe = first.split()[2]
    return str(next(iter(runs.glob(f"{recipe}-seed{seed}*")), runs / recipe))


def write(name: str, runs: dict[str, Any]) -> None:
    """Write what is kept of a recipe's runs."""
    GALLERY.mkdir(parents=True, exist_ok=True)
    commit = subprocess.run(
        ["git", "-C", str(ROOT), "rev-parse", "--short", "HEAD"], capture_output=True, text=True
    ).stdout.strip()
    told = {
        "recipe": name,
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "commit": commit,
        "runs": dict(sorted(runs.items())),
    }
    text = json.dumps(told, indent=1, ensure_ascii=False)
    (GALLERY / f"{name}.json").write_text(f"{text}\n", encoding="utf-8")


def main() -> None:
    """Play what is missing, several next to each other."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("runs", type=Path)
    parser.add_argument("--only", action="append", default=[])
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--list", action="store_true")
    given = parser.parse_args()
    missing = wanted(given.only, load_plugins(environ={}))
    print(f"{len(missing)} runs to play", flush=True)
    if given.list:
        sys.exit("\n".join(f"{name} seed {seed}" for name, seed, _ in missing))
    runs = given.runs.resolve()
    runs.mkdir(parents=True, exist_ok=True)
    # Each process has a core: the threads of several would wait for each other.
    os.environ["OMP_NUM_THREADS"] = os.environ["TF_NUM_INTRAOP_THREADS"] = "1"
    with ThreadPoolExecutor(given.workers) as pool:
        for name, seed, identity in missing:
            pool.submit(play, name, seed, identity, runs)


if __name__ == "__main__":
    main()
