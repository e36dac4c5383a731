"""Asking one check about one subject: a test of a fault needs no others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from unittest import SkipTest

import pytest

from advnets.testing.check import checks_for
from advnets.testing.subject import subject_of


@pytest.fixture
def failure() -> Callable[..., str]:
    """What the named check says of a subject; empty if it is content."""

    def ask(kind: str, what: Any, name: str) -> str:
        (check,) = [check for check in checks_for(kind) if check.__name__ == name]
        try:
            check(subject_of(kind, what))
        except SkipTest:
            raise
        except Exception as error:  # a check may also stumble over what it is given
            return str(error)
        return ""

    return ask
