"""Nothing in somebody else's text reaches the terminal as a command."""

from __future__ import annotations

import json

import pytest

from advnets.safe_io import printable, printable_json

NASTY = "\x1b[31m\x07\x08\r\x9b2J\u202e\u200b\ud800\x00é🙂"


def test_what_does_not_show_is_escaped() -> None:
    shown = printable(NASTY)
    assert shown.isprintable()
    assert shown == r"\x1b[31m\x07\x08\r\x9b2J\u202e\u200b\ud800\x00é🙂"


@pytest.mark.parametrize(("lines", "expected"), [(True, "a\n\tb"), (False, r"a\n\tb")])
def test_line_feeds_and_tabs(lines: bool, expected: str) -> None:
    assert printable("a\n\tb", lines=lines) == expected


def test_json_stays_the_same_value() -> None:
    text = printable_json(json.dumps([NASTY, "\U000e0001"], indent=2, ensure_ascii=False))
    assert all(c.isprintable() or c == "\n" for c in text)
    assert json.loads(text) == [NASTY, "\U000e0001"]
