"""Draw the pictures of docs/results.md from what lies in docs/results/: ``make results``.

usage: python tools/draw_results.py
"""

from __future__ import annotations

from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from experiments import RESULTS, ArmRuns, Experiment, read_arm, read_experiments
from results_tables import epoch_of, steps_of

from advnets.sweep.distributions import check_alike, draw_distributions, read_outcomes

MOST_BYTES = 10**6
COLOURS = ("#1f6fb4", "#c8372b", "#2e8b57", "#8a5fb0", "#b07d1f", "#555555")


def curve(found: Experiment, arms: list[ArmRuns], out: Path) -> None:
    """The first score against the epoch: a thin line for each seed, a thick one for their mean."""
    metric = found.metrics[0]
    figure, axes = plt.subplots(figsize=(8, 4.5), layout="constrained")
    for colour, read in zip(COLOURS * 9, arms, strict=False):
        scores = steps_of(read, metric)
        for index, run in enumerate(read.runs):
            steps = [step for step in scores if run.seed in scores[step]]
            x = [epoch_of(read, index, step) or step for step in steps]
            y = [scores[step][run.seed][0] * metric.scale for step in steps]
            label = f"{read.arm.label}, seed {run.seed}"
            axes.plot(x, y, color=colour, lw=0.9, alpha=0.7, marker=".", ms=3, label=label)
        whole = [step for step in scores if len(scores[step]) == len(read.runs) > 1]
        if whole:
            x = [epoch_of(read, 0, step) or step for step in whole]
            sums = [sum(v for v, _ in scores[s].values()) for s in whole]
            mean = [each * metric.scale / len(read.runs) for each in sums]
            axes.plot(x, mean, color=colour, lw=2.2, label=f"{read.arm.label}, mean")
    if metric.reference is not None:
        axes.axhline(metric.reference, color="#333333", ls="--", lw=1)
        axes.annotate(
            f"paper: {metric.paper or metric.reference}",
            (0, metric.reference),
            (4, 4),
            xycoords=("axes fraction", "data"),
            textcoords="offset points",
        )
    axes.set_xlabel("epoch")
    axes.set_ylabel(f"{metric.label}, {metric.unit}" if metric.unit else metric.label)
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8, ncols=2)
    save(figure, out)
    plt.close(figure)


def save(figure: plt.Figure, out: Path) -> None:
    """Write a PNG, of less than a megabyte."""
    out.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(out, dpi=110)
    if out.stat().st_size > MOST_BYTES:
        raise SystemExit(f"{out} has more than {MOST_BYTES:,} bytes")


def main() -> None:
    """Draw everything that there are runs or sweeps for."""
    for name, found in read_experiments().items():
        arms = [read for arm in found.arms if (read := read_arm(arm, found.metrics)).runs]
        if found.curve and arms:
            curve(found, arms, RESULTS / found.curve)
            print(f"{name}: {found.curve}")
        sweeps = [RESULTS / sweep for sweep in found.sweeps if (RESULTS / sweep).is_dir()]
        if found.histogram and sweeps:
            outcomes = [read_outcomes(sweep) for sweep in sweeps]
            check_alike(outcomes)
            draw_distributions(outcomes, RESULTS / found.histogram)
            print(f"{name}: {found.histogram}")


if __name__ == "__main__":
    main()
