"""Samples of several runs of one data set beneath each other, from the same latent points.

usage: python tools/draw_samples.py OUT.png [--columns N] [--seed N] LABEL=RUN...

For pictures of documentation: the runs' checkpoints are needed, which are not kept with it.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

import advnets
from advnets.monitor.figures.sheet import Sheet

LABEL = 150
"""Pixels for the words beside a row."""


def draw(out: Path, labelled: list[tuple[str, Path]], columns: int, seed: int) -> None:
    """A row of samples for each run, drawn from points of the seed, not picked."""
    rows, specs, steps = [], [], []
    averaged = False
    for _, path in labelled:
        run = advnets.open_run(path)
        rows.append(run.sample(columns, seed)[0])
        specs.append(run.source.spec)
        steps.append(int(run.manifest["step"]))
        averaged |= run.recipe.settings.averaging is not None
    if len({spec.shape for spec in specs}) > 1:
        raise SystemExit("the runs are of images of several shapes")
    sheet = Sheet(specs[0].shape, len(rows), columns, right=LABEL, above=0)
    sheet.lay(np.stack(rows), specs[0])
    for row, (label, _) in enumerate(labelled):
        left, top = sheet.corner(row, columns)
        middle = top + (sheet.corner(row + 1, 0)[1] - top) // 2
        sheet.words((left + 6, middle), label, anchor="lm")
    at = ", ".join(f"{step:,}" for step in sorted(set(steps)))
    weights = ", averaged weights where they are kept" if averaged else ""
    sheet.foot(f"samples at step {at}{weights}, latent points of seed {seed}, not picked")
    sheet.image.save(out, optimize=True)
    print(out)


def main() -> None:
    """Read the words of the command."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--columns", type=int, default=10)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("runs", nargs="+", metavar="LABEL=RUN")
    words = parser.parse_args()
    for word in words.runs:
        if "=" not in word:
            parser.error(f"{word}: LABEL=RUN was expected")
    labelled = [(label, Path(run)) for label, _, run in (w.rpartition("=") for w in words.runs)]
    draw(words.out, labelled, words.columns, words.seed)


if __name__ == "__main__":
    main()
