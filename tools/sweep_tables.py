"""What docs/results.md shows of a sweep."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from markdown_table import table
from run_facts import command, data, equipment, protocol, shown

from advnets.sweep.distributions import Outcomes
from advnets.sweep.space import encode


def sweep_part(sweep: Outcomes, further: Mapping[str, str]) -> Iterator[str]:
    """A sweep's tables: the distribution of its objective, its values, its facts.

    Args:
        sweep: The sweep.
        further: Rows that the facts end with.
    """
    yield distribution(sweep)
    if len(sweep.space) == 1:
        yield by_value(sweep)
    yield facts(sweep, further)


def distribution(sweep: Outcomes) -> str:
    """How the objective of the trials is distributed."""
    numbers = sweep.summary()
    names = [name for name in ("min", "q1", "median", "q3", "max", "mean") if name in numbers]
    counts = ", ".join(f"{count} {state}" for state, count in sorted(sweep.counts.items()))
    row = [sweep.name, sweep.metric, counts, *(f"{numbers[name]:.4g}" for name in names)]
    return table(["sweep", "objective", "trials", *names], [row])


def by_value(sweep: Outcomes) -> str:
    """The objective of each trial, by the value of the only parameter."""
    (name,) = sweep.space
    trials = sorted(sweep.trials, key=lambda trial: trial.number)
    if all(isinstance(trial.params.get(name), int | float) for trial in trials):
        trials.sort(key=lambda trial: trial.params[name])
    rows = []
    for trial in trials:
        value = encode(trial.params.get(name))
        if trial.state == "complete" and trial.value is not None:
            objective = shown(trial.value, trial.error)
            rows.append([value, objective, str(len(trial.values))])
        else:
            told = "not yet measured" if trial.state == "running" else trial.state
            rows.append([value, told, ""])
    return table([f"`{name}`", f"{sweep.metric}, mean ± error over seeds", "n"], rows)


def facts(sweep: Outcomes, further: Mapping[str, str]) -> str:
    """Protocol, seeds, command, time, data, machine, versions."""
    criteria = ", ".join(f"{name} {value}" for name, value in sweep.criteria.items())
    seeds = dict.fromkeys(seed for trial in sweep.trials for seed in trial.values)
    hours = sum(trial.seconds for trial in sweep.trials) / 3600
    rows = [
        ["judged by", f"{sweep.metric}: {criteria}"],
        ["seeds", ", ".join(sorted(seeds, key=int))],
        ["time", f"{hours:.2f} h, of all trials together"],
    ]
    if sweep.settings is not None:
        rows.append(protocol(sweep.metric, sweep.settings))
        rows.append(["command of one of its runs", f"`{command(sweep.manifest)}`"])
        rows += data([sweep.manifest])
        rows += equipment([sweep.manifest])
    return table(["", ""], [*rows, *([name, text] for name, text in further.items())])
