"""Many rounds in one compiled call, on all replicas."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np
import tensorflow as tf

from ..errors import UsageError
from ..game import NORMS_MEASURED, SAMPLED_NORMS, AdversarialGame


class Feed(Protocol):
    """Where the rounds get their real examples: resident on the device, or streamed to it.

    Attributes:
        compilable: Whether :meth:`draw` and :meth:`examples` can be compiled by XLA.
    """

    compilable: bool

    def seek(self, step: int) -> None:
        """Be ready for round ``step``; called before a sitting's first round."""

    def plan(self, first: tf.Tensor, rounds: tf.Tensor) -> Any:
        """What a call's rounds need that is better computed for all of them at once.

        In the graph, before the loop, outside of any replica.

        Args:
            first: The call's first round, an int64 scalar.
            rounds: How many there are, an int64 scalar.
        """

    def draw(self, plan: Any, number: tf.Tensor, step: tf.Tensor) -> Any:
        """What ``strategy.run`` hands each replica for one round.

        In the loop, outside of any replica.

        Args:
            plan: What :meth:`plan` returned; ``None`` where the whole loop is compiled.
            number: The round's number within the call, an int64 scalar.
            step: The round, an int64 scalar.
        """

    def examples(self, drawn: Any) -> tf.Tensor:
        """A replica's preprocessed examples for a round, float32 ``[k · n, *shape]``."""

    def failure(self) -> Exception | None:
        """What went wrong in drawing, if that is why the rounds failed."""


class Rounds:
    """A compiled loop of rounds: examples, D's steps, G's step, sums of what they log.

    One trace serves any number of rounds. The loop stays on the device: the host is
    asked between calls only.

    Args:
        game: The compiled game.
        feed: The training data.
        strategy: The strategy under whose scope both were made.
        jit: Whether XLA compiles the rounds: the whole loop of them, where the feed lets
            it, or one at a time.

    Raises:
        UsageError: If XLA is asked for under several replicas.
    """

    def __init__(
        self,
        game: AdversarialGame,
        feed: Feed,
        strategy: tf.distribute.Strategy,
        jit: bool = False,
    ):
        self._game, self._feed, self._strategy = game, feed, strategy
        if jit and strategy.num_replicas_in_sync > 1:
            raise UsageError(
                f"distribution.jit is on, with {strategy.num_replicas_in_sync} replicas; "
                "XLA compiles rounds on one device only",
                hint="leave distribution.jit at auto, or use distribution.strategy=one_device",
            )
        self._whole = jit and feed.compilable
        self._step: Callable[[tf.Tensor], dict[str, tf.Tensor]] = game.train_step
        if strategy.num_replicas_in_sync == 1:  # replicas cannot meet inside a nested function
            self._step = tf.function(
                game.train_step,
                jit_compile=True if jit and not self._whole else None,
                autograph=False,
            )
        self.names: list[str] = []
        self.traces = 0
        self._loop = tf.function(
            self._play,
            input_signature=[tf.TensorSpec([], tf.int64)],
            autograph=False,
            jit_compile=True if self._whole else None,
        )

    def play(self, rounds: int) -> dict[str, float]:
        """Play that many rounds.

        Returns:
            What the rounds logged, summed over them, by name.
        """
        try:
            sums = self._loop(tf.constant(rounds, tf.int64)).numpy()
        except tf.errors.OpError as error:
            failure = self._feed.failure()
            if failure is None:
                raise
            raise failure from error
        return dict(zip(self.names, map(float, sums), strict=True))

    def _play(self, rounds: tf.Tensor) -> tf.Tensor:
        self.traces += 1
        self.names = self._logged_names()
        plan = None
        if not self._whole:
            plan = self._feed.plan(tf.convert_to_tensor(self._game.rounds), rounds)

        def body(done: tf.Tensor, sums: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            return done + 1, sums + self._round(plan, done)

        start = (tf.constant(0, tf.int64), tf.zeros([len(self.names)], tf.float32))
        # One round at a time: rounds depend on each other through the variables.
        return tf.while_loop(lambda done, _: done < rounds, body, start, parallel_iterations=1)[1]

    def _round(self, plan: Any, number: tf.Tensor) -> tf.Tensor:
        logs = self._one_round(plan, number)
        first = {name: self._strategy.experimental_local_results(v)[0] for name, v in logs.items()}
        return tf.stack([tf.cast(first[name], tf.float32) for name in self.names])

    def _one_round(self, plan: Any, number: tf.Tensor) -> dict[str, Any]:
        drawn = self._feed.draw(plan, number, tf.convert_to_tensor(self._game.rounds))
        return self._strategy.run(lambda drawn: self._step(self._feed.examples(drawn)), (drawn,))

    def _logged_names(self) -> list[str]:
        """The names of what a round logs, from a trace that is thrown away."""
        found: list[str] = []

        def probe() -> tf.Tensor:
            zero = tf.constant(0, tf.int64)
            plan = None if self._whole else self._feed.plan(zero, zero + 1)
            found.extend(sorted(self._one_round(plan, zero)))
            return zero

        tf.function(probe, autograph=False).get_concrete_function()
        return found


class Window:
    """Running means over the rounds since the last log.

    >>> window = Window()
    >>> window.add({"d_loss": 3.0}, rounds=2)
    >>> window.means()
    {'d_loss': 1.5}
    """

    def __init__(self, rounds: int = 0, sums: dict[str, float] | None = None):
        self.rounds = rounds
        self.sums = dict(sums or {})

    def add(self, sums: dict[str, float], rounds: int) -> None:
        """Add the sums of some rounds."""
        self.rounds += rounds
        for name, value in sums.items():
            self.sums[name] = self.sums.get(name, 0.0) + value

    def means(self) -> dict[str, float]:
        """The mean of everything added; of gradient norms, over the rounds that measured them.

        >>> Window(20, {"g_gradient_norm": 3.0, "norms_measured": 2.0}).means()
        {'g_gradient_norm': 1.5}
        >>> Window(5, {"g_gradient_norm": 0.0, "norms_measured": 0.0}).means()
        {}
        """
        measured = self.sums.get(NORMS_MEASURED, float(self.rounds))
        counts = {name: measured for name in SAMPLED_NORMS}
        return {
            name: total / counts.get(name, self.rounds)
            for name, total in self.sums.items()
            if name != NORMS_MEASURED and counts.get(name, self.rounds)
        }

    def first_non_finite(self) -> str | None:
        """A name whose sum is NaN or infinite, a player's loss before anything else."""
        bad = [name for name, total in self.sums.items() if not np.isfinite(total)]
        return min(bad, key=lambda name: (not name.endswith("_loss"), name), default=None)
