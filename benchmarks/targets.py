"""The targets, evaluated from the results: met or missed, and by how much."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .field import BARE, BARE_XLA, EAGER, FIT, GEMM, OURS, TF_GAN
from .stats import median, ratio

Results = dict[str, Any]


@dataclass(frozen=True)
class Target:
    """How many times as fast as another contestant advnets is to be.

    Attributes:
        case: In which case advnets is timed.
        other: The other contestant's label, or ``CASE / LABEL`` of another case.
        least: The least ratio that meets the target.
    """

    case: str
    other: str
    least: float


SPEED = [
    Target("mnist", EAGER, 1.4),
    Target("mnist", TF_GAN, 1.1),
    Target("mnist", FIT, 1.15),
    Target("mnist_simultaneous", f"mnist / {OURS}", 1.25),
    Target("ring", EAGER, 4.0),
    Target("ring", FIT, 10.0),
    Target("dcgan", EAGER, 1.0),
    Target("dcgan_bfloat16", f"dcgan / {EAGER}", 1.25),
    Target("wgan_gp", EAGER, 3.0),
]
FLOOR = 0.97
SHARE = 0.75
COMMANDS = {"advnets --help": 0.3, "advnets validate": 0.6}
"""Seconds at most."""


def evaluate(results: Results) -> list[dict[str, Any]]:
    """Every target with what was measured.

    Args:
        results: As ``benchmarks.run`` writes them.

    Returns:
        For each: ``letter``, ``what`` in words, ``target``, ``measured`` (``None`` if it was
        not), ``met`` (likewise).
    """
    cases = results["cases"]
    found = []
    for target in SPEED:
        case = cases.get(target.case, {})
        what = f"{case.get('title', target.case)}: advnets against {target.other}"
        found.append(_judged(case, what, target.least, _ratio(case, target.other)))
    for case in cases.values():
        faster = _faster_bare(case)
        what = f"{case['title']}: advnets against the {faster or BARE}"
        found.append(_judged(case, what, FLOOR, _ratio(case, faster or BARE)))
    mnist = cases.get("mnist", {})
    what = "share of the machine's rate of matrix products"
    found.append(_judged(mnist, f"MNIST, alternating: {what}", SHARE, share_of_gemm(mnist)))
    for command, most in COMMANDS.items():
        seconds = results.get("commands", {}).get(command)
        found.append(
            {
                "letter": "",
                "what": f"`{command}`, seconds",
                "target": f"≤ {most:g}",
                "measured": seconds,
                "met": None if seconds is None else seconds <= most,
            }
        )
    return found


def rates(case: dict[str, Any], label: str) -> list[float] | None:
    """The rates of a contestant of a case, if it was timed."""
    where = case.get("references" if " / " in label else "contestants", {})
    return where.get(label, {}).get("rates") or None


def share_of_gemm(case: dict[str, Any]) -> float | None:
    """The rate of operations that advnets reaches, relative to that of a large product."""
    ours, gemm = rates(case, OURS), rates(case, GEMM)
    if ours is None or gemm is None:
        return None
    large = case["contestants"][GEMM]["about"]["flops"]
    return ratio(ours, gemm) * case["flops"] / large


def _ratio(case: dict[str, Any], other: str) -> float | None:
    ours, theirs = rates(case, OURS), rates(case, other)
    return None if ours is None or theirs is None else ratio(ours, theirs)


def _faster_bare(case: dict[str, Any]) -> str | None:
    timed = {label: rates(case, label) for label in (BARE, BARE_XLA)}
    return max(
        (label for label, found in timed.items() if found),
        key=lambda label: median(timed[label] or [0.0]),
        default=None,
    )


def _judged(
    case: dict[str, Any], what: str, least: float, measured: float | None
) -> dict[str, Any]:
    return {
        "letter": case.get("letter", ""),
        "what": what,
        "target": f"≥ {least:g}",
        "measured": measured,
        "met": None if measured is None else measured >= least,
    }
