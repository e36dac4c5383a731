"""The chart of docs/performance.md: for each case what the machine allows, what was reached."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

from .field import ALONE, BARE, COMPILED, EAGER, FIT, GEMM, OURS, TF_GAN

PEERS = {
    EAGER: ("#e07b39", "o"),
    COMPILED: ("#e07b39", "D"),
    FIT: ("#9b3d3d", "s"),
    TF_GAN: ("#6a8f4f", "^"),
    BARE: ("#777777", "x"),
}
BLUE, LIMIT = "#2a5d9f", "#bbbbbb"


def draw(results: dict[str, Any], out: Path) -> None:
    """One row a case, rounds per second on a logarithmic axis."""
    cases = [c for c in results["cases"].values() if _median(c, OURS) is not None]
    figure, axis = plt.subplots(figsize=(9.5, 1.1 + 0.75 * len(cases)), layout="constrained")
    seen: dict[str, Any] = {}
    for row, case in enumerate(cases):
        ours, alone, possible = _median(case, OURS), _median(case, ALONE), _possible(case)
        assert ours is not None
        if possible is not None:
            axis.plot([ours, possible], [row, row], color=LIMIT, linewidth=1.5, zorder=1)
            seen["limit: GEMM rate / operations"] = axis.scatter(
                possible, row, marker="|", s=320, color="black", linewidth=2, zorder=3
            )
            axis.annotate(
                _short(possible), (possible, row), (6, -3), textcoords="offset points", fontsize=8
            )
        if alone is not None:
            seen["its products alone"] = axis.scatter(
                alone, row, marker="|", s=160, color="#888888", linewidth=2, zorder=2
            )
        for label, (colour, marker) in PEERS.items():
            peer = _median(case, label)
            if peer is not None:
                seen[label] = axis.scatter(
                    peer, row, marker=marker, s=34, color=colour, zorder=3, alpha=0.9
                )
        seen["advnets: reached"] = axis.scatter(ours, row, s=110, color=BLUE, zorder=4)
        axis.annotate(
            _short(ours), (ours, row), (0, 9), textcoords="offset points", fontsize=8,
            color=BLUE, ha="center", weight="bold",
        )  # fmt: skip
    axis.set_xscale("log")
    axis.xaxis.set_major_formatter("{x:,g}")
    axis.set_yticks(range(len(cases)), [f"({c['letter']}) {c['title']}" for c in cases])
    axis.set_ylim(len(cases) - 0.5, -0.6)
    axis.set_xlabel("rounds per second")
    axis.grid(axis="x", alpha=0.25)
    axis.spines[["top", "right", "left"]].set_visible(False)
    axis.tick_params(axis="y", length=0)
    figure.legend(
        seen.values(),
        seen.keys(),
        loc="outside lower center",
        ncols=4,
        frameon=False,
        markerscale=0.7,
    )
    out.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(out, dpi=110)
    plt.close(figure)


def _median(case: dict[str, Any], label: str) -> float | None:
    return case["contestants"].get(label, {}).get("median")


def _possible(case: dict[str, Any]) -> float | None:
    gemm = _median(case, GEMM)
    if gemm is None:
        return None
    return gemm * case["contestants"][GEMM]["about"]["flops"] / case["flops"]


def _short(value: float) -> str:
    return f"{value:,.0f}" if value >= 20 else f"{value:.1f}"
