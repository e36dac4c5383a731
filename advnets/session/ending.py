"""How a sitting ends: the manifest sealed, the report written, or what went wrong told."""

from __future__ import annotations

from ..errors import Interrupted
from ..monitor import Monitor
from ..monitor.report.report import write_report
from ..plugins.tracebacks import describe_error
from ..recipe import Recipe
from ..runs import RunFolder
from ..train.account import Account


class Ending:
    """Writes how a sitting ended.

    Args:
        recipe: What was played.
        folder: The run's folder.
        monitor: Who is told.
        account: The books, which are closed.
    """

    def __init__(self, recipe: Recipe, folder: RunFolder, monitor: Monitor, account: Account):
        self._steps = recipe.data["training"]["steps"]
        self._folder, self._monitor, self._account = folder, monitor, account

    def well(self, last: int) -> None:
        """The last round was played and committed.

        Raises:
            RunError: If the manifest cannot be written.
        """
        status = "finished" if last >= self._steps else "interrupted"
        if status == "interrupted":
            self._monitor.note(f"stopped by a callback after round {last}")
        self._folder.manifest.update(status=status, error=None)
        self._monitor.finish(status)
        self._account.close(last, sealed=True)
        self._report()

    def badly(self, error: BaseException, step: int) -> None:
        """Something was raised after ``step`` rounds; failing to say so must not hide it."""
        interrupted = isinstance(error, Interrupted)
        by_hand = interrupted or isinstance(error, KeyboardInterrupt)
        try:
            self._folder.manifest.update(
                status="interrupted" if by_hand else "failed",
                error=None if by_hand else f"{type(error).__name__}: {error}".splitlines()[0],
            )
            self._account.close(step, sealed=interrupted)
        except Exception as another:
            self._monitor.note(f"how the run ended could not be written: {another}", "yellow")
            return
        self._report()

    def _report(self) -> None:
        """The run's state is safe by now: a report that fails is no failed run."""
        try:
            write_report(self._folder)
        except Exception as error:
            text = f"warning: the report could not be written: {describe_error(error)}"
            hint = f"`advnets report {self._folder.path}` writes it"
            self._monitor.note(f"{text}; {hint}", "yellow")
