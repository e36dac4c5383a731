"""Resolve plain scalars of YAML 1.2's core schema, and nothing more.

So ``1e-4`` is a number, ``on``, ``yes`` and ``2014-06-10`` are text, and ``1_000``
is text too. What a recipe cannot hold (``.nan``, ``.inf``, integers beyond 64 bits)
is refused with the reason.

Source: YAML 1.2.2, section 10.3.2.
"""

from __future__ import annotations

import math
import re

from ..safe_io.wording import shorten

WORDS = {
    **dict.fromkeys(("null", "Null", "NULL", "~", "")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
INTEGERS = {10: r"[-+]?[0-9]+", 8: r"0o[0-7]+", 16: r"0x[0-9a-fA-F]+"}
"""Their notations, by base."""
FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
NOT_FINITE = re.compile(r"[-+]?\.(inf|Inf|INF)|\.(nan|NaN|NAN)")
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")

LARGEST = 2**63 - 1


def resolve_scalar(text: str) -> bool | int | float | str | None:
    """Return the value of a plain (unquoted) scalar.

    Raises:
        ValueError: If it is a number that no recipe can hold.

    >>> [resolve_scalar(text) for text in ("1e-4", "12", "on", "true", "~", "0x1f")]
    [0.0001, 12, 'on', True, None, 31]
    >>> resolve_scalar(".nan")
    Traceback (most recent call last):
    ...
    ValueError: .nan is not a finite number
    """
    if text in WORDS:
        return WORDS[text]
    for base, notation in INTEGERS.items():
        if re.fullmatch(notation, text):
            if len(text) > 40 or abs(value := int(text, base)) > LARGEST:
                raise ValueError(f"{shorten(text, 21)} does not fit into 64 bits")
            return value
    if FLOAT.fullmatch(text):
        if math.isinf(float(text)):
            raise ValueError(f"{text} is too large for a 64-bit float")
        return float(text)
    if NOT_FINITE.fullmatch(text):
        raise ValueError(f"{text} is not a finite number")
    return text


def check_text(text: str) -> None:
    """Refuse text that no UTF-8 file can hold, and control characters.

    A recipe's text becomes paths, names and messages: NUL ends the one for the system, and
    ESC steers the terminal that the other is shown on. Line feeds and tabs are text.

    Raises:
        ValueError: If it has an unpaired surrogate, or a control character.
    """
    control = CONTROL.search(text)
    if control:
        raise ValueError(f"\\x{ord(control[0]):02x} is a control character, and no text")
    try:
        text.encode()
    except UnicodeEncodeError as error:
        code = ord(text[error.start])
        raise ValueError(f"\\u{code:04x} alone is half a character (a surrogate)") from None
