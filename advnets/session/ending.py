"""How a session ends: the manifest sealed, the report written, or what went wrong said."""

from __future__ import annotations

import logging
from functools import partial

from ..errors import Interrupted
from ..monitor.report.report import write_report
from ..observe.guard import Guard
from ..plugins.tracebacks import text_of
from ..runs import RunFolder
from ..safe_io.wording import shell_command
from ..train.account import Account

log = logging.getLogger(__name__)


class Ending:
    """Write how a session ended.

    Args:
        folder: The run's folder.
        account: The books, which are closed.
        guard: What keeps a report that fails from ending the run.
    """

    def __init__(self, folder: RunFolder, account: Account, guard: Guard):
        self._folder, self._account, self._guard = folder, account, guard

    def seal(self, ended_by: str | None) -> None:
        """Write that the last round was played and committed.

        Args:
            ended_by: Which callback said that it is the last, in words.

        Raises:
            RunError: If the manifest cannot be written.
        """
        self._folder.put_back_recipe()
        self._folder.manifest.update(status="finished", error=None, ended_by=ended_by)

    def close(self, last: int) -> None:
        """Close the books of a session that was sealed, and write the report."""
        self._account.close(last, sealed=True)
        self._report(last)

    def badly(self, error: BaseException, step: int) -> None:
        """Write what was raised after ``step`` rounds; failing to must not hide it."""
        interrupted = isinstance(error, Interrupted)
        by_hand = interrupted or isinstance(error, KeyboardInterrupt)
        said = f"{type(error).__name__}: {text_of(error)}"
        try:
            self._folder.put_back_recipe()
            self._folder.manifest.update(
                status="interrupted" if by_hand else "failed",
                error=None if by_hand else said.splitlines()[0],
            )
            self._account.close(step, sealed=interrupted)
        except Exception as another:
            log.warning("how the run ended could not be written: %s", another)
            return
        self._report(step)

    def _report(self, step: int) -> None:
        """Write the report. The run's state is safe by now: one that fails is no failed run."""
        hint = f"`{shell_command('advnets', 'report', self._folder.path)}` writes it"
        self._guard.attempt("the report", step, partial(write_report, self._folder), hint)
