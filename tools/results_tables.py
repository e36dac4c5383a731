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

from advnets.compare import standard_error
from advnets.sweep.beside import read_outcomes

NONE = "*Not yet measured.*\n"
LONGEST = 90


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
    for sweep in found.sweeps:
        if (folder / sweep).is_dir():
            yield sweep_table(folder / sweep)
    if found.histogram and (folder / found.histogram).is_file():
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
        return f"**{shown(row.mean, row.error, metric.digits)}** (n = {row.n})"
    own = row.own_error
    text = shown(row.mean, own, metric.digits)
    return f"{text} (n = 1" + ("; ± of the score)" if own is not None else ")")


def shown(value: float, error: float | None, digits: int | None = None) -> str:
    """A number with its error, to two digits of the error.

    >>> shown(158.4868, 1.4786), shown(0.00123, 0.00004), shown(7.8, None)
    ('158.5 ± 1.5', '0.001230 ± 0.000040', '7.8')
    """
    if error is None or not error:
        return f"{value:.{digits}f}" if digits is not None else f"{value:.5g}"
    if digits is None:
        digits = max(0, 1 - math.floor(math.log10(error)))
    return f"{value:.{digits}f} ± {error:.{digits}f}".replace("-", "−")


def _where(read: ArmRuns) -> str:
    """The rounds at which the figures were read."""
    steps = [run["step"] for found in read.found.values() for run in found.rows[0].runs]
    if not steps:
        return ""
    unique = sorted(set(steps))
    rounds = ", ".join(f"{step:,}" for step in unique[:6])
    text = f"round {rounds}" if len(unique) == 1 else f"rounds {rounds}"
    epochs = {epoch_of(read, 0, unique[0])} if len(unique) == 1 else set()
    return text + "".join(f" (epoch {epoch:,.0f})" for epoch in epochs if epoch)


def epoch_of(read: ArmRuns, index: int, step: int) -> float | None:
    """Epochs of the training data that G's rounds make, at one batch a round."""
    examples = (read.manifests[index].get("data") or {}).get("train")
    batch = (read.runs[index].recipe.get("training") or {}).get("batch_size")
    return step * batch / examples if examples and batch else None


def facts(found: Experiment, arms: Sequence[ArmRuns]) -> str:
    """Protocol, commands, data, time, machine, versions, states."""
    rows: list[list[str]] = []
    for read in arms:
        first = f"{read.arm.label}: " if len(arms) > 1 else ""
        commands = dict.fromkeys(map(_command, read.manifests))
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
    manifests = [manifest for read in arms for manifest in read.manifests]
    data = dict.fromkeys(
        f"{d.get('name')}, {d.get('train', 0):,} training examples, "
        f"fingerprint {str(d.get('fingerprint'))[:12]}"
        for m in manifests
        if (d := m.get("data"))
    )
    rows.append(["data", "; ".join(data)])
    stood_in = [m["stand_in"] for m in manifests if m.get("stand_in")]
    if stood_in:
        rows.append(["**stand-in**", "the data set could not be had: these are other data"])
    for metric in found.metrics:
        compared = next(
            (read.found[metric.name] for read in arms if metric.name in read.found), None
        )
        if compared is not None:
            settings = (f"{name} {_short(value)}" for name, value in compared.settings.items())
            rows.append([f"protocol of `{metric.name}`", ", ".join(settings)])
    rows.append(["machine", "; ".join(dict.fromkeys(map(_machine, manifests)))])
    rows.append(["versions", "; ".join(dict.fromkeys(map(_versions, manifests)))])
    rows += [[name, text] for name, text in found.facts.items()]
    return table(["", ""], rows)


def _command(manifest: dict[str, Any]) -> str:
    """What was typed, but for where the run was to lie."""
    words = [str(word) for word in manifest.get("command") or []]
    while "--run-dir" in words:
        at = words.index("--run-dir")
        del words[at : at + 2]
    return " ".join(words)


def _time(read: ArmRuns) -> str:
    """Hours of each seed, and in how many sittings."""
    told = []
    for run, manifest in zip(read.runs, read.manifests, strict=True):
        time = manifest.get("time") or {}
        if not time.get("total"):
            continue
        rounds = f"{time.get('training', 0) / 3600:.2f} h of it in rounds"
        text = f"seed {run.seed}: {time['total'] / 3600:.2f} h, {rounds}"
        sittings = (manifest.get("sittings") or {}).get("count")
        told.append(text + (f", in {sittings} sittings" if sittings and sittings > 1 else ""))
    return "; ".join(told)


def _machine(manifest: dict[str, Any]) -> str:
    about = manifest.get("platform") or {}
    memory = about.get("memory")
    devices = ", ".join(str(d) for d in manifest.get("devices") or [])
    size = f", {memory / 2**30:.0f} GiB" if memory else ""
    cores = "1 core" if about.get("cores") == 1 else f"{about.get('cores')} cores"
    return f"{about.get('processor')}, {cores}{size}, {devices}"


def _versions(manifest: dict[str, Any]) -> str:
    return ", ".join(f"{k} {v}" for k, v in (manifest.get("versions") or {}).items() if v)


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
        row = [f"{step:,}", f"{epoch:,.0f}" if epoch else ""]
        for read, scores in parts:
            here = scores.get(step, {})
            for run in read.runs:
                row.append(shown(*here[run.seed], metric.digits) if run.seed in here else "")
            if len(read.runs) > 1:
                values = [value for value, _ in here.values()]
                whole = len(values) == len(read.runs)
                error = standard_error(values) if whole else None
                row.append(shown(sum(values) / len(values), error, metric.digits) if whole else "")
        rows.append(row)
    return f"{metric.label}, as training went on:\n\n{table(columns, rows)}"


def _thinned(steps: Sequence[int], most: int) -> list[int]:
    """Evenly spread rows, the last one among them."""
    if len(steps) <= most:
        return list(steps)
    stride = math.ceil(len(steps) / most)
    return [step for index, step in enumerate(steps) if (len(steps) - 1 - index) % stride == 0]


def sweep_table(folder: Path) -> str:
    """How the objective of a sweep's trials is distributed."""
    outcomes = read_outcomes(folder)
    numbers = outcomes.summary()
    names = [name for name in ("min", "q1", "median", "q3", "max", "mean") if name in numbers]
    counts = ", ".join(f"{count} {state}" for state, count in sorted(outcomes.counts.items()))
    row = [outcomes.name, outcomes.metric, counts, *(f"{numbers[name]:.4g}" for name in names)]
    return table(["sweep", "objective", "trials", *names], [row])


def _short(value: Any) -> str:
    if isinstance(value, list) and len(value) > 3:
        return f"[{_short(value[0])} … {_short(value[-1])}, {len(value)} values]"
    text = f"{value:.5g}" if isinstance(value, float) else str(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
