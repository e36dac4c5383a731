"""Whether a commit made rounds or beginnings slower: this checkout against another, in turns.

    git worktree add ../before COMMIT
    python -m benchmarks.commits ../before [GAME ...]

Beginnings: from a process's start to the end of its first round, a process of its own each time.
Rounds: a process of each checkout waits while the other plays a turn, the first of them changing.
Ratios are this checkout's over the other's, within each pair; below 1 is better.
"""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from .field import OURS, by_label
from .places import ROOT
from .workers import Worker, environment

BEGINNINGS = 7
TURNS = 30
SECONDS = 1.0
GAMES = ["mnist", "ring", "dcgan"]


@contextmanager
def worker(checkout: Path, game: str) -> Iterator[Worker]:
    """A process that has played its first round, and some more."""
    started = Worker(by_label(OURS), game, checkout=checkout)
    try:
        started.ready()
        yield started
    finally:
        started.kill()


def compare(other: Path, game: str) -> dict[str, Any]:
    """Compare the two checkouts in one game."""
    checkouts = [ROOT, other]
    firsts = [[_first_round(checkout, game) for checkout in checkouts] for _ in range(BEGINNINGS)]
    with worker(ROOT, game) as ours, worker(other, game) as theirs:
        for each in (ours, theirs):
            each.first_round()
            each.turn(SECONDS)
        rates = []
        for turn in range(TURNS):
            order = (ours, theirs) if turn % 2 else (theirs, ours)
            rate = {id(each): each.turn(SECONDS) for each in order}
            rates.append((rate[id(ours)], rate[id(theirs)]))
    return {
        "game": game,
        "rounds_per_second": round(statistics.median(mine for mine, _ in rates), 1),
        "round": _quartiles(before / mine for mine, before in rates),
        "turns": TURNS,
        "first_round_after": round(statistics.median(mine for mine, _ in firsts), 1),
        "beginning": _quartiles(mine / before for mine, before in firsts),
        "beginnings": BEGINNINGS,
    }


def _first_round(checkout: Path, game: str) -> float:
    with worker(checkout, game) as started:
        return started.first_round()


def _quartiles(values: Iterator[float]) -> list[float]:
    return [round(q, 3) for q in statistics.quantiles(values, n=4)]


def main(other: Path, games: list[str]) -> None:
    """Print a line of JSON for each game."""
    for checkout in (ROOT, other):
        data = [sys.executable, "-m", "benchmarks.data"]
        subprocess.run(data, cwd=checkout, env=environment(checkout), check=True)
    for game in games:
        print(json.dumps(compare(other, game)), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), sys.argv[2:] or GAMES)
