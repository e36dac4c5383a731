"""Play one trial: begin its runs, watch them, prune them, read their objective."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence

from ..compare import standard_error
from ..errors import AdvnetsError, Interrupted
from ..safe_io.wording import shell_command
from .folder import SweepFolder
from .load import Sweep
from .run_process import PATIENCE, STOPPED, RunProcess, finite_value, is_finished, read_scores
from .space import overrides_of
from .study import Study
from .trial import Trial


class TrialRunner:
    """Play one trial: a run for each seed, one after the other.

    Args:
        sweep: The sweep.
        folder: Its folder.
        trial: The trial, which it fills in.
        study: Decides whether it may continue.
        plugins: Words for ``--plugin``.
        threads: For each run.

    Attributes:
        trial: The trial.
        process: Plays a run of it at the moment; ``None`` between runs.
        interrupted: Whether the run was stopped, by us or by others, and can be resumed.
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
        self.process: RunProcess | None = None
        self._seed = sweep.seeds[0]
        self._patience = 0.0

    @property
    def done(self) -> bool:
        """Whether the trial has ended, and no process plays it any more."""
        return self.trial.ended and self.process is None

    def step(self) -> bool:
        """Advance the trial by what has happened; return whether it must be written."""
        try:
            return self._step()
        except Interrupted:
            self.interrupted = True
            return True
        except AdvnetsError as error:
            self.trial.fail(error.message)
            self._stop_early()
            return True

    def _stop_early(self) -> None:
        """Signal the run of a trial that has ended to end, without waiting for it."""
        if self.process is not None:
            self.process.stop()
            self._patience = time.monotonic() + PATIENCE

    def _step(self) -> bool:
        if self.trial.ended:
            return self._await_end()
        if self.process is None:
            return self._start_next()
        code = self.process.code
        changed = (code is not None or self.process.has_news()) and self._report_scores()
        if code is None or self.trial.ended:
            return changed
        if code in STOPPED:
            self.interrupted = True
            return True
        process, self.process = self.process, None
        if code:
            self.trial.fail(f"seed {self._seed}: {process.describe_failure()}")
        else:
            self._read_objective()
        return True

    def _await_end(self) -> bool:
        """Check whether the run of a trial that has ended is gone; kill it if it takes too long."""
        if self.process is not None:
            if self.process.code is None:
                if time.monotonic() < self._patience:
                    return False
                self.process.kill()
            self.process = None
        if self.trial.state == "pruned":
            self._add_time()
        return True

    def _start_next(self) -> bool:
        """Start the next seed's run; complete the trial if there is none."""
        left = [seed for seed in self._sweep.seeds if str(seed) not in self.trial.values]
        if not left:
            values = list(self.trial.values.values())
            self.trial.value, self.trial.error = statistics.fmean(values), standard_error(values)
            self._add_time()
            self.trial.state = "complete"
            return True
        self._seed = left[0]
        recipe = self._sweep.recipe_of(self.trial.params, self._seed)
        run = self._folder.run_of(self.trial, self._seed)
        if is_finished(run, recipe.settings.training.steps):
            if not self._report_scores():
                self._read_objective()
            return True
        overrides = overrides_of(self._sweep.space, self.trial.params) | {"seed": self._seed}
        log, file = self._folder.log_of(self.trial, self._seed), self._folder.recipe_file
        self.process = RunProcess(file, overrides, run, log, self._plugins, self._threads)
        return False

    def _report_scores(self) -> bool:
        """Report new scores of the first seed to the study; return whether there were any."""
        if self._sweep.schema.pruning is None or self._seed != self._sweep.seeds[0]:
            return False
        run = self._folder.run_of(self.trial, self._seed)
        last = self._sweep.recipe_of(self.trial.params, self._seed).settings.training.steps
        metric, reported = self._sweep.schema.objective.metric, False
        for step, score in read_scores(run, metric, self._seed).items():
            value = finite_value(score)
            if step in self.trial.steps or step >= last or value is None:
                continue
            reported = True
            continues = self._study.judge(self.trial, step, value)
            self.trial.steps[step] = value
            if not continues:
                self.trial.state, self.trial.value = "pruned", value
                self.trial.reason = f"at step {step}"
                self._stop_early()
                break
        return reported

    def _read_objective(self) -> None:
        """Read the objective from a run that is finished."""
        objective = self._sweep.schema.objective
        run = self._folder.run_of(self.trial, self._seed)
        scores = read_scores(run, objective.metric, self._seed)
        if not scores:
            names = {score["metric"] for score in run.manifest.data.get("scores") or []}
            known = ", ".join(sorted(names)) or "none"
            self.trial.fail(
                f"seed {self._seed}: no score {objective.metric!r}; the run has: {known} (it is "
                "finished and is not played again: "
                f"`{shell_command('advnets', 'evaluate', run.path)}` computes the scores that its "
                "recipe names, then --retry)"
            )
            return
        values = {step: finite_value(score) for step, score in scores.items()}
        sound = [value for value in values.values() if value is not None]
        chosen = values[max(values)]
        if objective.at == "best" and sound:
            chosen = max(sound) if self._sweep.maximize else min(sound)
        if chosen is None:
            self.trial.fail(f"seed {self._seed}: {objective.metric} is not finite")
            return
        self.trial.values[str(self._seed)] = chosen

    def _add_time(self) -> None:
        """Sum the seconds that its runs took, in all their sessions."""
        runs = [self._folder.run_of(self.trial, seed) for seed in self._sweep.seeds]
        times = [(run.manifest.data.get("time") or {}).get("total") for run in runs]
        self.trial.seconds = round(sum(seconds for seconds in times if seconds), 1)
