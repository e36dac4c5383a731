"""One case: all its contestants, started one by one, then playing in turns."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from . import environments
from .cases import GAMES
from .cases.products import round_flops
from .field import ENTRIES, OURS, REFERENCES, Entry, by_label, players
from .stats import median
from .workers import Worker, WorkerFailed

WARM_UP = 0.5
"""Seconds of play, after the first round, that are not counted."""

Report = Callable[[str], None]


@dataclass(frozen=True)
class Protocol:
    """How to measure.

    Attributes:
        alternations: Turns of each contestant.
        seconds: Length of a turn; by default the case's own.
        contestants: Who takes part; all by default.
        at_once: Workers that are started at the same time, before anything is timed.
    """

    alternations: int = 5
    seconds: float | None = None
    contestants: tuple[str, ...] | None = None
    at_once: int = 2


def measure_case(name: str, protocol: Protocol, report: Report) -> dict[str, Any]:
    """Time a case.

    Args:
        name: Of the case.
        protocol: How.
        report: Told what is going on.

    Returns:
        ``title``, ``flops`` of a round, ``contestants`` by label, with ``rates`` in rounds per
        second, one per turn, or ``absent`` with the reason; ``references`` likewise, by
        ``CASE / LABEL``.
    """
    game = GAMES[name]
    labels = None if protocol.contestants is None else list(protocol.contestants)
    absent: dict[str, str] = {
        entry.label: entry.absent[name] for entry in ENTRIES if name in entry.absent
    }
    wanted: list[tuple[str, Entry]] = []
    for entry in players(name, labels):
        reason = environments.missing(entry.environment)
        if reason is None:
            wanted.append((name, entry))
        else:
            absent[entry.label] = reason
    for other, label in REFERENCES.get(name, []):
        entry = by_label(label)
        if environments.missing(entry.environment) is None and (not labels or label in labels):
            wanted.append((other, entry))
    measured = _measure(wanted, protocol, game.seconds, report)
    return {
        "name": name,
        "letter": game.letter,
        "title": game.title,
        "flops": round_flops(game),
        "contestants": {
            **{entry.label: said for (where, entry), said in measured if where == name},
            **{label: {"absent": reason} for label, reason in absent.items()},
        },
        "references": {
            f"{where} / {entry.label}": said for (where, entry), said in measured if where != name
        },
    }


def _measure(
    wanted: list[tuple[str, Entry]], protocol: Protocol, seconds: float, report: Report
) -> list[tuple[tuple[str, Entry], dict[str, Any]]]:
    results: dict[tuple[str, str], dict[str, Any]] = {}
    workers: list[Worker] = []
    try:
        with ThreadPoolExecutor(protocol.at_once) as pool:
            started = pool.map(lambda pair: _start(pair[0], pair[1], report), wanted)
            for (where, entry), worker in zip(wanted, started, strict=True):
                if isinstance(worker, Worker):
                    workers.append(worker)
                    results[where, entry.label] = {"rates": [], "about": worker.about}
                else:
                    results[where, entry.label] = {"absent": f"failed: {worker}"}
        _drop_the_same(workers, results)
        _refuse_other_networks(workers, results)
        for alternation in range(protocol.alternations):
            report(f"alternation {alternation + 1} of {protocol.alternations}")
            # Everyone starts once in a while: nobody is always first after a pause.
            shift = alternation % max(1, len(workers))
            for worker in workers[shift:] + workers[:shift]:
                result = results[worker.game, worker.entry.label]
                if "absent" in result or (worker.game in worker.entry.once and alternation):
                    continue
                try:
                    result["rates"].append(worker.turn(protocol.seconds or seconds))
                except WorkerFailed as failure:
                    results[worker.game, worker.entry.label] = {"absent": f"failed: {failure}"}
        for worker in workers:
            result = results[worker.game, worker.entry.label]
            if "absent" in result:
                continue
            try:
                result |= worker.end() | {"median": median(result["rates"])}
            except WorkerFailed as failure:
                results[worker.game, worker.entry.label] = {"absent": f"failed: {failure}"}
    finally:
        for worker in workers:
            worker.kill()
    return [((where, entry), results[where, entry.label]) for where, entry in wanted]


def _start(where: str, entry: Entry, report: Report) -> Worker | WorkerFailed:
    worker = Worker(entry, where)
    try:
        worker.ready()
        seconds = worker.first_round()
        if where not in entry.once:
            worker.turn(WARM_UP)
        report(f"{where}: {entry.label} ready after {seconds:.0f} s")
    except WorkerFailed as failure:
        report(f"{where}: {entry.label} failed: {failure}")
        return failure
    return worker


def _refuse_other_networks(
    workers: list[Worker], results: dict[tuple[str, str], dict[str, Any]]
) -> None:
    """Leave out whoever plays with networks of other sizes than most do."""
    for game in {worker.game for worker in workers}:
        told = {w.entry.label: tuple(w.about["weights"]) for w in workers if w.game == game}
        players = {label: sizes for label, sizes in told.items() if not by_label(label).limit}
        usual = statistics.mode(players.values()) if players else None
        for label, sizes in players.items():
            if sizes != usual:
                why = f"failed: its networks have {sizes} weights, those of most {usual}"
                results[game, label] = {"absent": why}


def _drop_the_same(workers: list[Worker], results: dict[tuple[str, str], dict[str, Any]]) -> None:
    """Where ``jit: auto`` chose on or off, the row that forces the same need not be timed."""
    for ours in [worker for worker in workers if worker.entry.label == OURS]:
        chosen = ours.about.get("jit")
        same = next(
            (
                worker
                for worker in workers
                if worker.game == ours.game and worker.entry.label == f"{OURS}, jit {chosen}"
            ),
            None,
        )
        if same is not None:
            results[same.game, same.entry.label] = {"absent": f"what `auto` chose: see {OURS}"}
            workers.remove(same)
            same.kill()
