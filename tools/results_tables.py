"""The generated parts of docs/results.md: one for each experiment."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from experiments import (
    RESULTS,
    ArmRuns,
    Experiment,
    Metric,
    check_alike,
    read_arm,
    read_experiments,
)
from markdown_table import table
from run_facts import command, data, equipment, protocol, shown
from sweep_tables import sweep_part

from advnets.compare import standard_error
from advnets.sweep.distributions import check_alike as check_sweeps_alike
from advnets.sweep.distributions import read_outcomes

NONE = "*Not yet measured.*\n"


def experiment(name: str, folder: Path = RESULTS) -> Iterator[str]:
    """The tables and pictures of one experiment.

    Raises:
        ValueError: If there is no such experiment, or its runs do not belong together.
    """
    found = read_experiments(folder).get(name)
    if found is None:
        raise ValueError(f"docs/results/experiments.yaml has no {name!r}")
    arms = [read_arm(arm, found.metrics, folder) for arm in found.arms]
    check_alike(arms)
    played = [arm for arm in arms if arm.runs]
    if not played and not any((folder / sweep).is_dir() for sweep in found.sweeps):
        yield NONE
        return
    if found.metrics:
        yield results(found, arms)
        yield facts(found, played)
    for metric in found.metrics[:1]:
        if found.steps and any(len(steps_of(arm, metric)) > 1 for arm in played):
            yield by_step(found, metric, played)
    if found.curve and (folder / found.curve).is_file():
        yield f"![{found.metrics[0].label} against the epoch](results/{found.curve})\n"
    sweeps = [read_outcomes(folder / sweep) for sweep in found.sweeps if (folder / sweep).is_dir()]
    for sweep in sweeps:
        yield from sweep_part(sweep, {} if found.metrics else found.facts)
    if sweeps and found.histogram and (folder / found.histogram).is_file():
        check_sweeps_alike(sweeps)
        yield f"![The objectives of the sweeps' trials](results/{found.histogram})\n"


def results(found: Experiment, arms: Sequence[ArmRuns]) -> str:
    """Ours beside the paper's and others': mean ± error over seeds, where each was read."""
    columns = ["", *(metric.label for metric in found.metrics), "seeds", "read at"]
    rows = []
    if any(metric.paper for metric in found.metrics):
        own = [metric.paper or "–" for metric in found.metrics]
        rows.append([f"paper ({found.source})" if found.source else "paper", *own, "", ""])
    for other in found.published:
        shown = [other.values.get(metric.name, "–") for metric in found.metrics]
        rows.append([other.label, *shown, "", ""])
    for read in arms:
        cells = [_cell(read, metric) for metric in found.metrics]
        seeds = ", ".join(str(run.seed) for run in read.runs)
        rows.append([f"**{read.arm.label}**", *cells, seeds or "none yet", _where(read)])
    return table(columns, rows)


def _cell(read: ArmRuns, metric: Metric) -> str:
    found = read.found.get(metric.name)
    if found is None:
        return "not yet measured"
    row = found.rows[0]
    if row.error is not None:
        return f"**{in_units(metric, row.mean, row.error)}** (n = {row.n})"
    own = row.own_error
    text = in_units(metric, row.mean, own)
    return f"{text} (n = 1" + ("; ± of the score)" if own is not None else ")")


def in_units(metric: Metric, value: float, error: float | None) -> str:
    """A score with its error, in the unit that the experiment shows it in."""
    scaled = None if error is None else error * metric.scale
    text = shown(value * metric.scale, scaled, metric.digits)
    return f"{text} {metric.unit}" if metric.unit else text


def _where(read: ArmRuns) -> str:
    """The rounds at which the figures were read."""
    steps = [run["step"] for found in read.found.values() for run in found.rows[0].runs]
    if not steps:
        return ""
    unique = sorted(set(steps))
    rounds = ", ".join(f"{step:,}" for step in unique[:6])
    text = f"round {rounds}" if len(unique) == 1 else f"rounds {rounds}"
    epochs = {epoch_of(read, 0, unique[0])} if len(unique) == 1 else set()
    return text + "".join(f" (epoch {in_epochs(epoch)})" for epoch in epochs if epoch)


def in_epochs(epoch: float) -> str:
    """A number of epochs: with a decimal where that tells something.

    >>> in_epochs(100.0), in_epochs(0.754), in_epochs(4.0), in_epochs(1.28)
    ('100', '0.8', '4', '1.3')
    """
    return f"{epoch:,.0f}" if epoch >= 10 or epoch == round(epoch) else f"{epoch:,.1f}"


def epoch_of(read: ArmRuns, index: int, step: int) -> float | None:
    """Epochs of the training data that G's rounds make, at one batch a round."""
    examples = (read.manifests[index].get("data") or {}).get("train")
    batch = (read.runs[index].recipe.get("training") or {}).get("batch_size")
    return step * batch / examples if examples and batch else None


def facts(found: Experiment, arms: Sequence[ArmRuns]) -> str:
    """Protocol, commands, data, time, machine, versions, states."""
    rows: list[list[str]] = []
    distinct = {read.arm.runs: read for read in reversed(arms)}.values()  # the first of each
    for read in reversed(distinct):
        first = f"{read.arm.label}: " if len(distinct) > 1 else ""
        commands = dict.fromkeys(map(command, read.manifests))
        rows.append([f"{first}commands", "; ".join(f"`{c}`" for c in commands if c)])
        rows.append([f"{first}time", _time(read)])
        hashes = [str(m.get("state_sha256"))[:12] for m in read.manifests]
        steps = [f"{m.get('step', 0):,}" for m in read.manifests]
        seeds = [run.seed for run in read.runs]
        states = (
            f"seed {seed}: {state} at round {step}"
            for seed, state, step in zip(seeds, hashes, steps, strict=True)
        )
        rows.append([f"{first}`state_sha256`", "; ".join(states)])
    manifests = [manifest for read in distinct for manifest in read.manifests]
    rows += data(manifests)
    for metric in found.metrics:
        compared = next(
            (read.found[metric.name] for read in arms if metric.name in read.found), None
        )
        if compared is not None:
            rows.append(protocol(metric.name, compared.settings))
    rows += equipment(manifests)
    rows += [[name, text] for name, text in found.facts.items()]
    return table(["", ""], rows)


def _time(read: ArmRuns) -> str:
    """Hours of each seed, and in how many sessions."""
    told = []
    for run, manifest in zip(read.runs, read.manifests, strict=True):
        time = manifest.get("time") or {}
        if not time.get("total"):
            continue
        rounds = f"{time.get('training', 0) / 3600:.2f} h of it in rounds"
        text = f"seed {run.seed}: {time['total'] / 3600:.2f} h, {rounds}"
        sessions = (manifest.get("sessions") or {}).get("count")
        told.append(text + (f", in {sessions} sessions" if sessions and sessions > 1 else ""))
    return "; ".join(told)


def steps_of(read: ArmRuns, metric: Metric) -> dict[int, dict[Any, tuple[float, float | None]]]:
    """The scores of an arm: by step, then by seed, with the score's own error."""
    found: dict[int, dict[Any, tuple[float, float | None]]] = {}
    if metric.name not in read.found:
        return {}
    wanted = read.found[metric.name].settings
    for run in read.runs:
        for series in run.series[metric.name].values():
            if series.settings == wanted:
                for step, measured in series.at.items():
                    found.setdefault(step, {})[run.seed] = (measured.value, measured.error)
    return dict(sorted(found.items()))


def by_step(found: Experiment, metric: Metric, arms: Sequence[ArmRuns]) -> str:
    """The first score as training went on: each seed, and their mean."""
    columns, parts = ["round", "epoch"], []
    for read in arms:
        name = f"{read.arm.label}: " if len(arms) > 1 else ""
        columns += [f"{name}seed {run.seed}" for run in read.runs]
        if len(read.runs) > 1:
            columns.append(f"{name}mean ± error over seeds")
        parts.append((read, steps_of(read, metric)))
    rows = []
    for step in _thinned(sorted({step for _, scores in parts for step in scores}), found.steps):
        epoch = epoch_of(arms[0], 0, step)
        row = [f"{step:,}", in_epochs(epoch) if epoch else ""]
        for read, scores in parts:
            here = scores.get(step, {})
            for run in read.runs:
                row.append(in_units(metric, *here[run.seed]) if run.seed in here else "")
            if len(read.runs) > 1:
                values = [value for value, _ in here.values()]
                whole = len(values) == len(read.runs)
                error = standard_error(values) if whole else None
                mean = sum(values) / len(values) if whole else 0.0
                row.append(in_units(metric, mean, error) if whole else "")
        rows.append(row)
    return f"{metric.label}, as training went on:\n\n{table(columns, rows)}"


def _thinned(steps: Sequence[int], most: int) -> list[int]:
    """Evenly spread rows, the last one among them."""
    if len(steps) <= most:
        return list(steps)
    stride = math.ceil(len(steps) / most)
    return [step for index, step in enumerate(steps) if (len(steps) - 1 - index) % stride == 0]
