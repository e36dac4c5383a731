"""One sitting of a run: from a validated recipe to a sealed manifest."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import tensorflow as tf
from rich.console import Console

from ..checkpoint import CheckpointStore, Commit, state_sha256, state_variables
from ..errors import Interrupted
from ..evaluate import append_scores
from ..game import AdversarialGame
from ..monitor import Monitor
from ..monitor.report import write_report
from ..plugins import Registry
from ..runs import RunFolder
from . import distribution
from .api import evaluate_game
from .build import build_callbacks, build_game, rounds_per_epoch
from .feed import make_feed, placed
from .find_data import Found, stand_in_note
from .jit import Jit, settle
from .loop import Cadence, Clock, TrainingLoop
from .opening import Opening, open_sitting, refuse_strangers
from .pictures import background, fixed_samples, probability
from .rounds import Rounds, Window
from .signals import StopRequest, listening
from .team import Team, watching


def play(
    found: Found,
    registry: Registry,
    run_dir: Path | None = None,
    console: Console | None = None,
) -> RunFolder | None:
    """Play a recipe to its last step, or go on with the run of the same identity.

    Where there is a cluster (:mod:`advnets.engine.cluster`), all of its workers call this
    with the same arguments; only the first, the chief, writes into the folder.

    Args:
        found: The recipe and its data (:func:`advnets.engine.find_data.find_data`).
        registry: The components.
        run_dir: The run's folder; ``runs/<name>-<identity>`` by default.
        console: Where progress is shown; standard error by default.

    Returns:
        The run's folder, its manifest sealed and its report written; ``None`` on workers
        other than the chief, which may not even see it.

    Raises:
        AdvnetsError: Of the kind that says what went wrong; the manifest says so too.
    """
    recipe, source = found.recipe, found.source
    folder = RunFolder.for_recipe(recipe, run_dir)
    console = console or Console(stderr=True, highlight=False)
    with contextlib.ExitStack() as held:
        # First of all, since workers cannot come together once anything has been computed;
        # then listening, since TensorFlow puts a handler of its own in SIGTERM's place.
        strategy = distribution.make_strategy(
            recipe.data["distribution"]["strategy"], recipe.data["training"]["batch_size"]
        )
        stop = held.enter_context(listening())
        team = Team(strategy)
        held.enter_context(watching(team))
        refuse_strangers(team, recipe, source)
        team.lead(lambda: held.enter_context(folder.lock()))
        store = CheckpointStore(folder.checkpoints, recipe.data["checkpoints"]["keep"])
        opening = open_sitting(found, registry, folder, store, console, team)
        if opening.finished:
            return folder if team.chief else None
        sitting = _Sitting(found, registry, folder, store, stop, console, strategy, team)
        try:
            with sitting.monitor, watching(team):
                stand_in = folder.manifest.get("stand_in")
                if stand_in and found.missing is None:  # `advnets run RUN`, which looked for none
                    note = stand_in_note(stand_in["why"], stand_in["used"]["name"])
                    sitting.monitor.note(note, "bold yellow")
                sitting.play(opening)
        except BaseException as error:
            if team.chief:
                status = "interrupted" if _is_interruption(error) else "failed"
                folder.manifest.update(
                    status=status, error=None if status == "interrupted" else _one_line(error)
                )
                _report(folder)
            if isinstance(error, Interrupted):
                team.total([0])  # nobody leaves before the chief has written all
            raise
        return folder if team.chief else None


class _Sitting:
    """The objects of one sitting."""

    def __init__(
        self,
        found: Found,
        registry: Registry,
        folder: RunFolder,
        store: CheckpointStore,
        stop: StopRequest,
        console: Console,
        strategy: tf.distribute.Strategy,
        team: Team,
    ):
        recipe, source = found.recipe, found.source
        self.recipe, self.registry, self.source = recipe, registry, source
        self.folder, self.store, self.stop = folder, store, stop
        self.strategy, self.team = strategy, team
        self.monitoring = recipe.data["monitoring"]
        self.game: AdversarialGame  # made by play, as is the clock
        self.clock: Clock
        self.monitor = Monitor(
            folder,
            recipe,
            source.spec,
            **background(source),
            probability=self._probability if source.spec.shape == (1,) else None,
            console=console,
            chief=team.chief,
        )
        self.began = time.time()
        self.before = dict(folder.manifest.data.get("time") or {}) if team.chief else {}

    def play(self, opening: Opening) -> None:
        """Build, restore the newest checkpoint if there is one, play, seal."""
        recipe, strategy, team, newest = self.recipe, self.strategy, self.team, opening.newest
        with strategy.scope():
            self.game = game = build_game(recipe, self.source)
        with distribution.own_variables(strategy):
            data = make_feed(recipe, self.source, game.updates.discriminator_steps, strategy)
        start = self._restore(opening)
        data.seek(start)
        team.lead(lambda: self.monitor.start(start))
        rounds = Rounds(game, data, strategy)
        compiled = self._compile(rounds)
        self._announce(newest, placed(self.source, data), compiled)
        loop = TrainingLoop(
            game=game,
            rounds=rounds,
            store=self.store,
            cadence=self._cadence(game),
            observer=self.monitor,
            draw=lambda: fixed_samples(game, self.source, self.monitoring["samples"]),
            evaluate=self._evaluate,
            committed=self._committed,
            stop=self.stop,
            team=team,
            rounds_per_call=recipe.data["distribution"]["rounds_per_call"],
            callbacks=build_callbacks(recipe, chief=team.chief),
            clock=_clock(newest),
            window=_window(newest),
            restored=opening.resumed,
        )
        self.clock = loop.clock
        try:
            last = loop.run()
        except Interrupted:
            self.monitor.finish("interrupted")
            raise
        finally:
            if team.chief:
                self._times()
        team.lead(lambda: self._seal(last))

    def _restore(self, opening: Opening) -> int:
        """Give every worker the state that the chief goes on from; the round it is of."""
        state, newest = state_variables(self.game), opening.newest

        def begin() -> None:
            if newest is not None:
                self.store.restore(newest, state)
            else:
                self.folder.manifest.update(initial_state_sha256=state_sha256(state))

        self.team.lead(begin)
        self.team.hand_out(state)
        return int(self.game.rounds.numpy())

    def _seal(self, last: int) -> None:
        status = "finished" if last >= self.recipe.data["training"]["steps"] else "interrupted"
        if status == "interrupted":
            self.monitor.note(f"stopped by a callback after round {last}")
        self.folder.manifest.update(status=status, error=None)
        self.monitor.finish(status)
        write_report(self.folder)

    def _cadence(self, game: AdversarialGame) -> Cadence:
        data = self.recipe.data
        epoch = rounds_per_epoch(
            self.source.count("train"),
            data["training"]["batch_size"],
            game.updates.discriminator_steps,
        )
        return Cadence(
            total=data["training"]["steps"],
            log=self.monitoring["log_every"],
            image=self.monitoring["image_every"],
            checkpoint=data["checkpoints"]["every"],
            evaluate=data["evaluation"]["every"] if data["evaluation"]["metrics"] else 0,
            epoch=epoch if self.monitoring["callbacks"] else 0,
        )

    def _compile(self, rounds: Rounds) -> Jit:
        """Let XLA compile the rounds, or not: as the run began, unless the recipe says else."""
        setting = self.recipe.data["distribution"]["jit"]
        # Heard by all: a trace more or less on one worker would divide them.
        kept = self.team.hear(self.folder.manifest.data.get("jit") if self.team.chief else None)
        replicas = self.strategy.num_replicas_in_sync
        device = distribution.device_type()
        decision, keep = settle(setting, rounds.cost, device, replicas, kept)

        def without(why: str) -> None:
            self.monitor.note(f"played without XLA, which cannot compile the rounds: {why}")
            self.folder.manifest.update(jit={**(keep or {}), "start": None, "why": why})

        if self.team.chief:
            self.folder.manifest.update(jit=keep)
        rounds.jit_from = decision.start
        rounds.when_uncompilable = without if setting == "auto" else None
        return decision

    def _announce(self, newest: Commit | None, data: str, compiled: Jit) -> None:
        devices = distribution.describe(self.strategy, self.team.workers)
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

    def _evaluate(self, step: int) -> None:
        """The chief computes the metrics; all generate the samples that they ask for."""

        def samples(n: int, seed: int) -> np.ndarray:
            return self.game.generate(n, seed, stream="evaluate")[1]

        def work(samples: Callable[[int, int], np.ndarray]) -> None:
            scores = evaluate_game(
                self.recipe, self.registry, self.source, self.game, samples=samples
            )
            self.monitor.scores(step, scores)
            kept = append_scores(self.folder.manifest.data.get("scores") or [], scores)
            self.folder.manifest.update(scores=kept)

        self.team.serve(work, samples)

    def _committed(self, commit: Commit) -> None:
        self.folder.manifest.update(step=commit.step, state_sha256=commit.state_sha256)
        self._times()

    def _times(self) -> None:
        """Book this sitting: wall-clock time, and what of it bore fruit."""
        total = self.before.get("total", 0.0) + time.time() - self.began
        useful = sum(self.clock.seconds.values())
        self.folder.manifest.update(
            time={"total": total, **self.clock.seconds, "lost": max(0.0, total - useful)}
        )


def _clock(commit: Commit | None) -> Clock:
    return Clock() if commit is None else Clock(dict(commit.extras["time"]))


def _window(commit: Commit | None) -> Window:
    return Window() if commit is None else Window(**commit.extras["window"])


def _is_interruption(error: BaseException) -> bool:
    return isinstance(error, Interrupted | KeyboardInterrupt)


def _one_line(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0]


def _report(folder: RunFolder) -> None:
    """Write the report of a run that is ending badly; its failure must not hide the cause."""
    try:
        write_report(folder)
    except Exception as error:
        print(f"the report could not be written: {error}", file=sys.stderr)
