"""The results as tables, for the screen (rich) and for the documentation (Markdown)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.table import Table

from .field import ALONE, GEMM, OURS
from .stats import ratio, spread
from .targets import rates, share_of_gemm

Results = dict[str, Any]


@dataclass(frozen=True)
class Plain:
    """A table as text: a title, column heads, rows of cells.

    >>> print(Plain("t", ["a", "b"], [["x", "1"]]).markdown())
    | a | b |
    | --- | ---: |
    | x | 1 |
    """

    title: str
    heads: Sequence[str]
    rows: Sequence[Sequence[str]]

    def markdown(self) -> str:
        """As Markdown; all but the first column are numbers, flush right."""
        lines = [self.heads, ["---", *["---:"] * (len(self.heads) - 1)], *self.rows]
        return "\n".join(f"| {' | '.join(line)} |" for line in lines)

    def rich(self) -> Table:
        """For the screen."""
        table = Table(title=self.title, title_justify="left", title_style="bold")
        for index, head in enumerate(self.heads):
            table.add_column(head, justify="right" if index else "left")
        for row in self.rows:
            table.add_row(*(cell.replace("**", "").replace("`", "") for cell in row))
        return table


def contestants(case: dict[str, Any]) -> Plain:
    """Rates and memory of a case's contestants, and how many times as fast advnets is."""
    ours = rates(case, OURS)
    rows = []
    for label, said in [*case["contestants"].items(), *case["references"].items()]:
        if "absent" in said:
            continue
        of_ours = "" if ours is None or label == OURS else f"{ratio(ours, said['rates']):.2f}"
        rows.append(
            [
                _named(label, said["about"]),
                number(said["median"]),
                f"± {100 * spread(said['rates']):.0f} %",
                of_ours,
                f"{said['peak_memory'] / 2**20:.0f}",
            ]
        )
    heads = ["contestant", "rounds/s", "spread", "advnets is × as fast", "peak memory, MiB"]
    return Plain(f"({case['letter']}) {case['title']}", heads, rows)


def absent(case: dict[str, Any]) -> list[str]:
    """Who was not timed, and why, one line each."""
    return [
        f"{label}: {said['absent']}"
        for label, said in case["contestants"].items()
        if "absent" in said
    ]


def case_table(case: dict[str, Any]) -> Table:
    """A case for the screen."""
    table = contestants(case).rich()
    table.caption = "\n".join(f"not timed: {line}" for line in absent(case))
    table.caption_justify = "left"
    return table


def limit_table(results: Results) -> Plain:
    """For each case what the machine allows, and what advnets reaches."""
    rows = []
    for case in results["cases"].values():
        ours, gemm, alone = (rates(case, label) for label in (OURS, GEMM, ALONE))
        if ours is None or gemm is None:
            continue
        about = case["contestants"][GEMM]["about"]
        reached = case["contestants"][OURS]["median"]
        possible = case["contestants"][GEMM]["median"] * about["flops"] / case["flops"]
        share = share_of_gemm(case) or 0.0
        rows.append(
            [
                f"({case['letter']}) {case['name']}",
                f"{case['flops'] / 1e9:.3g}",
                f"{case['contestants'][OURS]['about'].get('flops', 0) / 1e9:.3g}",
                number(case["contestants"][GEMM]["median"] * about["flops"] / 1e9),
                number(possible),
                number(case["contestants"][ALONE]["median"]) if alone else "",
                number(reached),
                f"{100 * share:.0f} %",
                f"{100 * ratio(ours, alone):.0f} %" if alone else "",
            ]
        )
    heads = [
        "case", "GFLOP a round", "counted in the graph", "GEMM, GFLOP/s", "limit by GEMM, rounds/s",
        "its products alone, rounds/s", "reached, rounds/s", "share of GEMM",
        "share of its products",
    ]  # fmt: skip
    return Plain("limit and reached", heads, rows)


def machine_table(results: Results) -> Plain:
    """The machine's own rates."""
    rows = [
        [f"{r['work']}, {r['dtype']}, {r['library']}", f"{r['gflops']:.0f}"]
        for r in results.get("limits", [])
    ]
    return Plain("the machine", ["work", "GFLOP/s"], rows)


def waiting_table(results: Results) -> Plain:
    """Cold starts."""
    rows = [[f"`{name}`", f"{s:.2f}"] for name, s in results.get("commands", {}).items()]
    for game, found in results.get("first_round", {}).items():
        rows += [
            [f"first round of {game}: {label}", f"{seconds:.1f}"]
            for label, seconds in found.items()
            if seconds is not None
        ]
    return Plain("from command to answer", ["what", "seconds"], rows)


def target_table(results: Results) -> Plain:
    """Targets: met or missed."""
    verdicts = {True: "met", False: "**missed**", None: "not measured"}
    rows = [
        [
            (f"({t['letter']}) " if t["letter"] else "") + t["what"],
            t["target"],
            "" if t["measured"] is None else f"{t['measured']:.2f}",
            verdicts[t["met"]],
        ]
        for t in results["targets"]
    ]
    return Plain("targets", ["what", "target", "measured", "verdict"], rows)


def all_tables(results: Results) -> list[Table]:
    """What is printed at the end of a run, after the cases."""
    tables = [t(results) for t in (machine_table, waiting_table, limit_table, target_table)]
    return [table.rich() for table in tables if table.rows]


def number(value: float) -> str:
    """Three significant digits at least, and no exponent.

    >>> number(0.1316), number(34.56), number(1234.5)
    ('0.132', '34.6', '1,234')
    """
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _named(label: str, about: dict[str, Any]) -> str:
    if label == OURS and "jit" in about:
        return f"**{label}** (jit: auto chose {about['jit']})"
    return label
