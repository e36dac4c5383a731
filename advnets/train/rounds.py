"""Many rounds in one compiled call, on all replicas."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from ..data.feed.feed import Feed
from ..errors import PluginError, UsageError
from ..game import AdversarialGame
from ..game.means import is_of_every_round
from ..game.state import state_variables
from ..observe.window import ROUNDS_AVERAGED
from .flops import Cost, cost_of

UNCOMPILABLE = (tf.errors.InvalidArgumentError, tf.errors.UnimplementedError)
"""What XLA raises for operations that it does not know, or shapes that it must know."""


class _UncompilableError(Exception):
    """XLA cannot compile the rounds, and why."""


class Rounds:
    """Compile a loop of rounds: examples, D's steps, G's step, sums of what they log.

    One trace serves any number of rounds. The loop stays on the device: the host is
    needed between calls only.

    Args:
        game: The compiled game.
        feed: The training data.
        strategy: The strategy under whose scope both were made.

    Attributes:
        jit_from: The first round that XLA compiles: the whole loop where the feed lets it,
            else one round at a time; ``None`` for none of them. A round is compiled or
            not by its number alone, so that a run that is resumed does as it would have.
        when_uncompilable: Told why XLA cannot compile the rounds, which are then played
            without it; ``None`` if that is to be an error.
        names: What a round logs.
        traces: How often the loop was traced.

    Raises:
        PluginError: If a round assigns a variable that is not saved, or makes one.
    """

    def __init__(self, game: AdversarialGame, feed: Feed, strategy: tf.distribute.Strategy):
        self._game, self._feed, self._strategy = game, feed, strategy
        self.jit_from: int | None = None
        self.when_uncompilable: Callable[[str], None] | None = None
        self.traces = 0
        self._loops: dict[bool, Callable[[tf.Tensor], tf.Tensor]] = {}
        self._spec: Any

        def step(examples: Any, due: Any) -> dict[str, tf.Tensor]:
            """Play a round on a replica; traced for each set of penalties that are due."""
            return game.train_step(examples)

        self._step = step
        self._steps: dict[bool, Callable[..., dict[str, tf.Tensor]]] = {False: step}
        with strategy.scope():
            alone = not tf.distribute.has_strategy()
        if alone:  # replicas cannot meet inside a nested function
            self._steps[False] = tf.function(step, autograph=False)
        # A function of its own is traced once for the probe and the loop.
        self._plan = tf.function(feed.plan, autograph=False)
        self.names = self._logged_names()
        if game.may_skip:
            self.names.append(ROUNDS_AVERAGED)

    def seek(self, step: int) -> None:
        """Draw examples from round ``step`` on."""
        self._feed.seek(step)

    def play(self, rounds: int) -> dict[str, float]:
        """Play that many rounds, or fewer: none after one that logs what is not finite.

        Returns:
            What the rounds logged, summed over them, by name. A sum that is NaN or infinite
            says that the last round played (``game.rounds`` counts them) was the first such.

        Raises:
            UsageError: If XLA is asked for under several replicas, or cannot compile them.
            DataError: If examples cannot be read any more.
        """
        sums = np.zeros(len(self.names), np.float64)
        while rounds > 0 and np.isfinite(sums).all():
            step = int(self._game.rounds.numpy())
            jit = self.jit_from is not None and step >= self.jit_from
            count = min(rounds, self._feed.longest)
            if self.jit_from is not None and step < self.jit_from:
                count = min(count, self.jit_from - step)
            try:
                sums += self._called(jit, count)
            except _UncompilableError as error:
                self._feed.seek(step)
                self._play_without_xla(str(error))
                continue
            rounds -= count
        return dict(zip(self.names, map(float, sums), strict=True))

    def _called(self, jit: bool, rounds: int) -> np.ndarray:
        compiling = jit and jit not in self._loops
        try:
            return np.asarray(self._loop(jit)(tf.constant(rounds, tf.int64)))
        except tf.errors.OpError as error:
            failure = self._feed.failure()
            if failure is not None:
                raise failure from error
            if compiling and isinstance(error, UNCOMPILABLE):
                # Raised before anything has moved: compiling comes before running.
                raise _UncompilableError(error.message.strip().splitlines()[0]) from error
            raise

    def _play_without_xla(self, why: str) -> None:
        if self.when_uncompilable is None:
            raise UsageError(
                f"XLA cannot compile these rounds: {why}",
                hint="use distribution.jit=auto or off",
            )
        self.jit_from = None
        self.when_uncompilable(why)

    def cost(self) -> Cost:
        """Return what one round costs, from its trace.

        Raises:
            ValueError: If it cannot be counted, or under several replicas.
        """
        step = self._steps[False]
        if not hasattr(step, "get_concrete_function"):
            raise ValueError("the rounds of several replicas are not counted")
        play = self._game.rota.first
        return cost_of(play(lambda due: step.get_concrete_function(self._spec, due)).graph)

    def _loop(self, jit: bool) -> Callable[[tf.Tensor], tf.Tensor]:
        if jit not in self._loops:
            if jit and self._strategy.num_replicas_in_sync > 1:
                raise UsageError(
                    f"XLA is to compile rounds of {self._strategy.num_replicas_in_sync} replicas; "
                    "it compiles them on one device only",
                    hint="leave distribution.jit at auto, or use distribution.strategy=one_device",
                )
            whole = jit and self._feed.compilable
            if jit:
                self._steps[True] = tf.function(
                    self._step, jit_compile=None if whole else True, autograph=False
                )
            self._loops[jit] = tf.function(
                lambda rounds: self._play(rounds, self._steps[jit], whole),
                input_signature=[tf.TensorSpec([], tf.int64)],
                autograph=False,
                jit_compile=True if whole else None,
            ).get_concrete_function()  # TensorFlow would warn of the fifth run's trace
        return self._loops[jit]

    def _play(self, rounds: tf.Tensor, step: Callable[..., Any], whole: bool) -> tf.Tensor:
        self.traces += 1
        plan = None
        if not whole:
            plan = self._plan(tf.convert_to_tensor(self._game.rounds), rounds)

        def going_well(done: tf.Tensor, sums: tf.Tensor) -> tf.Tensor:
            # What comes after a NaN only hides where it came from.
            return tf.logical_and(done < rounds, tf.reduce_all(tf.math.is_finite(sums)))

        def body(done: tf.Tensor, sums: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            logged = self._game.in_rounds(
                lambda due: self._logged(self._round(step, plan, done, due))
            )
            return done + 1, sums + tf.cast(logged, tf.float64)

        # Twice the digits of what is added, so that the sums, and with them the lines of
        # metrics.jsonl, do not depend on how many rounds happened to fit into a call.
        start = (tf.constant(0, tf.int64), tf.zeros([len(self.names)], tf.float64))
        # One round at a time: rounds depend on each other through the variables.
        return tf.while_loop(going_well, body, start, parallel_iterations=1)[1]

    def _logged(self, logs: dict[str, Any]) -> tf.Tensor:
        first = {name: self._strategy.experimental_local_results(v)[0] for name, v in logs.items()}
        values = {name: tf.cast(value, tf.float32) for name, value in first.items()}
        if self._game.may_skip:
            values = _without_overflows(values)
        return tf.stack([values[name] for name in self.names])

    def _round(
        self, step: Callable[..., Any], plan: Any, number: tf.Tensor, due: Any
    ) -> dict[str, Any]:
        drawn = self._feed.draw(plan, number, tf.convert_to_tensor(self._game.rounds))

        def on_replica(drawn: Any) -> dict[str, tf.Tensor]:
            examples = self._feed.examples(drawn)
            self._spec = tf.nest.map_structure(_spec_of, examples)
            return step(examples, due)

        return self._strategy.run(on_replica, (drawn,))

    def _logged_names(self) -> list[str]:
        """Return the names of what a round logs, from a trace that is thrown away."""
        found: list[str] = []
        saved = {id(variable) for variable in state_variables(self._game).values()}

        def probe() -> tf.Tensor:
            zero = tf.constant(0, tf.int64)
            plan = self._plan(zero, zero + 1)
            play = self._game.rota.first
            found.extend(sorted(play(lambda due: self._round(self._steps[False], plan, zero, due))))
            return zero

        tf.function(probe, autograph=False).get_concrete_function()
        for name, variable in state_variables(self._game).items():
            if id(variable) not in saved:
                raise PluginError(
                    f"the variable {name} is made in the first round: too late, since what a run "
                    "resumes from is restored before",
                    hint="make it when its component is made; build Keras layers there",
                )
        return found


def _spec_of(tensor: tf.Tensor) -> tf.TensorSpec:
    return tf.TensorSpec(tensor.shape, tensor.dtype)


def _without_overflows(values: dict[str, tf.Tensor]) -> dict[str, tf.Tensor]:
    """Return a round's logs; zeros where anything overflowed, so that a step was skipped."""
    sound = tf.reduce_all(tf.math.is_finite(tf.stack(list(values.values()))))
    kept = {
        name: value if is_of_every_round(name) else tf.where(sound, value, 0.0)
        for name, value in values.items()
    }
    return kept | {ROUNDS_AVERAGED: tf.cast(sound, tf.float32)}
