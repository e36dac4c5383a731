"""The training loop: compiled rounds up to the next boundary, then what is due there."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Protocol

import tensorflow as tf

from ..checkpoint import state_sha256
from ..distribute.signals import SIGNALS, StopRequest
from ..distribute.workers import Workers
from ..errors import AdvnetsError, Interrupted
from ..game import PLAYERS, WEIGHTS_SEEN, AdversarialGame
from ..game.state import state_variables
from .cadence import Cadence
from .callbacks import Watchers
from .clock import Clock
from .divergence import Soundness, Unsound
from .rounds import Rounds
from .saver import Saver
from .window import Window

SIGNALS_BY_NAME = tuple(signal.name for signal in SIGNALS)
CALLBACK = "a callback"
SECONDS_PER_CALL = 0.5
"""About how long one compiled call may take: the longest that a signal has to wait."""


class Observer(Protocol):
    """What the loop tells about a run: see :class:`advnets.monitor.Monitor`."""

    def log(self, record: Mapping[str, Any]) -> Any: ...
    def images(self, step: int, generated: Any) -> Any: ...
    def note(self, text: str, style: str = "") -> None: ...


@dataclass
class TrainingLoop:
    """Plays a game from its current round to ``cadence.total``.

    Where several workers play, each has a loop. They agree before every call, so that
    all play the same rounds and stop after the same one.

    Attributes:
        game: The game; its ``rounds`` say where it is.
        rounds: The compiled rounds.
        saver: What commits checkpoints.
        cadence: When to log, draw, commit and evaluate.
        observer: Who is told.
        draw: Makes the sample grid's examples, in the data set's own range.
        variety: What those examples are like, for the next record.
        theory: What theory says of the game at a step, for its record.
        evaluate: Computes the recipe's metrics at a step; whether it is the best so far.
        recover: Called when something is not finite: puts the game back to a sound state and
            returns its open averages, or raises.
        skips: How many rounds in a row a player may skip; 0: any number.
        alive: Told the step after each call: a sign of life.
        stop: The request to stop.
        workers: The workers that play this game.
        rounds_per_call: The most rounds of a compiled call; 0: as many as fit.
        watchers: The Keras callbacks.
        clock: Where time is booked.
        window: Open averages, taken over when a run resumes.
        restored: Whether the game was restored from a checkpoint.
    """

    game: AdversarialGame
    rounds: Rounds
    saver: Saver
    cadence: Cadence
    observer: Observer
    draw: Callable[[], Any]
    evaluate: Callable[[int], bool]
    stop: StopRequest
    workers: Workers
    clock: Clock
    recover: Callable[[Unsound], Window]
    watchers: Watchers
    variety: Callable[[Any], Mapping[str, float]] = lambda samples: {}
    theory: Callable[[int], Mapping[str, float]] = lambda step: {}
    skips: int = 0
    alive: Callable[[int], None] = lambda step: None
    rounds_per_call: int = 0
    window: Window = field(default_factory=Window)
    restored: bool = False
    _stopped_by: str | None = None
    _was_apart: bool = False
    _speed: float = 0.0
    _window_seconds: float = 0.0
    _window_rounds: int = 0
    _skipped: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._soundness = Soundness(state_variables(self.game))

    def run(self) -> int:
        """Play until the last round.

        Returns:
            The round that was played and committed last, an earlier one than
            ``cadence.total`` if a callback set ``game.stop_training``.

        Raises:
            Interrupted: After a stop request, the state committed.
            RunError: If the game diverged for good, or a checkpoint cannot be written.
        """
        try:
            step = self._run()
        except BaseException:
            with contextlib.suppress(AdvnetsError):  # the first failure is the one to tell
                self.saver.finish()
            raise
        if self._stopped_by in SIGNALS_BY_NAME and step < self.cadence.total:
            raise Interrupted(
                f"stopped by {self._stopped_by} after round {step}, state committed",
                hint="run the same command again to go on",
            )
        return step

    def _run(self) -> int:
        step = int(self.game.rounds.numpy())
        self.watchers.tell("on_train_begin")
        if self.cadence.epoch:
            self.watchers.tell("on_epoch_begin", step // self.cadence.epoch)
        if step == 0:
            self.theory(0)
        if step == 0 and self.cadence.image:
            self.observer.images(0, self.draw())
        committed = step if self.restored else None
        while step < self.cadence.total and not self._stopped_by:
            before, step = step, self._play_to_boundary(step)
            if (unsound := self._unsound(step)) is not None:
                committed = step = self._recover(unsound)
            elif step > before and self._boundary(step):
                committed = step
        if committed != step:
            self._commit(step)
        self.workers.run_on_chief(self.saver.finish)
        self.watchers.tell("on_train_end")
        return step

    def _play_to_boundary(self, step: int) -> int:
        boundary = self.cadence.next_boundary(step)
        while step < boundary and (count := self._agreed_rounds(boundary - step)):
            self.watchers.tell("on_train_batch_begin", step)
            sums = self._play(count)
            step, count = (played := int(self.game.rounds.numpy())), played - step
            self.window.add(sums, count)
            self.alive(step)
            if self.window.not_finite():
                break
            self._count_skips(sums, count)
            self.watchers.tell("on_train_batch_end", step - 1, Window(count, sums).means())
        return step

    def _play(self, count: int) -> dict[str, float]:
        start, traces = time.perf_counter(), self.rounds.traces
        sums = self.clock.measure("training", partial(self.rounds.play, count))
        seconds = time.perf_counter() - start
        if self.rounds.traces > traces:  # It was compiled, which is not training yet.
            self.clock.rebook("training", "starting", seconds)
        if self._speed == 0.0:
            self.clock.started()
        self._learn_speed(count, seconds)
        return sums

    def _agreed_rounds(self, most: int) -> int:
        """Tell how many rounds the next call plays: the chief's choice; 0 if anyone is to stop."""
        # The first calls are short, to learn how many rounds fit into a call. What a
        # callback does after a batch must not depend on that: it sees single rounds.
        fitting = self.rounds_per_call or max(1, int(self._speed * SECONDS_PER_CALL))
        fitting = 1 if self.watchers.single_rounds else fitting
        wished = [self.stop.signal == name for name in SIGNALS_BY_NAME]
        rounds, *wishes, callback = self.workers.all_reduce_sum(
            [min(most, fitting) * self.workers.is_chief, *wished, bool(self.game.stop_training)]
        )
        by_signal = [name for name, wish in zip(SIGNALS_BY_NAME, wishes, strict=True) if wish]
        self._stopped_by = next(iter(by_signal), CALLBACK if callback else None)
        return 0 if self._stopped_by else rounds

    def _learn_speed(self, count: int, seconds: float) -> None:
        if self._speed == 0.0:
            self._speed = 1e-9  # The first call holds the compilation: it says nothing.
            return
        self._speed = min(count / max(seconds, 1e-9), max(self._speed, 2.0) * 8)
        self._window_seconds += seconds
        self._window_rounds += count

    def _boundary(self, step: int) -> bool:
        """Do what is due at a step; whether its state is committed."""
        cadence, best = self.cadence, False
        self.workers.run_on_chief(self.saver.poll)
        if cadence.due(cadence.image, step):
            samples = self.draw()
            self.observer.images(step, samples)
            self.window.seen |= self.variety(samples)
        means = self.window.means()
        if cadence.due(cadence.log, step):
            self._log(step, means)
        if cadence.epoch and step % cadence.epoch == 0:
            self.watchers.tell("on_epoch_end", step // cadence.epoch - 1, means)
            if step < cadence.total:
                self.watchers.tell("on_epoch_begin", step // cadence.epoch)
        if cadence.due(cadence.evaluate, step):
            self.workers.run_on_chief(self.saver.finish)
            best = self.clock.measure("evaluation", partial(self.evaluate, step))
        due = best or cadence.due(cadence.checkpoint, step)
        if due:
            self._commit(step)
        return due

    def _log(self, step: int, means: dict[str, float]) -> None:
        seen = {**self.window.seen, **self.theory(step)}
        record: dict[str, Any] = {"step": step, "time": time.time(), **means, **seen}
        for player in ("discriminator", "generator"):
            optimizer = getattr(self.game, f"{player}_optimizer")
            # Not float() at once: under a strategy the rate may be a mirrored variable.
            rate = tf.convert_to_tensor(optimizer.learning_rate)
            record[f"{player[0]}_learning_rate"] = float(rate)
        record["steps_per_second"] = (
            self._window_rounds / self._window_seconds if self._window_seconds else None
        )
        self.observer.log(record)
        self.window = Window()
        self._window_seconds, self._window_rounds = 0.0, 0

    def _commit(self, step: int) -> None:
        state = state_variables(self.game)
        self._reconcile(step, state)
        extras = {"window": self.window.kept()}
        self.workers.run_on_chief(lambda: self.saver.save(step, state, extras))

    def _reconcile(self, step: int, state: Mapping[str, tf.Variable]) -> None:
        """Tell where workers have drifted apart, take the chief's state, which a restart would
        take.

        They do not by themselves; layers that keep averages of their own on each replica
        show here, callbacks of chance, or devices of several kinds that do not round alike.
        """
        if self.workers.count > 1 and (apart := self.workers.find_differing(state_sha256(state))):
            if not self._was_apart:
                self.observer.note(
                    f"warning: at step {step} the state of worker {', '.join(map(str, apart))} "
                    "was not the chief's; it takes the chief's at every checkpoint",
                    "yellow",
                )
            self._was_apart = True
            self.workers.broadcast_variables(state)

    def _unsound(self, step: int) -> Unsound | None:
        """Return what is not finite, or on the way there; the same on all workers."""
        # Of all workers, since nobody would wait for one that left alone.
        variables = self._soundness.faults(self.workers.all_reduce_sum)
        logged = self.window.not_finite()
        if variables:  # Names that tell more than that it was a weight.
            logged = tuple(name for name in logged if name not in WEIGHTS_SEEN)
        if logged or variables:
            return Unsound(step, logged, variables)
        for player, loss_scale in self.game.loss_scales.items():
            scale = float(tf.convert_to_tensor(loss_scale.scale))
            if scale < 1:
                what = f"the {player}'s gradients overflow float16, even scaled by {scale:g}"
                return Unsound(step, other=what)
        for player, rounds in self._skipped.items():
            if self.skips and rounds >= self.skips:
                what = f"the {player}'s gradients were not finite in {rounds} rounds in a row"
                return Unsound(step, other=what)
        return None

    def _count_skips(self, sums: Mapping[str, float], rounds: int) -> None:
        """Count the rounds in a row that a player has skipped, call by call."""
        for player in PLAYERS:
            all_of_them = sums.get(f"{player[0]}_skipped", 0.0) >= rounds > 0
            self._skipped[player] = self._skipped.get(player, 0) + rounds if all_of_them else 0

    def _recover(self, unsound: Unsound) -> int:
        """Have the game put back; the round that it is at then."""
        self.window = self.recover(unsound)
        self._window_seconds, self._window_rounds, self._skipped = 0.0, 0, {}
        return int(self.game.rounds.numpy())
