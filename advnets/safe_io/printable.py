"""Text of unknown origin, fit for a terminal: nothing in it moves the cursor or turns the line.

A name with ``ESC [ 2 J`` in it clears the screen of whoever reads the message, one with
U+202E turns round what follows. Python's notion of a printable character leaves both out.
"""

from __future__ import annotations

KEPT = "\n\t"


def printable(text: str, *, lines: bool = True) -> str:
    r"""The text with every character that does not show escaped as in a Python string.

    Args:
        text: Any text, unpaired surrogates included.
        lines: Whether line feeds and tabs are kept.

    >>> print(printable("red: \x1b[31m, turned: \u202e, half: \ud800"))
    red: \x1b[31m, turned: \u202e, half: \ud800
    >>> print(printable("two\nlines", lines=False))
    two\nlines
    """
    kept = KEPT if lines else ""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c in kept else repr(c)[1:-1] for c in text)


def printable_json(text: str) -> str:
    r"""The same for JSON, where such characters stand within strings only: ``\uXXXX``.

    >>> print(printable_json('"\x7f"'))
    "\u007f"
    """
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() or c == "\n" else _json_escape(c) for c in text)


def _json_escape(character: str) -> str:
    code = ord(character)
    if code < 0x10000:
        return f"\\u{code:04x}"
    high, low = divmod(code - 0x10000, 0x400)
    return f"\\u{0xD800 + high:04x}\\u{0xDC00 + low:04x}"
