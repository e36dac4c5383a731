"""What the entries of a manifest must be for others to rely on them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Test = Callable[[Any], bool]


def fault(manifest: Mapping[str, Any]) -> str | None:
    """Return the first entry that is not what its readers take it for; ``None`` if all are.

    Entries that are missing or ``None`` are well, and so are those that nobody knows.

    >>> fault({"step": 3, "time": {"total": 1.5}})
    >>> fault({"step": "3"})
    "'step' is '3', not a whole number from 0"
    """
    for key, (words, fits) in ENTRIES.items():
        value = manifest.get(key)
        if value is not None and not fits(value):
            return f"{key!r} is {_short(value)}, not {words}"
    for index, score in enumerate(manifest.get("scores") or ()):
        wrong = _score_fault(score)
        if wrong:
            return f"'scores' holds, as number {index}, {wrong}"
    return None


def _score_fault(score: Any) -> str | None:
    if not isinstance(score, dict):
        return f"{_short(score)}, not a mapping"
    protocol = score.get("protocol")
    if not isinstance(score.get("metric"), str) or not isinstance(protocol, dict | None):
        return f"{_short(score)}, not a metric and its protocol"
    numbers = {key: score.get(key) for key in ("value", "error")}
    for key, value in numbers.items():
        if value is not None and not _is_number(value):
            return f"a score whose {key} is {_short(value)}, not a number"
    step, unit = (protocol or {}).get("step"), (protocol or {}).get("unit")
    if step is not None and not _is_count(step):
        return f"a score whose step is {_short(step)}, not a whole number from 0"
    if unit is not None and not isinstance(unit, str):
        return f"a score whose unit is {_short(unit)}, not text"
    return None


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_mapping(value: Any) -> bool:
    return isinstance(value, dict)


def _is_data(value: Any) -> bool:
    return _is_mapping(value) and isinstance(value.get("fingerprint"), str | None)


def _are_seconds(value: Any) -> bool:
    return _is_mapping(value) and all(
        _is_number(seconds) and 0 <= seconds < 1e12
        for key, seconds in value.items()
        if key in ("total", "training", "saving", "evaluation", "lost")
    )


def _short(value: Any) -> str:
    shown = repr(value)
    return shown if len(shown) <= 80 else f"{shown[:80]}…"


TEXT = ("text", _is_text)
ENTRIES: dict[str, tuple[str, Test]] = {
    "name": TEXT,
    "identity": TEXT,
    "status": TEXT,
    "step": ("a whole number from 0", _is_count),
    "state_sha256": TEXT,
    "time": ("a mapping of seconds", _are_seconds),
    "scores": ("a list", lambda value: isinstance(value, list)),
    "divergences": ("a list", lambda value: isinstance(value, list)),
    "switched_off": ("a list", lambda value: isinstance(value, list)),
    "data": ("a mapping with the data's fingerprint", _is_data),
    "stand_in": ("a mapping", _is_mapping),
    "jit": ("a mapping", _is_mapping),
}
