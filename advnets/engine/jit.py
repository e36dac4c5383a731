"""Whether XLA compiles a run's rounds: what the recipe says, or what the rounds are made of."""

from __future__ import annotations

from dataclasses import dataclass

from .flops import Cost

CROSSOVER = 500_000
"""Floating-point operations per node of a round's graph. XLA saves the dispatch of nodes and
multiplies large matrices more slowly than oneDNN does: on two cores with AVX-512 it was
faster below 460,000 and slower above 1,800,000 in every game measured (docs/performance.md)."""
WORTHWHILE = 5_000
"""The first round that ``auto`` compiles: compiling takes seconds, which a short run would
not win back."""


@dataclass(frozen=True)
class Jit:
    """A decision.

    Attributes:
        start: The first round that is compiled; ``None`` for none.
        why: The reason, for the log.
    """

    start: int | None
    why: str

    def __str__(self) -> str:
        """For the log.

        >>> str(Jit(5000, "small matrices"))
        'XLA from round 5,000 (small matrices)'
        """
        if self.start is None:
            return f"no XLA ({self.why})"
        return f"XLA{f' from round {self.start:,}' if self.start else ''} ({self.why})"


def decide(setting: str, cost: Cost | None, device: str) -> Jit:
    """Decide by the content of a round's graph, so that equal runs are compiled equally.

    Args:
        setting: ``distribution.jit``: on, off or auto.
        cost: What a round costs; ``None`` where several replicas play.
        device: ``CPU``, ``GPU`` or ``TPU``.

    >>> decide("auto", Cost(100_000_000, 0, nodes=900), "CPU").start
    5000
    >>> print(decide("auto", Cost(0, 9_000_000_000, nodes=900), "CPU"))
    no XLA (auto: its convolutions are slow on CPUs)
    """
    if setting != "auto":
        return Jit(0 if setting == "on" else None, f"distribution.jit: {setting}")
    if cost is None:
        return Jit(None, "auto: several replicas")
    if device != "CPU":
        return Jit(None, f"auto: not measured on a {device}; `advnets tune` tries it")
    if cost.convolution:
        return Jit(None, "auto: its convolutions are slow on CPUs")
    each = cost.total / max(1, cost.nodes)
    per_node = f"{each / 1000:,.0f} kFLOP per node"
    if each < CROSSOVER:
        return Jit(WORTHWHILE, f"auto: small matrices, {per_node}")
    return Jit(None, f"auto: large matrices, {per_node}")
