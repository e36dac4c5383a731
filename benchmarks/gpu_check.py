"""Check that games play and resume on this machine's GPU: ``python -m benchmarks.gpu_check``.

The paper's game, a DCGAN, a conditional game, and a DCGAN that is augmented and penalised lazily,
in float32, in mixed bfloat16 and under XLA: each is played; then a few rounds are played as a
whole and in two halves, the first of which a signal ends, and the two runs have to agree to the
bit. Each part is a line of JSON as soon as it is over; the exit code is 1 if any failed. The data
are scikit-learn's digits, so no network is needed. Without a GPU the same is played in small, on
the CPU.
"""

from __future__ import annotations

import json
import math
import signal
import sys
import tempfile
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import click
from pydantic import Field

import advnets
from advnets import Component, Parameters, hookimpl
from advnets.plugins import load_plugins
from advnets.recipe import load_recipe
from advnets.verify.same_run import differences

from .places import LOGS
from .turns import private_output
from .workers import Process, WorkerFailed

MODULE = "benchmarks.gpu_check"
GAMES = {
    "goodfellow2014": "goodfellow2014",
    "dcgan": "dcgan_cifar10",
    "cgan": "cgan_digits",
    "augmented": "dcgan_cifar10",
}
"""Recipes, by what they are called here."""
CHANGED: dict[str, dict[str, Any]] = {
    "augmented": {
        "augmentations": ["mirror", "translation"],
        "penalties": [{"name": "r1", "gamma": {"from": 1.0, "to": 0.1, "rounds": 50}, "every": 4}],
    }
}
"""What they have besides."""
MODES = {
    "float32": ("float32", "off"),
    "bfloat16": ("mixed_bfloat16", "off"),
    "xla": ("float32", "on"),
}
"""``distribution.precision`` and ``distribution.jit``, by what a way to compute is called here."""
ROUNDS = {"goodfellow2014": 1000, "dcgan": 200, "cgan": 1000, "augmented": 200}
RESUMED = 40
SMALL_ROUNDS, SMALL_RESUMED = 8, 4
SMALL: dict[str, dict[str, Any]] = {
    "goodfellow2014": {"training.batch_size": 20},
    "dcgan": {"training.batch_size": 8, "generator.channels": 8, "discriminator.channels": 8},
    "cgan": {"training.batch_size": 20},
    "augmented": {"training.batch_size": 8, "generator.channels": 8, "discriminator.channels": 8},
}
WATCHED = {
    "monitoring.image_every": 0,
    "monitoring.tensorboard": False,
    "monitoring.figures": False,
    "evaluation.every": 0,
    "evaluation.metrics": [],
    "distribution.strategy": "one_device",
}
PATIENCE = 1200.0
"""Seconds for a part where there is no limit to all of them."""
LAST = 40.0
"""Seconds before the limit at which no part begins any more."""


@dataclass(frozen=True)
class Part:
    """A game, a way to compute, and whether it is resumed.

    >>> Part("dcgan", "xla", resumed=True).name
    'dcgan/xla/resumed'
    """

    game: str
    mode: str
    resumed: bool = False

    @property
    def name(self) -> str:
        """What its line calls it."""
        return "/".join([self.game, self.mode, *(["resumed"] if self.resumed else [])])

    def rounds(self, small: bool) -> int:
        """How many it has."""
        if self.resumed:
            return SMALL_RESUMED if small else RESUMED
        return SMALL_ROUNDS if small else ROUNDS[self.game]

    def about(self, small: bool) -> dict[str, Any]:
        """What its line says beforehand."""
        precision, jit = MODES[self.mode]
        return {
            "part": self.name,
            "precision": precision,
            "jit": jit,
            "rounds": self.rounds(small),
        }


# What is most often asked for comes first: the limit cuts off the last ones.
PARTS = [Part(g, mode, resumed) for resumed in (False, True) for mode in MODES for g in GAMES]


class AfterRound(Parameters):
    """Choose when the signal comes."""

    step: int = Field(ge=1, description="the round after which it comes")


def terminate(step: int) -> Any:
    """Build a callback that sends this process SIGTERM when a round has been played."""
    import keras

    def after(batch: int, logs: Any) -> None:
        if batch + 1 == step:
            signal.raise_signal(signal.SIGTERM)

    return keras.callbacks.LambdaCallback(on_train_batch_end=after)


@hookimpl
def advnets_callbacks() -> list[Component]:
    """Offer what interrupts a run."""
    return [Component("terminate", f"{MODULE}:terminate", parameters=AfterRound)]


def check(part: Part, small: bool) -> dict[str, Any]:
    """Play a part; its line, which says whether it went well."""
    began, line = time.perf_counter(), part.about(small)
    try:
        with (
            tempfile.TemporaryDirectory() as folder,
            mock.patch("advnets.session.ending.write_report"),  # takes as long as a short game
        ):
            line |= (_resume if part.resumed else _play)(part, small, Path(folder))
    except Exception as error:
        line |= {"ok": False, "error": f"{type(error).__name__}: {error}"[:1000]}
    return line | {"seconds": round(time.perf_counter() - began, 1)}


def _run(part: Part, small: bool, folder: Path, **more: Any) -> advnets.Run:
    """Play, or resume, its recipe in a folder."""
    about, recipe = part.about(small), GAMES[part.game]
    stand_in = load_recipe(recipe).data["dataset"].get("offline")
    overrides = {
        **WATCHED,
        **CHANGED.get(part.game, {}),
        **(SMALL[part.game] if small else {}),
        **({"dataset": stand_in} if stand_in else {}),
        "training.steps": about["rounds"],
        # Calls end where lines are due, so that a run can be interrupted there.
        "monitoring.log_every": about["rounds"] // 2,
        "distribution.precision": about["precision"],
        "distribution.jit": about["jit"],
        "distribution.determinism": part.resumed,
        **more,
    }
    return advnets.run(recipe, overrides, run_dir=folder, plugins=[MODULE])


def _play(part: Part, small: bool, folder: Path) -> dict[str, Any]:
    run = _run(part, small, folder)
    last = run.metrics[-1]
    odd = [key for key, value in last.items() if isinstance(value, float) and math.isnan(value)]
    finished = run.manifest["status"] == "finished" and last["step"] == part.rounds(small)
    found = {"steps_per_second": last.get("steps_per_second"), "ok": finished and not odd}
    return found | ({"error": f"not a number: {', '.join(odd)}"} if odd else {})


def _resume(part: Part, small: bool, folder: Path) -> dict[str, Any]:
    whole, halves = folder / "whole", folder / "halves"
    speed = _run(part, small, whole).metrics[-1].get("steps_per_second")
    stop = {"name": "terminate", "step": part.rounds(small) // 2}
    try:
        _run(part, small, halves, **{"monitoring.callbacks": [stop]})
    except advnets.errors.Interrupted:
        _run(part, small, halves)
    else:
        return {"ok": False, "error": "the signal did not interrupt the run"}
    apart = differences(whole, halves)
    found = {"steps_per_second": speed, "ok": not apart, "equal": not apart}
    return found | ({"error": "; ".join(apart)} if apart else {})


def serve(small: bool) -> None:
    """Say what the device is, then play the parts that standard input names."""
    answer = private_output()
    import tensorflow as tf

    gpus = tf.config.list_physical_devices("GPU")
    details = tf.config.experimental.get_device_details(gpus[0]) if gpus else {}
    device = str(details.get("device_name", "GPU")) if gpus else "CPU"
    small = small or not gpus
    answer({"device": device, "small": small, "limited": bool(gpus)})
    by_name = {part.name: part for part in PARTS}
    for line in sys.stdin:
        answer(check(by_name[json.loads(line)["part"]], small))


class Player:
    """Plays parts in a process of its own, and in another one when that has died of one.

    Args:
        command: Starts the process.
        limit: Seconds for all parts on a GPU.
    """

    def __init__(self, command: list[str], limit: float):
        self._command, self._limit = command, limit
        self._began = time.monotonic()
        self._process: Process | None = None
        # Until a process says on what it plays, time is as short as on a GPU.
        self._hello: dict[str, Any] = {"device": None, "small": False, "limited": True}

    def play(self, part: Part) -> dict[str, Any]:
        """Play a part; its line."""
        try:
            line = self._answer(part)
        except WorkerFailed as failure:
            self._process = None
            line = part.about(self._hello["small"]) | {"ok": False, "error": str(failure)}
        return {"part": part.name, "device": self._hello["device"]} | line

    def end(self) -> None:
        """End the process."""
        if self._process is not None:
            self._process.kill()

    def _answer(self, part: Part) -> dict[str, Any]:
        if self._left() < LAST:
            skipped = f"no time is left of {self._limit:.0f} s"
            return part.about(self._hello["small"]) | {"ok": None, "skipped": skipped}
        if self._process is None:
            LOGS.mkdir(parents=True, exist_ok=True)
            process = Process(self._command, LOGS / "gpu_check.log")
            self._hello = process.answer(self._left())
            self._process = process
        self._process.ask({"part": part.name})
        return self._process.answer(self._left())

    def _left(self) -> float:
        if not self._hello["limited"]:
            return PATIENCE
        return max(0.0, self._limit - (time.monotonic() - self._began))


def lines(player: Player, parts: list[Part], shipped: Collection[str]) -> Iterator[dict[str, Any]]:
    """Play the parts; a line for each, and one for a game that is not shipped."""
    for game in dict.fromkeys(part.game for part in parts):
        if GAMES[game] not in shipped:
            yield {"part": game, "ok": None, "skipped": f"no recipe {GAMES[game]} is shipped"}
    for part in parts:
        if GAMES[part.game] in shipped:
            yield player.play(part)


@click.command(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--small", is_flag=True, help="Small games, as on a CPU.")
@click.option("--only", default="", help="The parts whose names contain this: xla, dcgan/float32.")
@click.option("--seconds", default=350.0, show_default=True, help="Limit to all, on a GPU.")
@click.option("--serve", "serving", is_flag=True, hidden=True)
def main(small: bool, only: str, seconds: float, serving: bool) -> None:
    """Check that games play and resume on this machine's GPU."""
    if serving:
        serve(small)
        return
    parts = [part for part in PARTS if only in part.name]
    if not parts:
        raise click.UsageError(f"no part is called like {only!r}")
    command = [sys.executable, "-m", MODULE, "--serve", *(["--small"] if small else [])]
    player, good = Player(command, seconds), True
    try:
        for line in lines(player, parts, load_plugins().names("recipes")):
            print(json.dumps(line, ensure_ascii=False), flush=True)
            good = good and line["ok"] is not False
    finally:
        player.end()
    sys.exit(not good)


if __name__ == "__main__":
    main()
