"""Put values into words: shortened texts, counts, bytes, seconds, the first of many names."""

from __future__ import annotations

import shlex
from collections.abc import Iterable


def shorten(value: object, most: int) -> str:
    """Return a value as text of at most ``most`` characters; what is cut off ends in ``…``.

    >>> shorten("generator", 9), shorten("discriminator", 9), shorten(0.5, 9)
    ('generator', 'discrimi…', '0.5')
    """
    text = str(value)
    return text if len(text) <= most else f"{text[: most - 1]}…"


def shell_command(*words: object) -> str:
    """Return a command that can be pasted into a shell, whatever is in its words.

    >>> shell_command("advnets", "report", "my runs/ring")
    "advnets report 'my runs/ring'"
    """
    return shlex.join(map(str, words))


def pluralise(count: int, noun: str) -> str:
    """Return a number of things.

    >>> pluralise(1, "round"), pluralise(1500, "round"), pluralise(0, "entry")
    ('1 round', '1,500 rounds', '0 entries')
    """
    return f"{count:,} {noun if count == 1 else plural_of(noun)}"


def plural_of(noun: str) -> str:
    """Return the plural of a noun.

    >>> plural_of("sequence"), plural_of("melody")
    ('sequences', 'melodies')
    """
    return f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"


def size(count: int) -> str:
    """Return a number of bytes in binary units.

    >>> size(39_200_000), size(5 * 2**30), size(120)
    ('37.4 MiB', '5 GiB', '120 bytes')
    """
    for unit, name in ((2**30, "GiB"), (2**20, "MiB"), (2**10, "KiB")):
        if count >= unit:
            number = count / unit
            return f"{number:,.0f} {name}" if number >= 1000 else f"{number:.3g} {name}"
    return pluralise(count, "byte")


def duration(seconds: float) -> str:
    """Return seconds as hours, minutes and seconds.

    >>> duration(75), duration(3700.4)
    ('1:15', '1:01:40')
    """
    minutes, left = divmod(int(max(seconds, 0)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"


def some(names: Iterable[str], most: int) -> str:
    """Return the first of some names, and how many more there are.

    >>> some(["a", "b"], 2), some("abcde", 2), some([], 2)
    ('a, b', 'a, b and 3 more', '')
    """
    names = list(names)
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def indent(lines: Iterable[str], most: int) -> str:
    """Return the first of some lines, each set in, and how many more there are.

    >>> print(indent(["one", "two", "three"], 1))
      one
      and 2 more
    """
    lines = list(lines)
    more = [f"and {len(lines) - most:,} more"] if len(lines) > most else []
    return "\n".join(f"  {line}" for line in [*lines[:most], *more])
