"""What manifests say of how runs were made, in words for the tables."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

LONGEST = 90
VANISHING = 1e-5
"""Errors below this share of their value are not written out in decimals."""


def shown(value: float, error: float | None, digits: int | None = None) -> str:
    """A number with its error, to two digits of the error; of one that vanishes, its size.

    >>> shown(158.4868, 1.4786), shown(0.00123, 0.00004), shown(7.8, None), shown(8, 4e-80)
    ('158.5 ± 1.5', '0.001230 ± 0.000040', '7.8', '8 ± 4e−80')
    """
    if error is None or not error:
        text = f"{value:.{digits}f}" if digits is not None else f"{value:.5g}"
        return text.replace("-", "−")
    if digits is None and error < VANISHING * abs(value):
        return f"{value:.5g} ± {error:.0e}".replace("-", "−")
    if digits is None:
        digits = max(0, 1 - math.floor(math.log10(error)))
    return f"{value:.{digits}f} ± {error:.{digits}f}".replace("-", "−")


def command(manifest: dict[str, Any]) -> str:
    """What was typed, but for where the run was to lie."""
    words = [str(word) for word in manifest.get("command") or []]
    while "--run-dir" in words:
        at = words.index("--run-dir")
        del words[at : at + 2]
    return " ".join(words)


def machine(manifest: dict[str, Any]) -> str:
    """Processor, cores, memory, devices."""
    about = manifest.get("platform") or {}
    memory = about.get("memory")
    devices = ", ".join(str(d) for d in manifest.get("devices") or [])
    size = f", {memory / 2**30:.0f} GiB" if memory else ""
    cores = "1 core" if about.get("cores") == 1 else f"{about.get('cores')} cores"
    return f"{about.get('processor')}, {cores}{size}, {devices}"


def versions(manifest: dict[str, Any]) -> str:
    """Of Python and the packages."""
    return ", ".join(f"{k} {v}" for k, v in (manifest.get("versions") or {}).items() if v)


def data(manifests: Sequence[dict[str, Any]]) -> list[list[str]]:
    """Rows that say what the runs were trained on."""
    told = dict.fromkeys(
        f"{d.get('name')}, {d.get('train', 0):,} training examples, "
        f"fingerprint {str(d.get('fingerprint'))[:12]}"
        for m in manifests
        if (d := m.get("data"))
    )
    rows = [["data", "; ".join(told)]]
    if any(m.get("stand_in") for m in manifests):
        rows.append(["**stand-in**", "the data set could not be had: these are other data"])
    return rows


def protocol(metric: str, settings: Mapping[str, Any]) -> list[str]:
    """The row of a score's settings."""
    shown = ", ".join(f"{name} {_short(value)}" for name, value in settings.items())
    return [f"protocol of `{metric}`", shown]


def equipment(manifests: Sequence[dict[str, Any]]) -> list[list[str]]:
    """Rows that say on what machines, and with what versions."""
    return [
        ["machine", "; ".join(dict.fromkeys(map(machine, manifests)))],
        ["versions", "; ".join(dict.fromkeys(map(versions, manifests)))],
    ]


def _short(value: Any) -> str:
    if isinstance(value, list) and len(value) > 3:
        return f"[{_short(value[0])} … {_short(value[-1])}, {len(value)} values]"
    text = f"{value:.5g}" if isinstance(value, float) else str(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
