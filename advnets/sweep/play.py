"""Playing a sweep: trials begun, several at a time; gone on with after an interruption."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Sequence

from ..distribute.signals import handling_signals
from ..errors import Interrupted, RunError
from ..safe_io.wording import shorten
from .folder import SweepFolder
from .load import Sweep
from .player import Player
from .study import Study
from .trial import Trial

log = logging.getLogger(__name__)

POLL = 0.1


def play(
    sweep: Sweep,
    folder: SweepFolder,
    *,
    jobs: int = 1,
    retry: bool = False,
    plugins: Sequence[str] = (),
    after: Callable[[list[Trial]], None] = lambda trials: None,
) -> list[Trial]:
    """Play a sweep, or go on with it.

    The caller holds the folder's lock. Each change of a trial is written before anything else
    happens, so that this process may die at any moment.

    Args:
        sweep: The sweep.
        folder: Its folder.
        jobs: How many trials at a time.
        retry: Whether failed trials are played again; of finished runs, the scores are looked at
            again.
        plugins: Words for ``--plugin``.
        after: Is given the trials whenever one has ended.

    Returns:
        All trials.

    Raises:
        Interrupted: If it was asked to stop; the runs have committed their state.
        RunError: If the folder cannot be written to, or holds trials that are not of this sweep.
    """
    trials = folder.read()
    for trial in trials:
        _check(trial, sweep, folder)
        if retry and trial.state == "failed":
            trial.state, trial.reason, trial.values, trial.steps = "running", "", {}, {}
    study = Study(sweep, trials)
    threads = max(1, (os.cpu_count() or 1) // jobs) if jobs > 1 else None
    waiting = [trial for trial in trials if not trial.ended]
    players: list[Player] = []

    def begin() -> None:
        while len(players) < jobs and (waiting or len(trials) < sweep.trials):
            if waiting:
                trial = waiting.pop(0)
            else:
                trial = study.ask()
                trials.append(trial)
                folder.write(trials)
            log.info(f"trial {trial.number + 1} of {sweep.trials}: {described(trial)}")
            players.append(Player(sweep, folder, trial, study, plugins, threads))

    with handling_signals() as request:
        try:
            begin()
            while players and not request:
                for player in list(players):
                    if player.step():
                        folder.write(trials)
                    if player.done:
                        players.remove(player)
                        study.end(player.trial)
                        log.info(f"trial {player.trial.number + 1}: {outcome(player.trial)}")
                        after(trials)
                    elif player.interrupted:  # by somebody else; the same command goes on with it
                        players.remove(player)
                        log.info(
                            f"trial {player.trial.number + 1}: was stopped, to be gone on with"
                        )
                    begin()
                time.sleep(POLL)
            if request:
                _stop(players)
                folder.write(trials)
        finally:
            for player in players:
                player.kill()
    if len(trials) < sweep.trials or any(not trial.ended for trial in trials):
        why = f"stopped by {request.signal}" if request else "some runs were stopped"
        raise Interrupted(why, where=str(folder.path), hint="the same command goes on with it")
    return trials


def _stop(players: list[Player]) -> None:
    """Let all runs commit; a second signal ends this process at once, and they go by themselves."""
    for player in players:
        player.stop()
    for player in players:
        player.wait()
        if player.trial.ended:
            player.step()
    players.clear()


def _check(trial: Trial, sweep: Sweep, folder: SweepFolder) -> None:
    """Return what is gone on with may come from somebody else."""
    named = {parameter.name for parameter in sweep.space}
    alien = [p.name for p in sweep.space if not p.contains(trial.params.get(p.name))]
    strays = sorted((trial.params.keys() ^ named) | set(alien))
    strays += sorted(trial.values.keys() - set(map(str, sweep.seeds)))
    if strays:
        raise RunError(
            f"trials.jsonl: trial {trial.number} does not fit the sweep: {shorten(strays[0], 80)}",
            where=str(folder.path),
            hint="mend or remove it; runs that are there are not played again",
        )


def described(trial: Trial) -> str:
    """Return a trial's values in a line."""
    shown = {k: f"{v:.4g}" if isinstance(v, float) else v for k, v in trial.params.items()}
    return ", ".join(f"{name} = {value}" for name, value in shown.items())


def outcome(trial: Trial) -> str:
    """Return what became of a trial, in a line."""
    if trial.state == "failed":
        return f"failed: {trial.reason}"
    error = "" if trial.error is None else f" ± {trial.error:.2g}"
    where = f" {trial.reason}" if trial.state == "pruned" else ""
    return f"{trial.state}{where}, {trial.value:.5g}{error}"
