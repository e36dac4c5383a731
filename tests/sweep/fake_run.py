"""Stands in for `advnets run`: leaves a manifest with scores, as a run does, within a blink.

It takes a run's words, goes on from its manifest's step, commits at every step, and ends with
75 on SIGTERM. Its score is a function of its recipe's values and of the step. A batch of 13
examples diverges; one of 14 scores infinity. FAKE_PAUSE are seconds before a step; the run whose
folder is called FAKE_STOPS stops once, as if somebody had sent SIGTERM.
"""

from __future__ import annotations

import json
import math
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

EVERY, STEPS = 10, 50


def score(values: dict[str, Any], step: int) -> float | None:
    if values["training.batch_size"] == 14:
        return None
    rate = values.get("optimizers.generator.learning_rate", 1e-3)
    best = -abs(math.log10(rate) + 3) - abs(values["training.batch_size"] - 20) / 10
    return best * (1 + 10 / step) + 0.01 * values["seed"]


def main(words: list[str]) -> int:
    folder = Path(words[words.index("--run-dir") + 1])
    overrides = words[words.index("--") + 2 :]
    values = {key: json.loads(text) for key, _, text in (word.partition("=") for word in overrides)}
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "starts.log").open("a") as log:
        log.write(f"{os.getpid()}\n")
    file, asked = folder / "manifest.json", []
    signal.signal(signal.SIGTERM, lambda number, frame: asked.append(number))
    manifest: dict[str, Any] = {"step": 0, "scores": [], "status": "running"}
    if file.exists():
        manifest = json.loads(file.read_text())
    while manifest["step"] < STEPS:
        time.sleep(float(os.environ.get("FAKE_PAUSE", "0")))
        manifest["step"] += EVERY
        if values["training.batch_size"] == 13 and manifest["step"] > EVERY:
            print("error: it diverged\n  hint: take another batch size", file=sys.stderr)
            return 1
        value = score(values, manifest["step"])
        protocol = {"step": manifest["step"], "samples": 50, "better": "higher"}
        manifest["scores"].append({"metric": "parzen", "value": value, "protocol": protocol})
        if manifest["step"] == STEPS:
            manifest |= {"status": "finished", "time": {"total": 2.0}}
        draft = folder / "manifest.draft"
        draft.write_text(json.dumps(manifest))
        os.replace(draft, file)
        once = len((folder / "starts.log").read_text().splitlines()) == 1
        if asked or (once and folder.name == os.environ.get("FAKE_STOPS")):
            return 75
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
