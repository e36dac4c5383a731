"""The processes that play one run: what they tell each other, and what only the chief does.

All of them play the same rounds on their own shares of each batch. The chief alone writes
the run's folder, so it is the one that knows where a run goes on, and it says so: every
worker makes the same calls here, in the same order, and they meet in each.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
import tensorflow as tf

from ..errors import RunError
from .messages import heard, packed, told, unpacked

T = TypeVar("T")

PIECE = 2**26
"""Bytes of an array that workers tell each other at a time, a multiple of 8."""

LOSSES = (
    tf.errors.UnavailableError,
    tf.errors.DeadlineExceededError,
    tf.errors.AbortedError,
    tf.errors.CancelledError,
)
"""What TensorFlow raises when another worker no longer answers."""


class Team:
    """The workers of a strategy; a team of one where there is one process.

    Args:
        strategy: The strategy. Under :class:`tf.distribute.MultiWorkerMirroredStrategy`
            each of its workers makes its own team.

    Attributes:
        workers: How many processes there are.
        index: This one's number; the chief's is 0.

    >>> team = Team(tf.distribute.get_strategy())
    >>> team.chief, team.total([1, 2]), team.hear({"a": 1}), team.lead(lambda: 7)
    (True, [1, 2], {'a': 1}, 7)
    """

    def __init__(self, strategy: tf.distribute.Strategy):
        self._strategy = strategy
        self.workers, self.index = 1, 0
        self._failure: BaseException | None = None
        if isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
            resolver = strategy.cluster_resolver
            jobs = resolver.cluster_spec().as_dict()
            self.workers = sum(map(len, jobs.values()))
            before = len(jobs.get("chief", ())) if resolver.task_type == "worker" else 0
            self.index = before + resolver.task_id
        self._sum = tf.function(
            self._summed, input_signature=[tf.TensorSpec([None], tf.int64)], autograph=False
        )

    @property
    def chief(self) -> bool:
        """Whether this is the process that writes."""
        return self.index == 0

    def total(self, numbers: Sequence[int]) -> list[int]:
        """Return the sum over all workers of each of some whole numbers."""
        return [int(n) for n in self._total(np.asarray(numbers, np.int64))]

    def hear(self, value: Any = None) -> Any:
        """Return what the chief says: JSON-able values, and arrays of numbers among them.

        What the others pass is not looked at.
        """
        if self.workers == 1:
            return value
        said = packed(value) if self.chief else (b"", [])
        (length,) = self.total([len(said[0])])
        value, arrays = unpacked(self._chiefs_bytes(said[0], length))
        for index, array in enumerate(arrays):
            flat = array.reshape(-1).view(np.uint8)
            own = np.ascontiguousarray(said[1][index]) if self.chief else array
            for start in range(0, len(flat), PIECE):
                end = min(start + PIECE, len(flat))
                piece = own.reshape(-1).view(np.uint8)[start:end].tobytes() if self.chief else b""
                flat[start:end] = np.frombuffer(self._chiefs_bytes(piece, end - start), np.uint8)
        return value

    def gather(self, rows: np.ndarray, counts: Sequence[int]) -> np.ndarray:
        """Return what all workers have, one after the other, bit by bit.

        Args:
            rows: float64 ``[counts[index], ...]``, this worker's.
            counts: How many rows each worker has.

        Returns:
            float64 ``[sum(counts), ...]``, on all of them.
        """
        if self.workers == 1:
            return rows
        # The others' places hold zeros here, and whole numbers add up exactly.
        everything = np.zeros((sum(counts), *rows.shape[1:]), np.float64)
        first = sum(counts[: self.index])
        everything[first : first + len(rows)] = rows
        total = self._total(everything.reshape(-1).view(np.int64))
        return total.view(np.float64).reshape(everything.shape)

    def agree(self, work: Callable[[], T]) -> T:
        """Let every worker do something by itself; if it fails on one, it fails on all.

        Returns:
            What ``work`` returned here.

        Raises:
            RunError: If it failed on another worker only; else, what it raised here.
        """
        failure: Exception | None = None
        try:
            done = work()
        except Exception as error:
            failure = error
        failed = [index == self.index and failure is not None for index in range(self.workers)]
        others = [index for index, bad in enumerate(self.total(failed)) if bad]
        if not others:
            return done
        if failure is None:
            failure = RunError(f"worker {others[0]} failed", hint="its log says why")
        self._failure = failure
        raise failure

    def lead(self, work: Callable[[], T]) -> T | None:
        """Let the chief do something; if it fails, everybody does.

        Args:
            work: What the chief does. It must not meet the others itself.

        Returns:
            What ``work`` returned, on the chief; ``None`` on the others.

        Raises:
            AdvnetsError: On all workers, whatever kind of it ``work`` raised.
        """
        done: T | None = self.serve(lambda _: work(), lambda: None)
        return done

    def serve(self, work: Callable[[Callable[..., Any]], T], together: Callable[..., Any]) -> Any:
        """Let the chief do something for which it needs the others now and then.

        Args:
            work: What the chief does, given a function to call with JSON-able arguments and
                arrays.
            together: What that function does, on all workers at once.

        Returns:
            What ``work`` returned, on the chief; ``None`` on the others.

        Raises:
            AdvnetsError: On all workers, whatever kind of it ``work`` raised.
        """
        if not self.chief:
            self._follow(together)
            return None

        def call(*arguments: Any, **named: Any) -> Any:
            self.hear({"call": arguments, "named": named})
            return together(*arguments, **named)

        try:
            done = work(call)
        except Exception as error:
            if not is_loss(error):
                with contextlib.suppress(tf.errors.OpError):
                    self.hear({"error": told(error)})
            raise
        self.hear({"done": True})
        return done

    def differing(self, fingerprint: str) -> list[int]:
        """Return the workers whose fingerprint, in hexadecimal digits, is not the chief's."""
        marks = [0] * self.workers
        marks[self.index] = int(fingerprint[:15], 16)
        marks = self.total(marks)
        return [index for index, mark in enumerate(marks) if mark != marks[0]]

    def hand_out(self, variables: Mapping[str, tf.Variable]) -> None:
        """Give all workers the chief's values of some variables, bit by bit."""
        if self.workers == 1:
            return
        for variable in variables.values():
            value = variable.numpy()
            data = self._chiefs_bytes(value.tobytes() if self.chief else b"", value.nbytes)
            if not self.chief:
                variable.assign(np.frombuffer(data, value.dtype).reshape(value.shape))

    def _follow(self, together: Callable[..., Any]) -> None:
        while True:
            said = self.hear()
            if "error" in said:
                raise heard(said["error"])
            if "done" in said:
                return
            try:
                together(*said["call"], **said["named"])
            except Exception as error:
                if error is not self._failure:  # which the chief shares, and will speak of
                    raise

    def _chiefs_bytes(self, data: bytes, length: int) -> bytes:
        padded = np.zeros(-(-length // 8) * 8, np.uint8)
        padded[: len(data)] = np.frombuffer(data, np.uint8)
        return self._total(padded.view(np.int64)).tobytes()[:length]

    def _total(self, numbers: np.ndarray) -> np.ndarray:
        return numbers if self.workers == 1 else self._sum(tf.constant(numbers)).numpy()

    def _summed(self, numbers: tf.Tensor) -> tf.Tensor:
        first = self.index * (self._strategy.num_replicas_in_sync // self.workers)

        def replica() -> tf.Tensor:
            context = tf.distribute.get_replica_context()
            mine = tf.equal(context.replica_id_in_sync_group, first)  # once for each worker
            own = tf.where(mine, numbers, tf.zeros_like(numbers))
            return context.all_reduce(tf.distribute.ReduceOp.SUM, own)

        return self._strategy.experimental_local_results(self._strategy.run(replica))[0]


def is_loss(error: BaseException) -> bool:
    """Tell whether an error says that another worker no longer answers."""
    return isinstance(error, LOSSES) or (
        isinstance(error, tf.errors.OpError) and "Collective ops is aborted" in str(error)
    )


@contextlib.contextmanager
def watching(team: Team) -> Iterator[None]:
    """Say which worker was lost, where TensorFlow raises one of a dozen errors.

    Raises:
        RunError: In place of the error.
    """
    try:
        yield
    except tf.errors.OpError as error:
        if team.workers == 1 or not is_loss(error):
            raise
        raise RunError(
            f"{lost_worker(str(error))} no longer answers; the others cannot go on without it",
            hint="see its log; then start all workers again: the run goes on from its newest "
            "checkpoint",
        ) from error


def lost_worker(text: str) -> str:
    """Tell who is meant by an error of TensorFlow's collective operations.

    >>> lost_worker("The following tasks are unhealthy (stopped sending heartbeats):\\n"
    ...             "/job:worker/replica:0/task:1")
    'worker 1'
    """
    found = re.search(r"(?:unhealthy[^/]*|remote target )/job:(\w+)/replica:\d+/task:(\d+)", text)
    if found:
        return "the chief" if found[1] == "chief" else f"{found[1]} {found[2]}"
    # The service that counts heartbeats is the first worker's.
    return "the chief" if "CoordinationService" in text else "another worker"
