"""One sitting of a run: what it is made of, and what it does."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf
from rich.console import Console

from ..checkpoint import CheckpointStore, Commit, state_sha256
from ..data.feed.choose import format_placement, make_feed
from ..distribute.signals import StopRequest
from ..distribute.strategy import constant_scope, describe, device_type
from ..distribute.workers import Workers
from ..errors import Interrupted
from ..evaluate import Score, append_scores
from ..evaluate.features import Extractors
from ..game import AdversarialGame
from ..game.state import state_variables
from ..monitor import Monitor
from ..monitor.scores import OF_CURRENT_WEIGHTS
from ..observe.evaluation import Helpers, evaluate_game
from ..observe.figures import draw_at_the_end
from ..observe.sample_grids import Variety, background, fixed_samples, probability
from ..observe.switched_off import Observers
from ..observe.theory import TheoryWatch
from ..plugins import Registry
from ..runs import RunFolder
from ..train.account import Account
from ..train.best import Best
from ..train.build import build_callbacks, build_game
from ..train.cadence import cadence_of
from ..train.callbacks import Watchers
from ..train.find_data import Found
from ..train.jit import Jit, settle
from ..train.loop import TrainingLoop
from ..train.recovery import Recovery, forget_scores, slow_down
from ..train.rounds import Rounds
from ..train.saver import Saver
from ..train.window import Window
from .ending import Ending
from .failures import components_of_plugins
from .noise import duplicated_noise
from .opening import Opening


class Sitting:
    """The objects of one sitting of a run, on one worker.

    Args:
        found: The recipe and its data.
        registry: The components.
        folder: The run's folder.
        store: Its checkpoints.
        stop: Whether somebody asked to stop.
        console: Where progress is shown.
        strategy: On which devices.
        workers: The workers.
        account: Where time is booked.
    """

    def __init__(
        self,
        found: Found,
        registry: Registry,
        folder: RunFolder,
        store: CheckpointStore,
        stop: StopRequest,
        console: Console,
        strategy: tf.distribute.Strategy,
        workers: Workers,
        account: Account,
    ):
        recipe, source = found.recipe, found.source
        self.recipe, self.registry, self.source = recipe, registry, source
        self.folder, self.store, self.stop = folder, store, stop
        self.strategy, self.workers, self.account = strategy, workers, account
        self.monitoring = recipe.data["monitoring"]
        self.game: AdversarialGame  # made by play
        self.best: Best | None = None
        self.start: int | None = None
        self.monitor = Monitor(
            folder,
            recipe,
            source.spec,
            **background(source),
            probability=self._probability if source.spec.shape == (1,) else None,
            console=console,
            chief=workers.is_chief,
        )
        self.ending = Ending(recipe, folder, self.monitor, account)
        self.observers = Observers(folder, self.monitor, registry, workers.is_chief)
        self.extractors = Extractors(source, registry, tell=self.monitor.note)

    def play(self, opening: Opening) -> None:
        """Build, restore the newest checkpoint if there is one, play, seal."""
        recipe, strategy, workers, newest = self.recipe, self.strategy, self.workers, opening.newest
        with strategy.scope():
            self.game = game = build_game(recipe, self.source)
        with constant_scope(strategy):
            data = make_feed(recipe, self.source, game.updates.discriminator_steps, strategy)
        self.start = start = self._restore(opening)
        data.seek(start)
        workers.run_on_chief(lambda: self._begin(start))
        rounds = Rounds(game, data, strategy)
        compiled = self._compile(rounds)
        self._announce(newest, format_placement(self.source, data), compiled)
        self.best = self._best(newest)
        saver = Saver(
            self.store,
            self.account.clock,
            self.account.committed,
            self.best,
            companion=self.folder.metrics_file,
        )
        health = recipe.data["health"]
        loop = TrainingLoop(
            game=game,
            rounds=rounds,
            saver=saver,
            recover=Recovery(
                *(health, game, self.folder, saver, workers, self.account, self.monitor, data),
                anew=self._anew,
                suspects=components_of_plugins(recipe),
            ),
            skips=health["skips"] if health["policy"] == "skip" else 0,
            cadence=cadence_of(recipe, self.source, game.updates.discriminator_steps),
            observer=self.monitor,
            draw=lambda: fixed_samples(game, self.source, self.monitoring["samples"]),
            variety=Variety(self.source) if workers.is_chief else lambda samples: {},
            theory=TheoryWatch(game, self.source, self.monitor, self.observers),
            evaluate=self._evaluate,
            stop=self.stop,
            workers=workers,
            clock=self.account.clock,
            alive=self.account.alive,
            rounds_per_call=recipe.data["distribution"]["rounds_per_call"],
            watchers=Watchers(
                build_callbacks(recipe, chief=workers.is_chief), game, self._callback_failed
            ),
            window=_window(newest),
            restored=opening.resumed,
        )
        try:
            last = loop.run()
        except Interrupted:
            self.monitor.finish("interrupted")
            raise
        if self.monitoring["figures"] and last >= recipe.data["training"]["steps"]:
            workers.run_on_chief(
                lambda: draw_at_the_end(game, self.source, self.monitor, self.observers)
            )
        workers.run_on_chief(lambda: self.ending.well(last))

    @property
    def step(self) -> int:
        """The round that the game is at; 0 before there is one."""
        game = getattr(self, "game", None)
        return int(game.rounds.numpy()) if game is not None else 0

    def kept(self) -> str:
        """Of rounds that were played in this sitting, what is kept; nothing before the first."""
        if self.start is None or self.step == self.start:
            return ""
        steps = self.store.steps() if self.workers.is_chief else []
        return f"the last checkpoint is of step {steps[-1]}" if steps else "nothing was committed"

    def _restore(self, opening: Opening) -> int:
        """Give every worker the state that the chief goes on from; the round it is of."""
        state, newest = state_variables(self.game), opening.newest

        def begin() -> None:
            if newest is not None:
                self.store.restore(newest, state)
            else:
                self.folder.manifest.update(initial_state_sha256=state_sha256(state))
            slow_down(self.game, self.folder)

        self.workers.run_on_chief(begin)
        self.workers.broadcast_variables(state)
        return int(self.game.rounds.numpy())

    def _begin(self, start: int) -> None:
        noise = duplicated_noise(self.game.prior, self.game.seed)
        self.folder.manifest.update(noise=noise)
        if noise is not None:
            self.monitor.note(f"warning: the prior repeats itself: {noise}", "bold yellow")
        forget_scores(self.folder, start)
        self.monitor.start(start)

    def _anew(self) -> dict[str, tf.Variable]:
        """Return the state that the recipe starts from."""
        with self.strategy.scope():
            return state_variables(build_game(self.recipe, self.source))

    def _callback_failed(self, callback: Any, method: str, error: BaseException) -> None:
        who = f"callback {type(callback).__name__}, in {method},"
        self.observers.switch_off(who, self.step, error)

    def _compile(self, rounds: Rounds) -> Jit:
        """Let XLA compile the rounds, or not: as the run began, unless the recipe says else."""
        setting = self.recipe.data["distribution"]["jit"]
        # Heard by all: a trace more or less on one worker would divide them.
        kept = self.workers.broadcast(
            self.folder.manifest.data.get("jit") if self.workers.is_chief else None
        )
        replicas = self.strategy.num_replicas_in_sync
        device = device_type()
        decision, keep = settle(setting, rounds.cost, device, replicas, kept)

        def without(why: str) -> None:
            self.monitor.note(f"played without XLA, which cannot compile the rounds: {why}")
            self.folder.manifest.update(jit={**(keep or {}), "start": None, "why": why})

        if self.workers.is_chief:
            self.folder.manifest.update(jit=keep)
        rounds.jit_from = decision.start
        rounds.when_uncompilable = without if setting == "auto" else None
        return decision

    def _announce(self, newest: Commit | None, data: str, compiled: Jit) -> None:
        devices = describe(self.strategy, self.workers.count)
        told = [str(self.folder.path), devices, data, str(compiled)]
        precision = self.recipe.data["distribution"]["precision"]
        if precision != "float32":
            told.append(precision)
        if precision == "mixed_float16" and "CPU" in devices:
            # oneDNN has a reference kernel only: a round of digits took 2 s instead of 12 ms.
            told.append("float16 is very slow on CPUs; mixed_bfloat16 is not")
        if newest is not None:
            told.append(f"going on from step {newest.step}")
        if self.store.faults:
            told.append(f"moved aside, as damaged: {self.store.described_faults()}")
        self.monitor.note("  ·  ".join(told))

    def _probability(self, x: np.ndarray) -> np.ndarray:
        return probability(self.game, self.source, x)

    def _best(self, newest: Commit | None) -> Best | None:
        """Return the best checkpoint so far, as the chief knows it."""
        asked = self.recipe.data["checkpoints"]["best"]
        best = Best.taken_up(newest.extras.get("best") if newest else None, asked)
        if best is not None and best.step is not None and self.store.fault(best.step):
            self.monitor.note(f"the best checkpoint, of step {best.step}, is gone", "yellow")
            best = Best.taken_up(None, asked)
        return best

    def _evaluate(self, step: int) -> bool:
        """Return the chief computes the metrics, with the help of all that they ask for.

        Returns:
            Whether the step is the best so far.
        """

        def work(together: Callable[..., Any]) -> bool:
            asked = self.recipe.data["evaluation"]["weights"]
            scores: list[Score] = []
            for weights in ("averaged", "current") if asked == "both" else (asked,):
                found = evaluate_game(
                    *(self.recipe, self.registry, self.source, self.game, together),
                    observers=self.observers,
                    weights=weights,
                )
                self.monitor.scores(step, found, OF_CURRENT_WEIGHTS if scores else "")
                scores += found
            self.folder.manifest.change(
                lambda data: {"scores": append_scores(data.get("scores") or [], scores)}
            )
            if self.best is None or (not scores and self.observers):
                return False
            return self.best.consider(step, scores)

        helpers = Helpers(self.game, self.workers, self.extractors)
        return bool(self.workers.broadcast(self.workers.coordinate(work, helpers)))


def _window(commit: Commit | None) -> Window:
    return Window() if commit is None else Window(**commit.extras.get("window", {}))
