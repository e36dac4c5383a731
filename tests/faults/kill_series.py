"""Kill runs of many games at random moments, and compare each with one that was left alone.

usage: python tests/faults/kill_series.py [--kills N] [--game NAME ...] [--seed S] [--write]

This is the first half of `make faults`. With ``--write`` the outcome goes to
docs/reliability/kills.json, of which `python tools/write_docs.py` makes the table in
docs/reliability.md.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click
from games import GAMES, PLUGIN, game

from advnets.distribute.launcher import worker_command
from advnets.runs.manifest import machine, versions
from advnets.verify.kills import Kill, Subject
from advnets.verify.same_run import differences

ROOT = Path(__file__).parents[2]
OUTCOME = ROOT / "docs" / "reliability" / "kills.json"
SERIES = 5
"""How often a game is begun anew, at most, because it ended before it had its kills."""


@click.command()
@click.option("--kills", type=click.IntRange(1), default=104, show_default=True)
@click.option("--game", "names", type=click.Choice(list(GAMES)), multiple=True)
@click.option("--seed", type=int, default=0, show_default=True)
@click.option("--write", is_flag=True, help="Write docs/reliability/kills.json.")
def main(kills: int, names: tuple[str, ...], seed: int, write: bool) -> None:
    """Kill, rerun, compare, tell."""
    chosen = names or tuple(GAMES)
    began, begun_at, rows = time.monotonic(), commit(), []
    with tempfile.TemporaryDirectory(prefix="advnets-faults-") as place:
        for index, name in enumerate(chosen):
            share = kills // len(chosen) + (index < kills % len(chosen))
            row = series(name, Path(place), share, seed + 1000 * index)
            rows.append(row)
            same = "the same" if not row["differs"] else f"DIFFERS: {row['differs'][0]}"
            where = f"{row['inside_saves']} inside saves, {row['before_first_round']} at the start"
            click.echo(f"{name}: {row['kills']} kills ({where}), {row['seconds']:.0f} s, {same}")
    tried = sum(row["kills"] for row in rows)
    survived = sum(row["kills"] for row in rows if not row["differs"])
    seconds = time.monotonic() - began
    click.echo(f"survived {survived} of {tried} kills in {seconds:.0f} s")
    if write:
        OUTCOME.parent.mkdir(exist_ok=True)
        outcome = {
            "date": f"{datetime.now(UTC):%Y-%m-%d}",
            "commit": begun_at if begun_at == commit() else f"{begun_at} to {commit()}",
            "machine": machine(),
            "versions": versions(),
            "seconds": round(seconds),
            "seed": seed,
            "tried": tried,
            "survived": survived,
            "games": rows,
        }
        OUTCOME.write_text(json.dumps(outcome, indent=1) + "\n", encoding="utf-8")
    raise SystemExit(0 if survived == tried and tried >= kills else 1)


def series(name: str, place: Path, kills: int, seed: int) -> dict[str, Any]:
    """Play a game undisturbed, then killed; what came of it."""
    began = time.monotonic()
    recipe = place / f"{name}.yaml"
    recipe.write_text(json.dumps(game(name)))  # JSON is YAML

    def subject(run: str) -> Subject:
        folder = place / f"{name}-{run}"
        words = ["run", "--plugin", str(PLUGIN), "--run-dir", str(folder), "--", str(recipe)]
        return Subject(worker_command(words), folder, place / f"{name}-{run}.log")

    pace = subject("whole").play(patience=3600)
    done: list[Kill] = []
    differs: list[str] = []
    lost, played = 0.0, 0.0
    for number in range(SERIES):
        if len(done) == kills:
            break
        run = f"killed-{number}"
        done += subject(run).play_killed(kills - len(done), seed + number, pace)
        folder = place / f"{name}-{run}"
        differs += differences(place / f"{name}-whole", folder)
        spent = json.loads((folder / "manifest.json").read_text())["time"]
        lost, played = lost + spent["lost"], played + spent["total"]
    seconds = time.monotonic() - began
    return {
        "game": name,
        "kills": len(done),
        "inside_saves": sum(kill.where == "inside a save" for kill in done),
        "before_first_round": sum(kill.where == "before its first round" for kill in done),
        "differs": differs,
        "steps": game(name)["training"]["steps"],
        "checkpoint_every": game(name)["checkpoints"]["every"],
        "median_steps_lost": statistics.median(kill.steps_lost for kill in done) if done else 0,
        "most_steps_lost": max((kill.steps_lost for kill in done), default=0),
        "start_seconds": round(pace.starting, 1),
        "play_seconds": round(pace.playing, 1),
        "booked_lost_seconds": round(lost, 1),
        "booked_total_seconds": round(played, 1),
        "seconds": round(seconds, 1),
    }


def commit() -> str:
    """The commit of the repository, marked where files differ from it."""
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=ROOT, capture_output=True, text=True
    )
    return done.stdout.strip() or "unknown"


if __name__ == "__main__":
    main()
