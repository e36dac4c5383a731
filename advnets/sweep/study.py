"""Let Optuna choose the next values, and the trials that are not worth continuing.

Optuna's study is in memory. What it needs is in ``trials.jsonl`` and is replayed in every
session, in the order of the trials, with a sampler whose seed depends on the sweep's and
on the trial's number alone. So nothing of Optuna's is stored: no pickle, and no file whose
format belongs to a version.
"""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..errors import UsageError
from .load import Sweep
from .schema import Grid, Median, SuccessiveHalving, Tpe
from .space import Parameter, combinations, encode
from .trial import Trial

if TYPE_CHECKING:
    import optuna

RUNG = "completed_rung_"


def import_optuna() -> Any:
    """Import Optuna, and silence it.

    Raises:
        UsageError: If it is not installed.
    """
    try:
        import optuna
    except ImportError as error:
        raise UsageError(
            "sweeps need Optuna, which is not installed", hint="pip install 'advnets[sweep]'"
        ) from error
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna


class Study:
    """Sample and prune a sweep's trials, given those so far.

    Args:
        sweep: The sweep.
        trials: Those that were begun, by number; :meth:`judge` and :meth:`end` report their
            later scores and ends.
    """

    def __init__(self, sweep: Sweep, trials: Sequence[Trial]):
        self._optuna = import_optuna()
        self._sweep = sweep
        self._distributions = {p.name: self._distribution(p) for p in sweep.space}
        self._live: dict[int, optuna.trial.Trial] = {}
        self._study = self._optuna.create_study(
            direction="maximize" if sweep.maximize else "minimize", pruner=self._pruner()
        )
        for trial in trials:
            self._restore(trial)

    def ask(self) -> Trial:
        """Sample the next trial."""
        number = len(self._study.get_trials(deepcopy=False))
        if isinstance(self._sweep.schema.sampler, Grid):
            self._study.enqueue_trial(self._to_optuna(self._combination(number)))
        self._study.sampler = self._sampler(number)
        live = self._study.ask(self._distributions)
        self._live[number] = live
        return Trial(
            number, {p.name: self._from_optuna(p, live.params[p.name]) for p in self._sweep.space}
        )

    def judge(self, trial: Trial, step: int, value: float) -> bool:
        """Report an intermediate score; return whether the trial may continue."""
        live = self._live[trial.number]
        live.report(value, step)
        ends = self._sweep.schema.pruning is not None and live.should_prune()
        frozen = self._study.get_trials(deepcopy=False)[trial.number]
        trial.rungs = {k: v for k, v in frozen.system_attrs.items() if k.startswith(RUNG)}
        return not ends

    def end(self, trial: Trial) -> None:
        """Report a trial's end."""
        value = trial.value if trial.state == "complete" else None
        self._study.tell(self._live.pop(trial.number), value, self._state(trial))

    def _restore(self, trial: Trial) -> None:
        """Replay a trial of an earlier session."""
        if not trial.ended:
            self._study.enqueue_trial(self._to_optuna(trial.params))
            self._study.sampler = self._sampler(trial.number)
            live = self._live[trial.number] = self._study.ask(self._distributions)
            for step, value in trial.steps.items():
                live.report(value, step)
                live.should_prune()  # it was decided then that it continues; its rungs are kept
            return
        self._study.add_trial(
            self._optuna.trial.create_trial(
                state=self._state(trial),
                value=trial.value if trial.state == "complete" else None,
                params=self._to_optuna(trial.params),
                distributions=self._distributions,
                intermediate_values=dict(trial.steps),
                system_attrs=dict(trial.rungs),
            )
        )

    def _state(self, trial: Trial) -> optuna.trial.TrialState:
        states = self._optuna.trial.TrialState
        return states.FAIL if trial.state == "failed" else states[trial.state.upper()]

    def _to_optuna(self, params: dict[str, Any]) -> dict[str, Any]:
        """Convert values to Optuna's: choices to their text."""
        spaces = {parameter.name: parameter for parameter in self._sweep.space}
        return {
            name: value if spaces[name].entry.choices is None else encode(value)
            for name, value in params.items()
        }

    def _from_optuna(self, parameter: Parameter, value: Any) -> Any:
        """Convert a value of Optuna's to the recipe's."""
        for choice in parameter.entry.choices or ():
            if encode(choice) == value:
                return choice
        return int(value) if parameter.entry.integers else float(value)

    def _combination(self, number: int) -> dict[str, Any]:
        """Return the grid's combination with a number."""
        sampler = self._sweep.schema.sampler
        if not (isinstance(sampler, Grid) and sampler.shuffle):
            return next(itertools.islice(combinations(self._sweep.space), number, None))
        all_of_them = list(combinations(self._sweep.space))
        random.Random(self._sweep.schema.sampler_seed).shuffle(all_of_them)
        return all_of_them[number]

    def _distribution(self, parameter: Parameter) -> Any:
        make, entry = self._optuna.distributions, parameter.entry
        if entry.choices is not None:
            return make.CategoricalDistribution([encode(value) for value in entry.choices])
        if entry.integers is not None:
            low = entry.integers[0]
            last = low + ((parameter.count or 1) - 1) * entry.step
            return make.IntDistribution(low, last, step=entry.step)
        ends = entry.uniform or entry.log_uniform
        assert ends is not None
        return make.FloatDistribution(*ends, log=entry.log_uniform is not None)

    def _sampler(self, number: int) -> Any:
        sampler, samplers = self._sweep.schema.sampler, self._optuna.samplers
        seed = random.Random(f"{self._sweep.schema.sampler_seed} {number}").getrandbits(31)
        if isinstance(sampler, Tpe):
            return samplers.TPESampler(seed=seed, n_startup_trials=sampler.startup_trials)
        return samplers.RandomSampler(seed=seed)

    def _pruner(self) -> Any:
        pruning, pruners = self._sweep.schema.pruning, self._optuna.pruners
        if isinstance(pruning, Median):
            return pruners.MedianPruner(pruning.startup_trials, pruning.warmup_steps)
        if isinstance(pruning, SuccessiveHalving):
            first = pruning.first_rung or self._sweep.recipe.settings.evaluation.every
            return pruners.SuccessiveHalvingPruner(first, pruning.factor)
        return pruners.NopPruner()
