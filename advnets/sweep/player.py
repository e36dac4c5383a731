"""Playing one trial: its runs begun, watched, pruned, judged."""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence

from ..compare import standard_error
from ..errors import AdvnetsError, Interrupted
from .folder import SweepFolder
from .load import Sweep
from .run_process import PATIENCE, STOPPED, RunProcess, is_finished, scores_of, value_of
from .space import overrides_of
from .study import Study
from .trial import Trial


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
        self._patience = 0.0

    @property
    def done(self) -> bool:
        """Whether the trial has ended, and no process plays it any more."""
        return self.trial.ended and self._process is None

    def step(self) -> bool:
        """Look after the trial once; whether something is to be written down."""
        try:
            return self._step()
        except Interrupted:
            self.interrupted = True
            return True
        except AdvnetsError as error:
            self.trial.fail(error.message)
            self._let_go()
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

    def _let_go(self) -> None:
        """The trial has ended before its run; nobody waits here for that one to end."""
        if self._process is not None:
            self._process.stop()
            self._patience = time.monotonic() + PATIENCE

    def _step(self) -> bool:
        if self.trial.ended:
            return self._see_off()
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
            self._process = None
            return True
        self._process = None
        self._judge()
        return True

    def _see_off(self) -> bool:
        """Look whether the run of a trial that has ended is gone; end it if it does not go."""
        if self._process is not None:
            if self._process.code is None:
                if time.monotonic() < self._patience:
                    return False
                self._process.kill()
            self._process = None
        if self.trial.state == "pruned":
            self._add_time()
        return True

    def _begin(self) -> bool:
        """Return the next seed's run; the end of the trial, if there is none."""
        left = [seed for seed in self._sweep.seeds if str(seed) not in self.trial.values]
        if not left:
            self._complete()
            return True
        self._seed = left[0]
        recipe = self._sweep.recipe_of(self.trial.params, self._seed)
        run = self._folder.run_of(self.trial, self._seed)
        if is_finished(run, recipe.settings.training.steps):
            if not self._prune():
                self._judge()
            return True
        overrides = overrides_of(self._sweep.space, self.trial.params) | {"seed": self._seed}
        log = self._folder.log_of(self.trial, self._seed)
        process = RunProcess(
            self._folder.recipe_file, overrides, run, log, self._plugins, self._threads
        )
        process.start()
        self._process = process
        return False

    def _prune(self) -> bool:
        """Tell the study of new scores of the first seed; whether there were any."""
        if self._sweep.schema.pruning is None or self._seed != self._sweep.seeds[0]:
            return False
        run = self._folder.run_of(self.trial, self._seed)
        recipe = self._sweep.recipe_of(self.trial.params, self._seed)
        last = recipe.settings.training.steps
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
                self._let_go()
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
                f"seed {self._seed}: no score {objective.metric!r}; the run has: {known} (it is "
                f"finished and is not played again: `advnets evaluate {run.path}` computes the "
                "scores that its recipe names, then --retry)"
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
        """The seconds that its runs took, in all their sessions."""
        runs = [self._folder.run_of(self.trial, seed) for seed in self._sweep.seeds]
        times = [(run.manifest.data.get("time") or {}).get("total") for run in runs]
        self.trial.seconds = round(sum(seconds for seconds in times if seconds), 1)
