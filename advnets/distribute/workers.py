"""Let the processes that play one run communicate, and run on the chief what it alone does.

All of them play the same rounds on their own shares of each batch. The chief alone writes
the run's folder, so it is the one that knows where a run resumes, and broadcasts it: every
worker makes the same calls here, in the same order, and each call synchronises them.
"""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias, TypeVar

import numpy as np
import tensorflow as tf

from ..errors import RunError
from .messages import pack, pack_error, unpack, unpack_error

T = TypeVar("T")
Function: TypeAlias = Callable[..., Any]

PIECE_BYTES = 2**26
"""Bytes of an array that are broadcast at a time, a multiple of 8."""

WORKER_LOST = (
    tf.errors.UnavailableError,
    tf.errors.DeadlineExceededError,
    tf.errors.AbortedError,
    tf.errors.CancelledError,
)
"""What TensorFlow raises when another worker no longer answers."""


class Workers:
    """Connect the workers of a strategy; there is one where there is one process.

    Args:
        strategy: The strategy. Under :class:`tf.distribute.MultiWorkerMirroredStrategy`
            each of its workers makes this object.

    Attributes:
        strategy: The strategy.
        count: How many processes there are (the world size).
        index: This one's number (its rank); the chief's is 0.

    >>> workers = Workers(tf.distribute.get_strategy())
    >>> workers.is_chief, workers.all_reduce_sum([1, 2]), workers.run_on_chief(lambda: 7)
    (True, [1, 2], 7)
    """

    def __init__(self, strategy: tf.distribute.Strategy):
        self.strategy = strategy
        self.count, self.index = 1, 0
        self._failure: BaseException | None = None
        if isinstance(strategy, tf.distribute.MultiWorkerMirroredStrategy):
            resolver = strategy.cluster_resolver
            jobs = resolver.cluster_spec().as_dict()
            self.count = sum(map(len, jobs.values()))
            before = len(jobs.get("chief", ())) if resolver.task_type == "worker" else 0
            self.index = before + resolver.task_id
        self._sum = tf.function(
            self._sum_replicas, input_signature=[tf.TensorSpec([None], tf.int64)], autograph=False
        )

    @property
    def is_chief(self) -> bool:
        """Whether this is the process that writes."""
        return self.index == 0

    def all_reduce_sum(self, numbers: Sequence[int]) -> list[int]:
        """Return the sum over all workers of each of some whole numbers."""
        return [int(n) for n in self._add_up(np.asarray(numbers, np.int64))]

    def broadcast(self, value: Any = None) -> Any:
        """Return the chief's value, JSON-able with arrays in it, on all workers; ignore theirs."""
        if self.count == 1:
            return value
        message, own = pack(value) if self.is_chief else (b"", [])
        (length,) = self.all_reduce_sum([len(message)])
        value, arrays = unpack(self._broadcast_bytes(message, length))
        for index, array in enumerate(arrays):
            flat = array.reshape(-1).view(np.uint8)
            sent = np.ascontiguousarray(own[index] if self.is_chief else array)
            sent = sent.reshape(-1).view(np.uint8)
            for start in range(0, len(flat), PIECE_BYTES):
                end = min(start + PIECE_BYTES, len(flat))
                piece = sent[start:end].tobytes() if self.is_chief else b""
                flat[start:end] = np.frombuffer(self._broadcast_bytes(piece, end - start), np.uint8)
        return value

    def all_gather(self, rows: np.ndarray, counts: Sequence[int]) -> np.ndarray:
        """Return the rows of all workers, one after the other, bit by bit.

        Args:
            rows: float64 ``[counts[index], ...]``, this worker's.
            counts: How many rows each worker has.

        Returns:
            float64 ``[sum(counts), ...]``, on all of them.
        """
        if self.count == 1:
            return rows
        # The others' rows are zeros here, and whole numbers add up exactly.
        all_rows = np.zeros((sum(counts), *rows.shape[1:]), np.float64)
        first = sum(counts[: self.index])
        all_rows[first : first + len(rows)] = rows
        total = self._add_up(all_rows.reshape(-1).view(np.int64))
        return total.view(np.float64).reshape(all_rows.shape)

    def run_on_all(self, work: Callable[[], T]) -> T:
        """Run something on every worker by itself; if it fails on one, it fails on all.

        Returns:
            What ``work`` returned here.

        Raises:
            RunError: If it failed on another worker only; otherwise, what it raised here.
        """
        failure: Exception | None = None
        try:
            done = work()
        except Exception as error:
            failure = error
        failed = [index == self.index and failure is not None for index in range(self.count)]
        others = [index for index, bad in enumerate(self.all_reduce_sum(failed)) if bad]
        if not others:
            return done
        if failure is None:
            failure = RunError(f"worker {others[0]} failed", hint="its log says why")
        self._failure = failure
        raise failure

    def run_on_chief(self, work: Callable[[], T]) -> T | None:
        """Run something on the chief; if it fails, it fails on all.

        Args:
            work: What the chief runs. It must make no collective call itself.

        Returns:
            What ``work`` returned, on the chief; ``None`` on the others.

        Raises:
            AdvnetsError: On all workers, whatever kind of it ``work`` raised.
        """
        done: T | None = self.coordinate(lambda _: work(), lambda: None)
        return done

    def coordinate(self, work: Callable[[Function], T], together: Function) -> Any:
        """Run something on the chief that calls a function on all workers now and then.

        Args:
            work: What the chief runs, given a function to call with JSON-able arguments and
                arrays.
            together: What that function runs, on all workers at once.

        Returns:
            What ``work`` returned, on the chief; ``None`` on the others.

        Raises:
            AdvnetsError: On all workers, whatever kind of it ``work`` raised.
        """
        if not self.is_chief:
            self._follow(together)
            return None

        def call(*arguments: Any, **named: Any) -> Any:
            self.broadcast({"call": arguments, "named": named})
            return together(*arguments, **named)

        try:
            done = work(call)
        except Exception as error:
            if not is_worker_lost(error):
                with contextlib.suppress(tf.errors.OpError):
                    self.broadcast({"error": pack_error(error)})
            raise
        self.broadcast({"done": True})
        return done

    def find_differing(self, fingerprint: str) -> list[int]:
        """Return the workers whose fingerprint, in hexadecimal digits, is not the chief's."""
        marks = [0] * self.count
        marks[self.index] = int(fingerprint[:15], 16)
        marks = self.all_reduce_sum(marks)
        return [index for index, mark in enumerate(marks) if mark != marks[0]]

    def broadcast_variables(self, variables: Mapping[str, tf.Variable]) -> None:
        """Assign the chief's values of some variables on all workers, bit by bit."""
        if self.count == 1:
            return
        for variable in variables.values():
            value = variable.numpy()
            data = self._broadcast_bytes(value.tobytes() if self.is_chief else b"", value.nbytes)
            if not self.is_chief:
                variable.assign(np.frombuffer(data, value.dtype).reshape(value.shape))

    def _follow(self, together: Function) -> None:
        while True:
            message = self.broadcast()
            if "error" in message:
                raise unpack_error(message["error"])
            if "done" in message:
                return
            try:
                together(*message["call"], **message["named"])
            except Exception as error:
                if error is not self._failure:  # which the chief shares, and will report
                    raise

    def _broadcast_bytes(self, data: bytes, length: int) -> bytes:
        padded = np.zeros(-(-length // 8) * 8, np.uint8)
        padded[: len(data)] = np.frombuffer(data, np.uint8)
        return self._add_up(padded.view(np.int64)).tobytes()[:length]

    def _add_up(self, numbers: np.ndarray) -> np.ndarray:
        return numbers if self.count == 1 else self._sum(tf.constant(numbers)).numpy()

    def _sum_replicas(self, numbers: tf.Tensor) -> tf.Tensor:
        first = self.index * (self.strategy.num_replicas_in_sync // self.count)

        def replica() -> tf.Tensor:
            context = tf.distribute.get_replica_context()
            mine = tf.equal(context.replica_id_in_sync_group, first)  # once for each worker
            own = tf.where(mine, numbers, tf.zeros_like(numbers))
            return context.all_reduce(tf.distribute.ReduceOp.SUM, own)

        return self.strategy.experimental_local_results(self.strategy.run(replica))[0]


def is_worker_lost(error: BaseException) -> bool:
    """Tell whether an error says that another worker no longer answers."""
    return isinstance(error, WORKER_LOST) or (
        isinstance(error, tf.errors.OpError) and "Collective ops is aborted" in str(error)
    )


@contextlib.contextmanager
def report_lost_workers(workers: Workers) -> Iterator[None]:
    """Name the worker that was lost, where TensorFlow raises one of a dozen errors.

    Raises:
        RunError: In place of the error.
    """
    try:
        yield
    except tf.errors.OpError as error:
        if workers.count == 1 or not is_worker_lost(error):
            raise
        raise RunError(
            f"{name_lost_worker(str(error))} no longer answers; the others cannot play without it",
            hint="see its log; then start all workers again: the run resumes from its newest "
            "checkpoint",
        ) from error


def name_lost_worker(text: str) -> str:
    """Return who is meant by an error of TensorFlow's collective operations.

    >>> name_lost_worker("The following tasks are unhealthy (stopped sending heartbeats):\\n"
    ...             "/job:worker/replica:0/task:1")
    'worker 1'
    """
    found = re.search(r"(?:unhealthy[^/]*|remote target )/job:(\w+)/replica:\d+/task:(\d+)", text)
    if found:
        return "the chief" if found[1] == "chief" else f"{found[1]} {found[2]}"
    # The service that counts heartbeats is the first worker's.
    return "the chief" if "CoordinationService" in text else "another worker"
