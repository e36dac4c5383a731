"""Whether XLA compiles a run's rounds: what the recipe says, or what the rounds are made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from .flops import Cost

CROSSOVER = 500_000
"""Floating-point operations per node of a round's graph. XLA saves the dispatch of nodes and
multiplies large matrices more slowly than oneDNN does: on two cores with AVX-512 it was
faster below 460,000 and slower above 1,800,000 in every game measured (docs/performance.md)."""
FIRST_ROUND = 5_000
"""The first round that ``auto`` compiles: compiling takes seconds, which a short run would
not win back."""


@dataclass(frozen=True)
class Jit:
    """Hold a decision.

    Attributes:
        start: The first round that is compiled; ``None`` for none.
        why: The reason, for the log.
    """

    start: int | None
    why: str

    def __str__(self) -> str:
        """Format it for the log.

        >>> str(Jit(5000, "small matrices"))
        'XLA from round 5,000 (small matrices)'
        """
        if self.start is None:
            return f"no XLA ({self.why})"
        return f"XLA{f' from round {self.start:,}' if self.start else ''} ({self.why})"


def decide(setting: str, cost: Callable[[], Cost], device: str, replicas: int = 1) -> Jit:
    """Decide by the content of a round's graph, so that equal runs are compiled equally.

    Args:
        setting: ``distribution.jit``: on, off or auto.
        cost: Counts what a round costs, or raises ``ValueError``; called only if need be.
        device: ``CPU``, ``GPU`` or ``TPU``.
        replicas: How many devices share the batches.

    >>> decide("auto", lambda: Cost(100_000_000, 0, nodes=900), "CPU").start
    5000
    >>> print(decide("auto", lambda: Cost(0, 9_000_000_000, nodes=900), "CPU"))
    no XLA (auto: its convolutions are slow on CPUs)
    """
    if replicas > 1:
        return Jit(None, f"{setting}: {replicas} replicas, and it is for one device")
    if setting != "auto":
        return Jit(0 if setting == "on" else None, f"distribution.jit: {setting}")
    if device != "CPU":
        return Jit(None, f"auto: not measured on a {device}; `advnets tune` tries it")
    try:
        counted = cost()
    except ValueError as error:
        return Jit(None, f"auto: {error}")
    if counted.convolution:
        return Jit(None, "auto: its convolutions are slow on CPUs")
    each = counted.total / max(1, counted.nodes)
    per_node = f"{each / 1000:,.0f} kFLOP per node"
    if each < CROSSOVER:
        return Jit(FIRST_ROUND, f"auto: small matrices, {per_node}")
    return Jit(None, f"auto: large matrices, {per_node}")


def settle(
    setting: str,
    cost: Callable[[], Cost],
    device: str,
    replicas: int,
    kept: Mapping[str, Any] | None,
) -> tuple[Jit, dict[str, Any] | None]:
    """Decide as a run has decided before, under equal circumstances, or from scratch.

    Args:
        setting, cost, device, replicas: See :func:`decide`.
        kept: What the manifest holds of an earlier decision.

    Returns:
        The decision, and what the manifest is to hold of it. A session with several
        replicas leaves there what one device had decided.
    """
    if replicas > 1:
        return decide(setting, cost, device, replicas), dict(kept) if kept else None
    same = kept is not None and (kept["setting"], kept["device"]) == ("auto", device)
    if kept is not None and same and setting == "auto":
        decision = Jit(kept["start"], kept["why"])
    else:
        decision = decide(setting, cost, device)
    return decision, {"setting": setting, "device": device, **asdict(decision)}
