"""How a check says that something is wrong."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NoReturn


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


TRIED_ON = {
    **dict.fromkeys(
        ("losses", "penalties", "conditions", "encounters", "augmentations"),
        "vectors of 2 numbers and fields of 4 classes: Component(…, example={'shape': (28, 28, 1), "
        "'fields': {'mask': Field((28, 28, 1), 'float32')}})",
    ),
    "architectures": "images of 8×8 and vectors of 3 numbers: Component(…, example={'shape': "
    "(28, 28, 1)})",
}
"""What components are tried on that say nothing of it, and how to say it."""
SLIP = re.compile(
    r"raised (NameError|ImportError|ModuleNotFoundError|AttributeError: '(?!NoneType)"
    r"|PluginError.*\n  hint: )"
)
"""What no other data would mend, as a word that is mistyped, or what has a hint of its own."""


def suggest_example(kind: str, example: Mapping[str, Any], problem: str) -> str:
    """Return a problem, with the way out if other data might suit the component.

    >>> print(suggest_example("augmentations", {"shape": (8, 8, 1)}, "raised ValueError"))
    raised ValueError
    >>> print(suggest_example("losses", {}, "raised NameError: name 'margn' is not defined"))
    raised NameError: name 'margn' is not defined
    """
    if kind not in TRIED_ON or "raised " not in problem or {"shape", "fields"} & set(example):
        return problem
    if SLIP.search(problem):
        return problem
    what, _, place = problem.partition("\n  at ")
    hint = (
        f"\n  hint: if it is for other data, its example says so; it was tried on {TRIED_ON[kind]}"
    )
    return what + hint + (f"\n  at {place}" if place else "")


def fail(message: str, hint: str | None = None) -> NoReturn:
    """Raise a :class:`ConformanceError`."""
    raise ConformanceError(message, hint)


@contextmanager
def without_warnings_of_retracing() -> Iterator[None]:
    """Keep from the log what TensorFlow says of code that is compiled anew, as each check does."""

    def keep(record: logging.LogRecord) -> bool:
        return "retracing" not in record.getMessage()

    logger = logging.getLogger("tensorflow")
    logger.addFilter(keep)
    try:
        yield
    finally:
        logger.removeFilter(keep)
