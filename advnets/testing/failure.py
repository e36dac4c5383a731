"""How a check says that something is wrong."""

from __future__ import annotations

from typing import NoReturn


class ConformanceError(AssertionError):
    """A component does not do what its kind promises.

    Args:
        message: What was seen and what was expected.
        hint: How to mend it.

    >>> print(ConformanceError("it returned 3", hint="return 4"))
    it returned 3
      hint: return 4
    """

    def __init__(self, message: str, hint: str | None = None):
        super().__init__(f"{message}\n  hint: {hint}" if hint else message)


def fail(message: str, hint: str | None = None) -> NoReturn:
    """Raise a :class:`ConformanceError`."""
    raise ConformanceError(message, hint)
