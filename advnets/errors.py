"""What advnets raises on purpose: a message, where it happened, and how to mend it.

Every expected failure is an :class:`AdvnetsError`. The command line prints it
without a traceback and exits with the ``exit_code`` of its kind; anything else
that escapes is a bug in advnets or in a plugin.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class AdvnetsError(Exception):
    """An expected failure.

    Args:
        message: What came and what was expected, in one or two sentences.
        hint: How to mend it, or ``None``.
        where: The place (``file:line:col``, a run folder, a plugin), or ``None``.

    >>> print(AdvnetsError("3 is not a probability", hint="use 0.3", where="r.yaml:2:7"))
    r.yaml:2:7: 3 is not a probability
      hint: use 0.3
    """

    exit_code = 1

    def __init__(self, message: str, *, hint: str | None = None, where: str | None = None):
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.where = where

    def __str__(self) -> str:
        text = f"{self.where}: {self.message}" if self.where else self.message
        return f"{text}\n  hint: {self.hint}" if self.hint else text


class UsageError(AdvnetsError):
    """An argument, a path or a value given by the user cannot be used."""

    exit_code = 2


class PluginError(AdvnetsError):
    """A plugin is missing, broken, or in conflict with another one.

    Args:
        module: The module whose code is to blame, where the error was not raised in it.
    """

    exit_code = 2

    def __init__(
        self,
        message: str,
        *,
        hint: str | None = None,
        where: str | None = None,
        module: str | None = None,
    ):
        super().__init__(message, hint=hint, where=where)
        self.module = module


class DataError(AdvnetsError):
    """A data set is missing, malformed, or unfit for what was asked of it."""

    exit_code = 2


class RunError(AdvnetsError):
    """A run failed: it diverged, its folder is unusable, its disk is full."""

    exit_code = 1


class Interrupted(AdvnetsError):
    """A run was stopped by a signal after committing its state; it can be resumed."""

    exit_code = 75


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a recipe.

    Attributes:
        message: What is wrong, and what was expected.
        line: 1-based line in the recipe, or ``None`` if it has no place in it.
        column: 1-based column.
        source: The file's name, or ``command line`` for an override.
        hint: How to mend it.

    >>> str(Problem("unknown key 'los'", 3, 1, "r.yaml", "did you mean 'loss'?"))
    "r.yaml:3:1: unknown key 'los'; did you mean 'loss'?"
    """

    message: str
    line: int | None = None
    column: int | None = None
    source: str = "recipe"
    hint: str | None = None

    def __str__(self) -> str:
        place = self.source
        if self.line is not None:
            place += f":{self.line}:{self.column or 1}"
        return f"{place}: {self.message}" + (f"; {self.hint}" if self.hint else "")


class RecipeError(AdvnetsError):
    """A recipe has problems; all of them are listed at once.

    Args:
        problems: Every problem found, in the order of the file.
        thing: What has them, if it is no recipe itself, such as a sweep.
    """

    exit_code = 2

    def __init__(self, problems: Sequence[Problem], thing: str = "recipe"):
        self.problems = tuple(problems)
        self.thing = thing
        super().__init__("\n".join(str(problem) for problem in self.problems))
