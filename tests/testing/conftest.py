"""Asking one check about one subject: a test of a fault needs no others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from advnets.testing import ConformanceError
from advnets.testing.check import attempt, checks_for
from advnets.testing.subject import subject_of


@pytest.fixture
def failure() -> Callable[..., str]:
    """What the named check says of a subject; empty if it is content."""

    def ask(kind: str, what: Any, name: str, example: Any = None) -> str:
        (check,) = [check for check in checks_for(kind) if check.__name__ == name]
        try:
            attempt(check, subject_of(kind, what, example=example))
        except ConformanceError as error:
            return str(error)
        return ""

    return ask
