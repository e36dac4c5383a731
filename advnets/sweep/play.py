"""Play a sweep: begin trials, several at a time; resume after an interruption."""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Sequence

from ..distribute.signals import stop_on_signals
from ..errors import Interrupted, RunError
from ..safe_io.wording import shorten
from .folder import SweepFolder
from .load import Sweep
from .study import Study
from .trial import Trial
from .trial_runner import TrialRunner

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
    """Play a sweep, or resume it.

    The caller holds the folder's lock. Each change of a trial is written before anything else
    happens, so that this process may die at any moment.

    Args:
        sweep: The sweep.
        folder: Its folder.
        jobs: How many trials at a time.
        retry: Whether failed trials are played again; of finished runs, the scores are read again.
        plugins: Words for ``--plugin``.
        after: Is given the trials whenever one has ended.

    Returns:
        All trials.

    Raises:
        Interrupted: If it received a signal to stop; the runs have committed their state.
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
    runners: list[TrialRunner] = []

    def begin() -> None:
        while len(runners) < jobs and (waiting or len(trials) < sweep.trials):
            if waiting:
                trial = waiting.pop(0)
            else:
                trial = study.ask()
                trials.append(trial)
                folder.write(trials)
            log.info(f"trial {trial.number + 1} of {sweep.trials}: {describe_values(trial)}")
            runners.append(TrialRunner(sweep, folder, trial, study, plugins, threads))

    with stop_on_signals() as request:
        try:
            begin()
            while runners and not request:
                for runner in list(runners):
                    if runner.step():
                        folder.write(trials)
                    if runner.done:
                        runners.remove(runner)
                        study.end(runner.trial)
                        outcome = describe_outcome(runner.trial)
                        log.info(f"trial {runner.trial.number + 1}: {outcome}")
                        after(trials)
                    elif runner.interrupted:  # by another process; the same command resumes it
                        runners.remove(runner)
                        number = runner.trial.number + 1
                        log.info(f"trial {number}: was stopped, and can be resumed")
                    begin()
                time.sleep(POLL)
            if request:
                _stop(runners)
                folder.write(trials)
        finally:
            for runner in runners:
                if runner.process:
                    runner.process.kill()
    if len(trials) < sweep.trials or any(not trial.ended for trial in trials):
        why = f"stopped by {request.signal}" if request else "some runs were stopped"
        raise Interrupted(why, where=str(folder.path), hint="the same command resumes it")
    return trials


def _stop(runners: list[TrialRunner]) -> None:
    """Let all runs commit; after a second signal they end without this process."""
    for runner in runners:
        if runner.process:
            runner.process.stop()
    for runner in runners:
        if runner.process:
            runner.process.wait()
        if runner.trial.ended:
            runner.step()
    runners.clear()


def _check(trial: Trial, sweep: Sweep, folder: SweepFolder) -> None:
    """Check that a trial that was read from the folder fits the sweep."""
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


def describe_values(trial: Trial) -> str:
    """Describe a trial's values in a line."""
    shown = {k: f"{v:.4g}" if isinstance(v, float) else v for k, v in trial.params.items()}
    return ", ".join(f"{name} = {value}" for name, value in shown.items())


def describe_outcome(trial: Trial) -> str:
    """Describe the result of a trial in a line."""
    if trial.state == "failed":
        return f"failed: {trial.reason}"
    error = "" if trial.error is None else f" ± {trial.error:.2g}"
    where = f" {trial.reason}" if trial.state == "pruned" else ""
    return f"{trial.state}{where}, {trial.value:.5g}{error}"
