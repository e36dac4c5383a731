"""JSON from others: bounded, and plain once it is read."""

from __future__ import annotations

import pytest

from advnets.safe_io import parse_json
from advnets.safe_io.json_text import MOST_VALUES


def test_what_no_number_or_text_is_is_replaced() -> None:
    read = parse_json(b'{"a": [NaN, -Infinity, 1e999, 1.5], "\\udc00": "\\ud83d\\ude42"}')
    assert read == {"a": [None, None, None, 1.5], "\ufffd": "🙂"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"[" * 10**6, "nested more than 64 levels"),
        (b'{"a":' * 10**5 + b"1" + b"}" * 10**5, "nested more than 64 levels"),
        (b"[" * 70 + b"]" * 70, "nested more than 64 levels"),
        (b"[" + b"[]," * MOST_VALUES + b"1]", "more than 4,000,000 values"),
        (b"9" * 100_000, "digits"),
        (b"9" * 30, "beyond 64 bits"),
        (b'"\xff"', "utf-8"),
        (b"\xef\xbb\xbf{}", "BOM"),
        (b"{", "Expecting"),
        (b"", "Expecting value"),
    ],
)
def test_refused(content: bytes, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse_json(content)
