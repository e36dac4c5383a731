"""One process's part of a run, in four words: build, restore, assemble, run."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from ..checkpoint import Commit, state_sha256
from ..data.feed.choose import format_placement, make_feed
from ..data.feed.feed import Feed
from ..data.order import rounds_per_epoch
from ..distribute.signals import StopRequest
from ..distribute.strategy import constant_scope, describe, device_type
from ..distribute.workers import Workers
from ..errors import Interrupted
from ..game import AdversarialGame
from ..game.first_look import warn_of_range
from ..game.state import state_variables
from ..observe.context import CallbackContext, Writer
from ..observe.guard import Guard
from ..observe.observer import View
from ..observe.observers import Observers
from ..observe.window import Window
from ..plugins import Registry
from ..recipe.unfinished import unfinished_schedules
from ..runs import RunFolder, to_carry
from ..runs.changes import add_changes, describe_change
from ..runs.played_with import add_played_with
from ..safe_io.wording import pluralise
from ..train.account import Account
from ..train.best import Best
from ..train.build import build_game, carried
from ..train.chosen_rows import choose_rows
from ..train.divergence import DivergenceWatch
from ..train.find_data import Found, check_sizes, range_of
from ..train.jit import Jit, settle
from ..train.loop import TrainingLoop
from ..train.pace import Pace
from ..train.recovery import Recovery, forget_scores, put_rates, rollbacks
from ..train.rounds import Rounds
from ..train.saver import Saver
from ..train.start import start_networks
from .data_on_record import keep_data
from .ending import Ending
from .kept import keep_for_sampling
from .noise import duplicated_noise
from .observers import make_callbacks, make_observers
from .opening import Opening

log = logging.getLogger(__name__)


class Session:
    """Play one worker's part of a run, from its newest checkpoint to its last round.

    Args:
        found: The recipe and its data.
        registry: The components.
        folder: The run's folder.
        opening: Where the session begins.
        workers: The processes that play the run, and their strategy.
        stop: Whether somebody asked to stop.
        account: Where time is booked.

    Attributes:
        began: Whether all is set up and rounds are played, or were to be.
    """

    def __init__(
        self,
        found: Found,
        registry: Registry,
        folder: RunFolder,
        opening: Opening,
        workers: Workers,
        stop: StopRequest,
        account: Account,
    ):
        self.recipe, self.source, self.registry = found.recipe, found.source, registry
        self.folder, self.opening, self.workers = folder, opening, workers
        self.stop, self.account = stop, account
        self.guard = Guard(folder, registry, workers)
        self.ending = Ending(folder, account, self.guard)
        self._game: AdversarialGame | None = None
        self._start: int | None = None
        self.began = False

    def play(self) -> None:
        """Build, restore the newest checkpoint if there is one, assemble, run."""
        self._game, feed = game, _ = self.build()
        self._start = start = self.restore(game)
        loop = self.assemble(game, feed, start)
        self.run(loop, start)

    def build(self) -> tuple[AdversarialGame, Feed]:
        """Build the game, and what draws its examples, on the devices of the strategy."""
        strategy = self.workers.strategy
        check_sizes(self.recipe, self.source, self.source.streams)
        with strategy.scope():
            game = build_game(self.recipe, self.source)
        with constant_scope(strategy):
            steps, fields = game.updates.batches, carried(game, self.source)
            chosen = choose_rows(game, self.source, self.recipe.settings.training.batch_size)
            feed = make_feed(
                *(self.recipe, self.source, steps, strategy, fields, game.streams), order=chosen
            )
        if chosen is not None and self.workers.is_chief:
            epoch = rounds_per_epoch(
                *(self.source.count("train"), self.recipe.settings.training.batch_size), steps
            )
            log.info(
                "the condition %r says which examples are read; an epoch is %s all the same",
                *(chosen.name, pluralise(epoch, "round")),
            )
        read = sorted({*fields, *game.counted})

        def keep() -> None:
            keep_data(self.folder, self.source, fields, read, game.streams)
            self.folder.keep_recipe(self.recipe, self.opening.changes)
            keep_for_sampling(self.folder, game, self.source)

        self.workers.run_on_chief(keep)
        if self.workers.is_chief:
            warn_of_range(game, range_of(self.source))
            for name in game.streams:
                warn_of_range(game, range_of(self.source.streams[name]), f"{name}.example")
            for said in unfinished_schedules(self.recipe):
                log.warning("%s", said)
        return game, feed

    def restore(self, game: AdversarialGame) -> int:
        """Give every worker the state that the chief resumes from; the round it is of."""
        state, newest = state_variables(game), self.opening.newest

        def begin() -> None:
            if newest is not None:
                self.opening.store.restore(newest, state)
            else:
                start = start_networks(game, self.recipe)
                first = {"initial_state_sha256": state_sha256(state), "start": start or None}
                self.folder.manifest.update(**first)
            self._keep_on_record(int(game.rounds.numpy()))
            put_rates(game, self.folder)
            noise = None if game.prior is None else duplicated_noise(game.prior, game.seed)
            self.folder.manifest.update(noise=noise)
            if noise is not None:
                log.warning("the prior repeats itself: %s", noise)
            forget_scores(self.folder, int(game.rounds.numpy()))

        self.workers.run_on_chief(begin)
        self.workers.broadcast_variables(state)
        return int(game.rounds.numpy())

    def _keep_on_record(self, step: int) -> None:
        """Write what the rounds from ``step`` on are played with, before any of them is."""
        manifest = self.folder.manifest.data
        known, here = self.folder.changes, sum(r["back_to"] == step for r in rollbacks(self.folder))
        changes = add_changes(known, step, self.opening.changes, here)
        for each in changes:
            if each not in known:
                log.warning("from round %s on: %s", f"{step:,}", describe_change(each))
        present = self.opening.present
        before = manifest.get("played_with") or []
        played_with = add_played_with(before, step, present) if present else []
        self.folder.manifest.update(changes=changes, played_with=played_with)
        if self.opening.newest is not None:  # the rounds up to the next one rest on this one
            self.opening.store.note(step, to_carry(self.folder.manifest.data))

    def assemble(self, game: AdversarialGame, feed: Feed, start: int) -> TrainingLoop:
        """Compile the rounds, and put what moves and what watches them together."""
        workers, settings = self.workers, self.recipe.settings
        newest = self.opening.newest
        kept = workers.broadcast(newest.extras.get("callbacks", {}) if newest else {})
        writer = Writer()
        context = CallbackContext(
            *(self.recipe, self.source.spec, self.folder.path, workers.is_chief), writer=writer
        )
        changing, watching, own = make_callbacks(
            self.recipe, self.source, game, workers.is_chief, kept, context
        )
        saver = Saver(
            self.opening.store,
            self.account.clock,
            self.account.committed,
            self._best(newest),
            companion=self.folder.metrics_file,
            carried=lambda: to_carry(self.folder.manifest.data),
            first=bool(settings.start.origins),
        )

        def measured(work: Callable[[], Any]) -> Any:
            workers.run_on_chief(saver.finish)  # nothing is written while metrics are computed
            return self.account.clock.measure("evaluation", work)

        observers = Observers(
            make_observers(self.recipe, self.registry, own, measured, game.makes_examples),
            self.guard,
            workers.is_chief,
        )
        writer.observers = observers
        view = View(
            game,
            self.source,
            self.recipe,
            self.folder,
            self.registry,
            workers,
            self.guard,
            observers,
        )
        feed.seek(start)
        workers.run_on_all(lambda: observers.start(view, start))
        rounds = Rounds(game, feed, workers.strategy)
        metrics = self.recipe.components("evaluation.metrics") if settings.evaluation.every else []
        scored = [component.name for component, _ in metrics]
        for each in (changing, watching):
            each.check(rounds.names, scored)
        self._announce(format_placement(self.source, feed), self._compile(rounds))
        return TrainingLoop(
            view,
            rounds,
            Pace(game, workers, self.stop, settings.distribution.rounds_per_call),
            changing,
            watching,
            saver,
            DivergenceWatch(
                game, workers, settings.health.skips if settings.health.policy == "skip" else 0
            ),
            Recovery(view, rounds, saver, self.account),
            self.account,
        )

    def run(self, loop: TrainingLoop, start: int) -> None:
        """Play to the last round, and seal the run."""
        self.began = True
        newest, observers = self.opening.newest, loop.view.observers
        total = self.recipe.settings.training.steps
        window = Window(**newest.extras.get("window", {})) if newest else Window()
        every = self.recipe.settings.checkpoints.every
        try:
            last = loop.run(total, every, window, self.opening.resumed)
        except BaseException as error:
            by_hand = isinstance(error, Interrupted | KeyboardInterrupt)
            observers.finish(self.step, "interrupted" if by_hand else "failed")
            raise
        if loop.ended_by is not None:
            log.info(loop.ended_by)
        self.workers.run_on_chief(lambda: self.ending.seal(loop.ended_by))
        observers.finish(last, "finished")
        self.workers.run_on_chief(lambda: self.ending.close(last))

    @property
    def step(self) -> int:
        """The round that the game is at; 0 before there is one."""
        return int(self._game.rounds.numpy()) if self._game is not None else 0

    def kept(self) -> str:
        """Say what is kept of rounds that were played in this session; nothing before the first."""
        if self._start is None or self.step == self._start:
            return ""
        steps = self.opening.store.steps() if self.workers.is_chief else []
        return f"the last checkpoint is of step {steps[-1]}" if steps else "nothing was committed"

    def _compile(self, rounds: Rounds) -> Jit:
        """Let XLA compile the rounds, or not: as the run began, unless the recipe says else."""
        setting = self.recipe.settings.distribution.jit
        # The same on all workers: a trace more or less on one of them would divide them.
        kept = self.workers.broadcast(
            self.folder.manifest.data.get("jit") if self.workers.is_chief else None
        )
        replicas = self.workers.strategy.num_replicas_in_sync
        decision, keep = settle(setting, rounds.cost, device_type(), replicas, kept)

        def without(why: str) -> None:
            log.info("played without XLA, which cannot compile the rounds: %s", why)
            self.folder.manifest.update(jit={**(keep or {}), "start": None, "why": why})

        if self.workers.is_chief:
            self.folder.manifest.update(jit=keep)
        rounds.jit_from = decision.start
        rounds.when_uncompilable = without if setting == "auto" else None
        return decision

    def _announce(self, data: str, compiled: Jit) -> None:
        devices = describe(self.workers.strategy, self.workers.count)
        parts = [str(self.folder.path), devices, data, str(compiled)]
        precision = self.recipe.settings.distribution.precision
        if precision != "float32":
            parts.append(precision)
        if precision == "mixed_float16" and "CPU" in devices:
            # oneDNN has a reference kernel only: a round of digits took 2 s instead of 12 ms.
            parts.append("float16 is very slow on CPUs; mixed_bfloat16 is not")
        if self.opening.newest is not None:
            parts.append(f"resuming from step {self.opening.newest.step}")
        if self.opening.store.faults:
            parts.append(f"moved aside: {self.opening.store.described_faults()}")
        log.info("  ·  ".join(parts))

    def _best(self, newest: Commit | None) -> Best | None:
        """Return the best checkpoint so far, as the chief knows it."""
        wanted = self.recipe.settings.checkpoints.best
        best = Best.resume(newest.extras.get("best") if newest else None, wanted)
        if best is not None and best.step is not None and self.opening.store.fault(best.step):
            log.warning("the best checkpoint, of step %d, is gone", best.step)
            best = Best.resume(None, wanted)
        return best
