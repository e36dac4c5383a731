"""Playing a sweep: trials begun, watched, pruned, judged; gone on with after an interruption."""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Sequence

from ..compare import standard_error
from ..engine.signals import StopRequest, listening
from ..errors import AdvnetsError, Interrupted, RunError
from .folder import SweepFolder
from .load import Sweep
from .run_process import STOPPED, RunProcess, is_finished, scores_of, value_of
from .space import overrides_of
from .study import Study
from .trial import Trial

POLL = 0.1
Tell = Callable[[str], None]


class Player:
    """Plays one trial: a run for each seed, one after the other.

    Args:
        sweep: The sweep.
        folder: Its folder.
        trial: The trial, which it fills in.
        study: Who judges whether it may go on.
        plugins: Words for ``--plugin``.
        threads: For each run.
    """

    def __init__(
        self,
        sweep: Sweep,
        folder: SweepFolder,
        trial: Trial,
        study: Study,
        plugins: Sequence[str] = (),
        threads: int | None = None,
    ):
        self._sweep, self._folder, self._study = sweep, folder, study
        self._plugins, self._threads = plugins, threads
        self.trial = trial
        self.interrupted = False
        self._process: RunProcess | None = None
        self._seed = sweep.seeds[0]

    def step(self) -> bool:
        """Look after the trial once; whether something is to be written down."""
        try:
            return self._step()
        except Interrupted:
            self.interrupted = True
            return True
        except AdvnetsError as error:
            self.trial.fail(error.message)
            return True

    def stop(self) -> None:
        """Ask its run to commit and end."""
        if self._process is not None:
            self._process.stop()

    def wait(self) -> None:
        """Wait for its run to end."""
        if self._process is not None:
            self._process.wait()

    def kill(self) -> None:
        """End its run at once."""
        if self._process is not None:
            self._process.kill()

    def _step(self) -> bool:
        if self._process is None:
            return self._begin()
        code = self._process.code
        changed = False
        if code is not None or self._process.has_news():
            changed = self._prune()
            if self.trial.ended:
                return True
        if code is None:
            return changed
        if code in STOPPED:
            self.interrupted = True
            return True
        if code != 0:
            self.trial.fail(f"seed {self._seed}: {self._process.failure()}")
            return True
        self._process = None
        self._judge()
        return True

    def _begin(self) -> bool:
        """The next seed's run; the end of the trial, if there is none."""
        left = [seed for seed in self._sweep.seeds if str(seed) not in self.trial.values]
        if not left:
            self._complete()
            return True
        self._seed = left[0]
        recipe = self._sweep.recipe_of(self.trial.params, self._seed)
        run = self._folder.run_of(self.trial, self._seed)
        if is_finished(run, recipe.data["training"]["steps"]):
            if not self._prune():
                self._judge()
            return True
        overrides = overrides_of(self._sweep.space, self.trial.params) | {"seed": self._seed}
        log = self._folder.log_of(self.trial, self._seed)
        self._process = RunProcess(
            self._folder.recipe_file, overrides, run, log, self._plugins, self._threads
        )
        self._process.start()
        return False

    def _prune(self) -> bool:
        """Tell the study of new scores of the first seed; whether there were any."""
        if self._sweep.schema.pruning is None or self._seed != self._sweep.seeds[0]:
            return False
        run = self._folder.run_of(self.trial, self._seed)
        last = self._sweep.recipe_of(self.trial.params, self._seed).data["training"]["steps"]
        metric, told = self._sweep.schema.objective.metric, False
        for step, score in scores_of(run, metric, self._seed).items():
            value = value_of(score)
            if step in self.trial.steps or step >= last or value is None:
                continue
            told = True
            goes_on = self._study.judge(self.trial, step, value)
            self.trial.steps[step] = value
            if not goes_on:
                self.trial.state, self.trial.value = "pruned", value
                self.trial.reason = f"at step {step}"
                self._add_time()
                if self._process is not None:
                    self._process.stop()
                    self._process.wait()
                break
        return told

    def _judge(self) -> None:
        """Take the objective from a run that is finished."""
        objective = self._sweep.schema.objective
        run = self._folder.run_of(self.trial, self._seed)
        scores = scores_of(run, objective.metric, self._seed)
        if not scores:
            names = {score["metric"] for score in run.manifest.data.get("scores") or []}
            known = ", ".join(sorted(names)) or "none"
            self.trial.fail(
                f"seed {self._seed}: no score {objective.metric!r}; the run has: {known}"
            )
            return
        values = {step: value_of(score) for step, score in scores.items()}
        sound = [value for value in values.values() if value is not None]
        chosen = values[max(values)]
        if objective.at == "best" and sound:
            chosen = max(sound) if self._sweep.maximize else min(sound)
        if chosen is None:
            self.trial.fail(f"seed {self._seed}: {objective.metric} is not finite")
            return
        self.trial.values[str(self._seed)] = chosen

    def _complete(self) -> None:
        values = list(self.trial.values.values())
        self.trial.value = statistics.fmean(values)
        self.trial.error = standard_error(values)
        self._add_time()
        self.trial.state = "complete"

    def _add_time(self) -> None:
        """The seconds that its runs took, in all their sittings."""
        runs = [self._folder.run_of(self.trial, seed) for seed in self._sweep.seeds]
        times = [(run.manifest.data.get("time") or {}).get("total") for run in runs]
        self.trial.seconds = round(sum(seconds for seconds in times if seconds), 1)


def play(
    sweep: Sweep,
    folder: SweepFolder,
    *,
    jobs: int = 1,
    retry: bool = False,
    plugins: Sequence[str] = (),
    tell: Tell = lambda text: None,
    after: Callable[[list[Trial]], None] = lambda trials: None,
) -> list[Trial]:
    """Play a sweep, or go on with it.

    The caller holds the folder's lock. Each change of a trial is written before anything else
    happens, so that this process may die at any moment.

    Args:
        sweep: The sweep.
        folder: Its folder.
        jobs: How many trials at a time.
        retry: Whether failed trials are played again.
        plugins: Words for ``--plugin``.
        tell: Is told what happens.
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
            tell(f"trial {trial.number + 1} of {sweep.trials}: {described(trial)}")
            players.append(Player(sweep, folder, trial, study, plugins, threads))

    with listening() as request:
        try:
            begin()
            while players and not request:
                for player in list(players):
                    if player.step():
                        folder.write(trials)
                    if player.trial.ended:
                        players.remove(player)
                        study.end(player.trial)
                        tell(f"trial {player.trial.number + 1}: {outcome(player.trial)}")
                        after(trials)
                    elif player.interrupted:  # by somebody else; the same command goes on with it
                        players.remove(player)
                        tell(f"trial {player.trial.number + 1}: was stopped, to be gone on with")
                    begin()
                time.sleep(POLL)
            _stop(players, request)
        finally:
            for player in players:
                player.kill()
    if any(not trial.ended for trial in trials):
        why = f"stopped by {request.signal}" if request else "some runs were stopped"
        raise Interrupted(why, where=str(folder.path), hint="the same command goes on with it")
    return trials


def _stop(players: list[Player], request: StopRequest) -> None:
    """Let all runs commit; a second signal ends this process at once, and they go by themselves."""
    if not request:
        return
    for player in players:
        player.stop()
    for player in players:
        player.wait()
    players.clear()


def _check(trial: Trial, sweep: Sweep, folder: SweepFolder) -> None:
    """What is gone on with may come from somebody else."""
    named = {parameter.name for parameter in sweep.space}
    alien = [p.name for p in sweep.space if not p.contains(trial.params.get(p.name))]
    strays = sorted((trial.params.keys() ^ named) | set(alien))
    strays += sorted(trial.values.keys() - set(map(str, sweep.seeds)))
    if strays:
        raise RunError(
            f"trials.jsonl: trial {trial.number} does not fit the sweep: {strays[0]:.80}",
            where=str(folder.path),
            hint="mend or remove it; runs that are there are not played again",
        )


def described(trial: Trial) -> str:
    """A trial's values in a line."""
    shown = {k: f"{v:.4g}" if isinstance(v, float) else v for k, v in trial.params.items()}
    return ", ".join(f"{name} = {value}" for name, value in shown.items())


def outcome(trial: Trial) -> str:
    """What became of a trial, in a line."""
    if trial.state == "failed":
        return f"failed: {trial.reason}"
    error = "" if trial.error is None else f" ± {trial.error:.2g}"
    where = f" {trial.reason}" if trial.state == "pruned" else ""
    return f"{trial.state}{where}, {trial.value:.5g}{error}"
