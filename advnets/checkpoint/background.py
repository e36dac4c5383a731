"""Write checkpoints while the game continues: one thread, one snapshot at a time."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

T = TypeVar("T")


class BackgroundWriter(Generic[T]):
    """Do one piece of work at a time in a thread of its own.

    What it did, or why it failed, is reported in the caller's thread: by :meth:`poll`,
    :meth:`finish`, or the next :meth:`submit`, which wait for it if need be.

    Args:
        done: Called with what the work returned, in the caller's thread.

    >>> done = []
    >>> writer = BackgroundWriter(done.append)
    >>> writer.submit(lambda: 1); writer.submit(lambda: 2); done
    [1]
    >>> writer.finish(); writer.finish(); done
    [1, 2]
    """

    def __init__(self, done: Callable[[T], object]):
        self._done = done
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="checkpoint")
        self._pending: Future[T] | None = None

    def submit(self, work: Callable[[], T]) -> None:
        """Begin ``work``, once what was begun before has ended.

        Raises:
            Exception: Whatever the work before raised.
        """
        self.finish()
        self._pending = self._thread.submit(work)

    def poll(self) -> None:
        """Take notice of work that has ended; do not wait for it.

        Raises:
            Exception: Whatever it raised.
        """
        if self._pending is not None and self._pending.done():
            self.finish()

    def finish(self) -> None:
        """Wait until there is nothing left to do.

        Raises:
            Exception: Whatever the work raised.
        """
        pending, self._pending = self._pending, None
        if pending is not None:
            self._done(pending.result())
