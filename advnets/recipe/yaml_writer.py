"""Write plain trees as YAML that reads back as exactly the same values."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from .scalars import resolve_scalar

PLAIN = re.compile(r"[A-Za-z_/][\w./-]*", re.ASCII)
WIDTH = 96


def write_yaml(data: Mapping[str, Any]) -> str:
    """Write block style above, flow style for what fits on a line.

    >>> print(write_yaml({"loss": {"name": "hinge", "margin": 1e-4}, "note": "on: 1"}), end="")
    loss: {name: hinge, margin: 0.0001}
    note: "on: 1"
    """
    return "".join(f"{line}\n" for line in _lines(data)) or "{}\n"


def _lines(value: Any) -> Iterator[str]:
    """Yield the lines of a non-empty mapping or list in block style."""
    items = value.items() if isinstance(value, Mapping) else ((None, item) for item in value)
    for key, item in items:
        head = "-" if key is None else f"{_text(key)}:"
        flow = f"{head} {_flow(item)}"
        if not isinstance(item, Mapping | list) or not item or len(flow) <= WIDTH - 8:
            yield flow
        elif key is None:
            first, *rest = _lines(item)
            yield f"- {first}"
            yield from (f"  {line}" for line in rest)
        else:
            yield head
            yield from (f"  {line}" for line in _lines(item))


def _flow(value: Any) -> str:
    if isinstance(value, Mapping):
        return f"{{{', '.join(f'{_text(key)}: {_flow(item)}' for key, item in value.items())}}}"
    if isinstance(value, list):
        return f"[{', '.join(_flow(item) for item in value)}]"
    return _text(value) if isinstance(value, str) else json.dumps(value, allow_nan=False)


def _text(text: str) -> str:
    """Write text, in quotes where YAML would read it as something else."""
    if PLAIN.fullmatch(text) and resolve_scalar(text) == text:
        return text
    escaped = "".join(_escape(character) for character in text)
    return f'"{escaped}"'


def _escape(character: str) -> str:
    if character in '"\\':
        return f"\\{character}"
    if character.isprintable():
        return character
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
