"""Say which distribution has what is not registered: from directory.json, which a tool writes."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Mapping
from pathlib import Path

from ..safe_io.json_text import read_json
from .components import KIND

FILE = Path(__file__).with_name("directory.json")
"""Written by ``tools/write_docs.py``: by kind and name, the distributions that have it."""


def distributions_of(kind: str, name: str) -> list[str]:
    """Return the distributions that are known to have a component, installed or not.

    >>> distributions_of("losses", "no_loss_of_anybody")
    []
    """
    return list(_read().get(kind, {}).get(str(name), ()))


def describe_absent(kind: str, name: str, installed: Iterable[str]) -> tuple[str, str] | None:
    """Say which distribution would bring a component that nobody has registered.

    Args:
        kind: A kind, as in :data:`advnets.plugins.components.KINDS`.
        name: The component's.
        installed: Distributions that are there: they do not have it, or cannot be used.

    Returns:
        A message and a hint, or ``None`` if no distribution is known to have it but those.

    >>> describe_absent("losses", "no_loss_of_anybody", [])
    """
    known = distributions_of(kind, name)
    absent = [one for one in known if one not in set(installed)]
    if not absent or len(absent) < len(known):
        return None
    commands = " or ".join(f"`pip install {one}`" for one in absent)
    commands += ", or `make install` in a checkout"
    where = f"{' and '.join(absent)}, which {'is' if len(absent) == 1 else 'are'} not installed"
    return f"{KIND[kind]} {name!r} is in {where}", commands


@functools.cache
def _read() -> Mapping[str, Mapping[str, list[str]]]:
    """Return the directory; read when a name is looked up in vain, and not before."""
    content = read_json(FILE)
    return content if isinstance(content, dict) else {}
