"""Draw a run's curves, for docs/results.md: `python tools/draw_curves.py RUN OUT.png`."""

from __future__ import annotations

import json
import math
import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt


def main(run: Path, out: Path) -> None:
    """Four panels against the step: V(D, G), both losses, D's accuracy, Parzen scores."""
    records = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    manifest = json.loads((run / "manifest.json").read_text())
    steps = [record["step"] for record in records]
    figure, axes = plt.subplots(2, 2, figsize=(10, 6.4), layout="constrained")

    def draw(axis: plt.Axes, title: str, **curves: str) -> None:
        for label, key in curves.items():
            axis.plot(
                steps, [r[key] for r in records], linewidth=0.9, label=label.replace("_", " ")
            )
        axis.set_title(title)

    draw(axes[0, 0], "value function, nats", V="value")
    axes[0, 0].axhline(-math.log(4), color="grey", linestyle="--", label="-log 4")
    draw(axes[0, 1], "losses", discriminator="d_loss", generator="g_loss")
    draw(axes[1, 0], "D is right on", real="d_accuracy_real", generated="d_accuracy_fake")
    scores = sorted(
        (score["protocol"]["step"], score["value"], score["error"])
        for score in manifest["scores"]
        if score["metric"] == "parzen"
    )
    if scores:
        at, values, errors = zip(*scores, strict=True)
        axes[1, 1].errorbar(at, values, errors, marker="o", markersize=3, label="test set")
        for step, value, _ in scores:
            axes[1, 1].annotate(f"{value:.0f}", (step, value), (0, 6), textcoords="offset points")
    axes[1, 1].set_title("Parzen log-likelihood, nats")
    for axis in axes.flat:
        axis.set_xlabel("step")
        axis.grid(alpha=0.3)
        axis.legend()
    figure.suptitle(f"{manifest['name']} ({records[-1]['step']:,} steps)")
    figure.savefig(out, dpi=90)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]))
