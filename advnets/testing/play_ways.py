"""Play a component's game in each way; as a process, in those that lines of standard input name.

``python -m advnets.testing.play_ways alone|replicas|workers``: a process for each group of ways,
since TensorFlow is told once of what devices and other processes there are. A line is
``{"kind", "name", "parameters", "changed", "plugins", "way"}``, and the answer
``{"outcome", "why", "seconds"}``.
"""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from unittest import SkipTest

import keras
import numpy as np
import tensorflow as tf

from ..checkpoint import state_sha256
from ..data import DataUnavailable
from ..distribute.strategy import make_strategy
from ..errors import AdvnetsError, DataError, Interrupted, PluginError, RecipeError, RunError
from ..game.state import state_variables
from ..observe import Observer
from ..plugins import load_plugins
from ..plugins.tracebacks import describe_error
from ..recipe import Recipe, load_recipe
from ..safe_io.json_text import parse_json
from ..session.api import run as run_recipe
from .building import made_of
from .failure import ConformanceError, fail
from .games import BATCH, ROUNDS, recipe_of
from .played import Played, build, compare, next_round, numbers, play, weights
from .subject import Subject, subject_of

FEW = 5
"""Rounds where several devices play, after which rounding has not grown."""
STAND_INS = "advnets.testing.stand_ins"
LONGEST = 240
"""Letters of a sentence that is told."""
HALF = {"bfloat16": "mixed_bfloat16", "float16": "mixed_float16"}


class TrialGame:
    """One component's game, in one way after the other.

    Args:
        kind, name: The component.
        parameters: Its parameters, beside those of its ``example``.
        changed: What else its recipe says.
        plugins: Where it is registered, if its plugin is not installed.
        strategy: The replicas, where there are several.
    """

    def __init__(
        self,
        kind: str,
        name: str,
        parameters: Mapping[str, Any],
        changed: Mapping[str, Any],
        plugins: list[str],
        strategy: tf.distribute.Strategy | None = None,
    ):
        self.plugins, self.strategy = [*plugins, STAND_INS], strategy
        self._rounds = FEW if strategy is not None else ROUNDS
        self.registry = load_plugins(self.plugins)
        component = self.registry.component(kind, name)
        self.subject: Subject = subject_of(kind, component, parameters, registry=self.registry)
        self._changed = changed
        self._data: dict[str, Any] | None = None
        self._plain: Played | Exception | None = None

    def recipe(self, **overrides: Any) -> Recipe:
        """Return its recipe, with some values changed."""
        if self._data is None:
            self._data = {**recipe_of(self.subject), **self._changed}
        return load_recipe(self._data, overrides, registry=self.registry)

    def plain(self) -> Played:
        """Return the game that nothing was changed in, played once, or raise what it raised."""
        if self._plain is None:
            try:
                self._plain = play(self.recipe(), self._rounds)
            except Exception as error:
                self._plain = error
        if isinstance(self._plain, Exception):
            raise self._plain
        return self._plain

    # Alone.

    def k_steps(self) -> None:
        """D takes two steps a round, each on its own examples."""
        if self.subject.kind == "updates" and "discriminator_steps" not in self.subject.parameters:
            raise SkipTest("it is another rule itself")
        rule = {"name": "alternating"}
        if self.subject.kind == "updates":
            rule = {**self.recipe().data["updates"]}
        played = self._play(updates={**rule, "discriminator_steps": 2})
        self._steps(played, {"discriminator": 2 * ROUNDS, "generator": ROUNDS})

    def simultaneous(self) -> None:
        """Both players move at once, from where both stand."""
        if self.subject.kind == "updates" and self.subject.name != "simultaneous":
            raise SkipTest("it is another rule itself")
        played = self._play(updates="simultaneous")
        self._steps(played, {"discriminator": ROUNDS, "generator": ROUNDS})

    def _steps(self, played: Played, expected: Mapping[str, int]) -> None:
        for player, steps in expected.items():
            found = int(played.game.optimizers[player].iterations.numpy())
            if found != steps:
                fail(f"the {player} moved {found} times in {ROUNDS} rounds, not {steps} times")

    def resume(self) -> None:
        """Interrupted by a signal and resumed, a run ends with the same bits."""
        expected = self.plain().sha256
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder) / "run"
            stop = {"name": "kit-interruption", "step": ROUNDS // 2}
            watched = [*self.recipe().data["monitoring"]["callbacks"]]
            try:
                self._run(place, **{"monitoring.callbacks": [*watched, stop]})
            except Interrupted:
                run = self._run(place)
            else:
                fail("the signal did not interrupt the run")
            if run.commit.state_sha256 != expected:
                fail("interrupted and resumed, it ends with other bits than played in one go")

    def bfloat16(self) -> None:
        """Networks compute in bfloat16."""
        self._in_half("bfloat16")

    def float16(self) -> None:
        """Networks compute in float16, with loss scales."""
        self._in_half("float16")

    def _in_half(self, dtype: str) -> None:
        played = self._play(**{"distribution.precision": HALF[dtype]})
        recipe = self.recipe()
        for name, network in played.game.networks.items():
            path = name if name in ("generator", "discriminator") else f"networks.{name}"
            own = recipe.component(path)[0].name == self.subject.name
            if self.subject.kind == "architectures" and not own:
                continue
            layers = [layer for layer in network._flatten_layers() if layer.trainable_weights]
            if layers and not any(layer.compute_dtype == dtype for layer in layers):
                fail(f"under {HALF[dtype]} no layer of the {name} computes in {dtype}")

    def xla(self) -> None:
        """XLA compiles every round, and the weights come out near those without it."""
        compiled = self._play(**{"distribution.jit": "on"})
        expected = weights(self.plain().game)
        compare(expected, weights(compiled.game), "the game under XLA", 1e-3, 1e-4)

    def streamed(self) -> None:
        """Examples that are read as they are needed make the same bits as those kept."""
        streamed = self._play(**{"distribution.memory_budget": 0.0})
        if streamed.feed.longest == self.plain().feed.longest:
            fail("its data were kept, and not streamed")
        if streamed.sha256 != self.plain().sha256:
            fail("streamed, it ends with other bits than with data that are kept")

    def fit(self) -> None:
        """Keras's ``fit`` on the examples of the same rounds comes to the same weights."""
        expected = weights(self.plain().game)
        game, _, _ = build(self.recipe(), tf.distribute.get_strategy())
        watching = []
        if self.subject.kind == "callbacks":
            watching = [made_of(self.subject)]
            if isinstance(watching[0], Observer):
                raise SkipTest("an observer watches runs; `fit` knows Keras's callbacks")
        rounds = self._examples(ROUNDS)
        if game.streams:
            game.fit((each for each in rounds), verbose=0, callbacks=watching)
        else:
            parts = [each if isinstance(each, dict) else {"example": each} for each in rounds]
            whole = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
            x = whole.pop("example")
            options = {"batch_size": len(x) // ROUNDS, "shuffle": False, "verbose": 0}
            y = {name: values for name, values in whole.items() if name != "index"}
            game.fit(x, y or None, callbacks=watching, **options)
        compare(expected, weights(game), "the game by fit", 1e-4, 1e-5)

    def file(self) -> None:
        """Keras writes the game into a file, and reads one that plays on like it."""
        if self.subject.kind == "callbacks":
            raise SkipTest("it watches games, and is no part of one")
        played = self.plain()
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "game.keras"
            played.game.save(path)
            again = keras.saving.load_model(path, safe_mode=True)
        if state_sha256(state_variables(again)) != played.sha256:
            fail("read from a file, its state has other bits than what was written")
        (examples,) = self._examples(1)
        one, other = (next_round(game, examples) for game in (played.game, again))
        compare(one, other, "the next round of the game that was read")

    def _examples(self, rounds: int) -> list[Any]:
        """Return what each of the first rounds is given."""
        _, feed, _ = build(self.recipe(), tf.distribute.get_strategy())
        found = []
        for step in range(rounds):
            at = tf.constant(step, tf.int64)
            found.append(feed.examples(feed.draw(None, at, at)))
        return found

    def _run(self, place: Path, **overrides: Any) -> Any:
        return run_recipe(self.recipe().data, overrides, place, plugins=self.plugins)

    # With others.

    def replicas(self) -> None:
        """Two devices play the game of one."""
        self._together("the game of two replicas", "mirrored")

    def workers(self) -> None:
        """Two processes play the game of one."""
        self._together("the game of two workers", "multi_worker")

    def _together(self, what: str, strategy: str) -> None:
        alone = numbers(self.plain())
        together = self._play(**{"distribution.strategy": strategy})
        compare(alone, numbers(together), what)

    def _play(self, **overrides: Any) -> Played:
        """Play the game with a recipe changed; what watches it, in a run of its own."""
        recipe = self.recipe(**overrides)
        distribution = recipe.settings.distribution
        several = distribution.strategy in ("mirrored", "multi_worker")
        strategy = self.strategy if several else None
        if self.subject.kind == "callbacks":
            self._watch(overrides)
        return play(recipe, self._rounds, strategy, jit=distribution.jit == "on")

    def _watch(self, overrides: Mapping[str, Any]) -> None:
        with tempfile.TemporaryDirectory() as folder:
            run = self._run(Path(folder) / "run", **overrides)
            for entry in run.manifest.get("switched_off") or []:
                fail(f"it was switched off: {entry['error']}")


def outcome_of(play_it: Callable[[], Any], plain: Callable[[], Any]) -> tuple[str, str]:
    """Play a game in some way; what came of it, and why.

    Args:
        play_it: Plays it, and raises if it does not keep what the way promises.
        plain: Plays it in no particular way: what fails there is no refusal of the way.

    Returns:
        ``yes``, ``refused``, ``failed`` or ``not tried``; and for the others than ``yes`` the
        first sentence of what was said.
    """
    try:
        plain()
        outcome = "refused"
    except DataUnavailable as error:
        said = error.message.replace(str(Path.home()), "~")
        return "not tried", f"no data here: {first_sentence(said)}"
    except Exception as error:
        return "failed", f"as it is: {explain(error)}"
    try:
        play_it()
        return "yes", ""
    except SkipTest as error:
        return "not tried", str(error)
    except AdvnetsError as error:
        own = isinstance(error, PluginError | RunError) and error.__cause__ is not None
        if own or isinstance(error, RunError | DataError):
            outcome = "failed"
        return outcome, explain(error)
    except (Exception, SystemExit) as error:
        return "failed", explain(error)


def explain(error: BaseException) -> str:
    """Say what an error says, in its first sentence.

    >>> explain(ValueError("1.5 is no integer. Try 2."))
    'ValueError: 1.5 is no integer'
    """
    if isinstance(error, RecipeError):
        return first_sentence(error.problems[0].message)
    if isinstance(error, AdvnetsError):
        return first_sentence(error.message)
    if isinstance(error, ConformanceError):
        return first_sentence(str(error))
    return first_sentence(describe_error(error))


def first_sentence(text: str) -> str:
    """Cut a text after its first sentence.

    >>> first_sentence("it takes 0.5 s. That is all.")
    'it takes 0.5 s'
    """
    line = text.strip().splitlines()[0] if text.strip() else ""
    sentence = re.split(r"(?<=[.!?])\s", line, maxsplit=1)[0].rstrip(".")
    return sentence if len(sentence) <= LONGEST else f"{sentence[: LONGEST - 1]}…"


def serve(group: str) -> None:
    """Answer each line of standard input, until it ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what components print is no answer
    strategy = None
    if group == "replicas":
        cpu = tf.config.list_physical_devices("CPU")[0]
        two = [tf.config.LogicalDeviceConfiguration()] * 2
        tf.config.set_logical_device_configuration(cpu, two)
        strategy = make_strategy("mirrored", BATCH)
    elif group == "workers":
        strategy = make_strategy("multi_worker", BATCH)
    asked_last, trial = "", None
    for line in sys.stdin:
        asked, began = parse_json(line.encode()), time.monotonic()
        way = asked.pop("way")
        key = json.dumps(asked, sort_keys=True)
        if key != asked_last:
            asked_last, trial = key, None
        try:
            trial = trial or TrialGame(**asked, strategy=strategy)
            outcome, why = outcome_of(getattr(trial, way), trial.plain)
        except Exception as error:
            outcome, why = "failed", explain(error)
        seconds = round(time.monotonic() - began, 1)
        answers.write(json.dumps({"outcome": outcome, "why": why, "seconds": seconds}) + "\n")
        answers.flush()


if __name__ == "__main__":
    serve(sys.argv[1])
