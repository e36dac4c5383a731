"""The lines of docs/keras.md: each stands on the test that shows it.

A test of tests/keras/ that shows a line of the page says so by one of two decorators, with
literals only, since the page is written without running or importing the tests::

    @works("methods", "`evaluate`", "Judges held-out examples; nothing moves.")
    def test_evaluate(...): ...

    @refused("methods", "`compile(loss=…)`", "What the players minimise is part of the game.",
             match="part of the game")
    def test_compile_loss(...): ...

The test of a line that is refused has to end in one of advnets' own errors, whose message, of one
line, ``match`` is found in. The sections are those of the page: ``<!-- generated: keras methods
-->``. A new section is a heading and such a comment in docs/keras.md. Then:
``python tools/write_docs.py``.
"""

from __future__ import annotations

import ast
import functools
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from markdown_table import table

TESTS = Path(__file__).parents[1] / "tests" / "keras"
VERDICTS = {"works": "works", "refused": "refused"}


class Line(NamedTuple):
    """A line of the page, and where it is tested."""

    section: str
    feature: str
    verdict: str
    text: str
    test: str


def works(section: str, feature: str, text: str) -> Callable[[Any], Any]:
    """Declare that a test shows that something works, and how."""
    return lambda test: test


def refused(section: str, feature: str, text: str, match: str) -> Callable[[Any], Any]:
    """Declare that a test shows that something is refused, and why."""

    def declare(test: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(test)
        def shown(*args: Any, **kwargs: Any) -> None:
            import pytest

            from advnets.errors import AdvnetsError

            with pytest.raises(AdvnetsError) as caught:
                test(*args, **kwargs)
            message = caught.value.message
            assert re.search(match, message), message
            assert "\n" not in message

        return shown

    return declare


def lines() -> Iterator[Line]:
    """The lines that the tests declare, file by file, in their order."""
    for file in sorted(TESTS.glob("test_*.py")):
        for node in ast.parse(file.read_text(encoding="utf-8")).body:
            if not isinstance(node, ast.FunctionDef):
                continue
            for call in node.decorator_list:
                name = getattr(getattr(call, "func", None), "id", "")
                if isinstance(call, ast.Call) and name in VERDICTS:
                    section, feature, text = (ast.literal_eval(each) for each in call.args[:3])
                    test = f"{file.relative_to(TESTS.parents[1]).as_posix()}::{node.name}"
                    yield Line(section, feature, VERDICTS[name], text, test)


def keras_section(section: str) -> Iterator[str]:
    """A section's table."""
    found = [line for line in lines() if line.section == section]
    if not found:
        raise ValueError(f"no test declares a line of the section {section!r}")
    rows = [(line.feature, line.verdict, line.text, f"`{line.test}`") for line in found]
    yield table(("what", "", "how, or why not", "test"), rows)
