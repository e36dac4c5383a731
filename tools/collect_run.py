"""Copy what the documentation needs of a run, or of a sweep, without paths of this machine.

usage: python tools/collect_run.py RUN|SWEEP DEST

Of a run: manifest.json, metrics.jsonl (evenly thinned to about 1,000 lines) and recipe.yaml. Of
a sweep: sweep.yaml, trials.jsonl, trials.csv, recipe.yaml, and the manifest of the first trial
that was played to its end, which says how its objective was measured.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

from advnets.runs import RunFolder
from advnets.sweep import SweepFolder

MOST_LINES = 1000
ABSOLUTE = re.compile(r"(?<![\w.:])(?:/[^\s/'\":,]+){2,}/?")
"""A path from the root, of two parts or more; devices such as /device:CPU:0 are none."""


def without_paths(value: Any) -> Any:
    """JSON with absolute paths cut down to their last part.

    >>> without_paths(["--run-dir", "/home/ada/runs/a1", "/device:CPU:0", "recipes/a.yaml"])
    ['--run-dir', 'a1', '/device:CPU:0', 'recipes/a.yaml']
    """
    if isinstance(value, dict):
        return {key: without_paths(item) for key, item in value.items()}
    if isinstance(value, list):
        return [without_paths(item) for item in value]
    if isinstance(value, str):
        return ABSOLUTE.sub(lambda found: found[0].rstrip("/").rpartition("/")[2], value)
    return value


def collect_run(run: Path, dest: Path) -> None:
    """Copy a run's manifest, metrics and recipe."""
    folder = RunFolder.open(run)
    dest.mkdir(parents=True, exist_ok=True)
    _manifest(folder, dest)
    records = folder.metrics.read()
    stride = -(-len(records) // MOST_LINES) or 1
    kept = [r for i, r in enumerate(records) if (len(records) - 1 - i) % stride == 0]
    lines = (json.dumps(record, ensure_ascii=False) for record in kept)
    (dest / "metrics.jsonl").write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    text = folder.recipe_file.read_text(encoding="utf-8")
    (dest / "recipe.yaml").write_text(without_paths(text), encoding="utf-8")
    print(f"{dest}: step {folder.manifest.get('step')}, {len(kept)} of {len(records)} lines")


def _manifest(folder: RunFolder, dest: Path) -> None:
    manifest = without_paths(folder.manifest.data)
    text = json.dumps(manifest, indent=2, ensure_ascii=False)
    (dest / "manifest.json").write_text(f"{text}\n", encoding="utf-8")


def collect_sweep(sweep: Path, dest: Path) -> None:
    """Copy a sweep's trials, and one of its manifests."""
    folder, copy = SweepFolder(sweep), SweepFolder(dest)
    dest.mkdir(parents=True, exist_ok=True)
    for name in ("sweep.yaml", "recipe.yaml", "trials.csv"):
        text = (sweep / name).read_text(encoding="utf-8")
        (dest / name).write_text(without_paths(text), encoding="utf-8")
    trials = folder.read()
    lines = (json.dumps(without_paths(t.to_dict()), ensure_ascii=False) for t in trials)
    copy.trials_file.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    first = next((trial for trial in trials if trial.state == "complete"), None)
    if first is not None:
        seed = int(next(iter(first.values)))
        kept = copy.run_of(first, seed).path
        kept.mkdir(parents=True, exist_ok=True)
        _manifest(folder.run_of(first, seed), kept)
    print(f"{dest}: {len(trials)} trials")


def main(source: Path, dest: Path) -> None:
    """Copy a run or a sweep, whichever it is."""
    (collect_sweep if (source / "sweep.yaml").is_file() else collect_run)(source, dest)


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(Path(sys.argv[1]), Path(sys.argv[2]))
