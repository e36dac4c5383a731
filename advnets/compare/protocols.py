"""Decide which scores may be ranked: those whose protocols agree in all settings.

A protocol has three kinds of entries: which samples were scored (seed, step, weights), how
(the settings), and what the measurement found (the outcomes). Only the settings must agree.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from ..safe_io.wording import shorten

OF_THE_SAMPLES = ("seed", "step", "weights_sha256", "averaging", "samples_precision")
"""Entries that identify the samples: they differ from run to run, and may."""
ABOUT_ITSELF = ("better", "outcomes", "interval", "note", "bias")
"""Entries about the score, not about the measurement."""
BEFORE_OUTCOMES: dict[str, tuple[str, ...]] = {"parzen": ("sigma", "sigma_curve", "sigma_at_edge")}
"""Outcomes of scores that were written before protocols named theirs."""
BEFORE_BETTER = {"parzen": "higher"}
LONGEST = 60
"""Characters of a value in a message."""


def settings(metric: str, protocol: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings of a measurement, as dotted names and values.

    Args:
        metric: The score's name.
        protocol: Its protocol. The names in its list ``outcomes`` are no settings.

    >>> settings("fid", {"samples": 10, "step": 5, "features": {"name": "pixels"},
    ...     "sigma": 0.2, "outcomes": ["sigma"]})
    {'samples': 10, 'features.name': 'pixels'}
    """
    named = protocol.get("outcomes")
    outcomes = named if isinstance(named, list) else BEFORE_OUTCOMES.get(metric, ())
    left_out = {*OF_THE_SAMPLES, *ABOUT_ITSELF, *(o for o in outcomes if isinstance(o, str))}
    return dict(_leaves(protocol, "", left_out))


def better_direction(metric: str, protocol: Mapping[str, Any]) -> str | None:
    """Return which values are better, ``higher`` or ``lower``; ``None`` if unknown."""
    better = protocol.get("better", BEFORE_BETTER.get(metric))
    return better if better in ("higher", "lower") else None


def settings_key(found: Any) -> str:
    """Return a key of settings, or of one of them, equal for equal ones."""
    return json.dumps(found, sort_keys=True)


def diff_settings(first: Mapping[str, Any], second: Mapping[str, Any]) -> list[str]:
    """List where two measurements' settings differ, one line each.

    >>> diff_settings({"samples": 10000, "split": "test"}, {"samples": 2500, "note": "few"})
    ['samples: 10000 vs 2500', 'split: "test" vs (absent)', 'note: (absent) vs "few"']
    """
    names = [*first, *(name for name in second if name not in first)]
    return [
        f"{name}: {_show(first, name)} vs {_show(second, name)}"
        for name in names
        if settings_key(first.get(name, _ABSENT)) != settings_key(second.get(name, _ABSENT))
    ]


_ABSENT = "(absent)"


def _show(found: Mapping[str, Any], name: str) -> str:
    if name not in found:
        return _ABSENT
    return shorten(json.dumps(found[name], ensure_ascii=False), LONGEST)


def _leaves(value: Any, path: str, left_out: set[str]) -> Iterator[tuple[str, Any]]:
    if path in left_out:
        return
    if isinstance(value, Mapping) and (value or not path):
        for name, item in value.items():
            yield from _leaves(item, f"{path}.{name}" if path else str(name), left_out)
    elif value is not None:  # a setting that is not there, and one of null, are equal
        yield path, value
