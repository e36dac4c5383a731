"""Many rounds in one compiled call, on all replicas."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from ..errors import UsageError
from ..game import AdversarialGame
from .resident import ResidentData


class Rounds:
    """A compiled loop of rounds: examples, D's steps, G's step, sums of what they log.

    One trace serves any number of rounds. The loop stays on the device: the host is
    asked between calls only.

    Args:
        game: The compiled game.
        data: The resident training data.
        strategy: The strategy under whose scope both were made.
        jit: Whether each round is compiled with XLA.

    Raises:
        UsageError: If XLA is asked for under several replicas.
    """

    def __init__(
        self,
        game: AdversarialGame,
        data: ResidentData,
        strategy: tf.distribute.Strategy,
        jit: bool = False,
    ):
        self._strategy = strategy
        if strategy.num_replicas_in_sync == 1:
            step = tf.function(game.train_step, jit_compile=jit, autograph=False)
        elif not jit:
            step = game.train_step  # replicas cannot meet inside of a nested tf.function
        else:
            raise UsageError(
                f"distribution.jit is on, with {strategy.num_replicas_in_sync} replicas; "
                "XLA compiles rounds on one device only",
                hint="leave distribution.jit at auto, or use distribution.strategy=one_device",
            )

        def one_round() -> dict[str, tf.Tensor]:
            # Gathering stays outside of XLA, which has no kernel for the epoch's shuffle.
            return step(data.batch(tf.convert_to_tensor(game.rounds)))

        self._one_round = one_round
        self.names: list[str] = []
        self.traces = 0
        self._loop = tf.function(
            self._play, input_signature=[tf.TensorSpec([], tf.int64)], autograph=False
        )

    def play(self, rounds: int) -> dict[str, float]:
        """Play that many rounds.

        Returns:
            What the rounds logged, summed over them, by name.
        """
        sums = self._loop(tf.constant(rounds, tf.int64)).numpy()
        return dict(zip(self.names, map(float, sums), strict=True))

    def _play(self, rounds: tf.Tensor) -> tf.Tensor:
        self.traces += 1
        self.names = self._logged_names()

        def body(done: tf.Tensor, sums: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
            return done + 1, sums + self._round()

        start = (tf.constant(0, tf.int64), tf.zeros([len(self.names)], tf.float32))
        # One round at a time: rounds depend on each other through the variables.
        return tf.while_loop(lambda done, _: done < rounds, body, start, parallel_iterations=1)[1]

    def _round(self) -> tf.Tensor:
        logs = self._strategy.run(self._one_round)
        first = {name: self._strategy.experimental_local_results(v)[0] for name, v in logs.items()}
        return tf.stack([tf.cast(first[name], tf.float32) for name in self.names])

    def _logged_names(self) -> list[str]:
        """The names of what a round logs, from a trace that is thrown away."""
        found: list[str] = []

        def probe() -> tf.Tensor:
            found.extend(sorted(self._strategy.run(self._one_round)))
            return tf.constant(0)

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
        """The mean of everything added."""
        return {name: value / max(1, self.rounds) for name, value in self.sums.items()}

    def first_non_finite(self) -> str | None:
        """A name whose sum is NaN or infinite, a player's loss before anything else."""
        bad = [name for name, total in self.sums.items() if not np.isfinite(total)]
        return min(bad, key=lambda name: (not name.endswith("_loss"), name), default=None)
