"""Record a trial: values of the space, and the results of the runs with them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

STATES = ("running", "complete", "pruned", "failed")
LONGEST_REASON = 500


@dataclass
class Trial:
    """Record one trial of a sweep.

    Attributes:
        number: From 0.
        params: The value of each parameter.
        state: ``running`` (or to be resumed), ``complete``, ``pruned`` or ``failed``.
        value: The objective: the mean over seeds; of a pruned trial, the last score seen.
        error: The standard error of the mean over seeds; ``None`` for one.
        values: The objective of each seed's run that has ended, by the seed as text.
        steps: Scores of the first seed's run that were reported to the pruner, by step.
        rungs: What successive halving keeps of the trial.
        reason: Why it failed, or where it was pruned.
        seconds: That its runs took, by their manifests.
    """

    number: int
    params: dict[str, Any]
    state: str = "running"
    value: float | None = None
    error: float | None = None
    values: dict[str, float] = field(default_factory=dict)
    steps: dict[int, float] = field(default_factory=dict)
    rungs: dict[str, float] = field(default_factory=dict)
    reason: str = ""
    seconds: float = 0.0

    @property
    def ended(self) -> bool:
        """Whether nothing is left to be played."""
        return self.state != "running"

    def fail(self, reason: str) -> None:
        """End it as failed."""
        self.state, self.value, self.error = "failed", None, None
        self.reason = reason[:LONGEST_REASON]

    def to_dict(self) -> dict[str, Any]:
        """Return the trial as JSON values."""
        return asdict(self) | {"steps": [[step, value] for step, value in self.steps.items()]}

    @classmethod
    def from_dict(cls, found: Any) -> Trial:
        """Return the trial that :meth:`to_dict` wrote.

        Raises:
            ValueError: If an entry is not what it must be.

        >>> Trial.from_dict(Trial(3, {"lr": 0.1}, steps={5: 1.0}).to_dict()).steps
        {5: 1.0}
        >>> Trial.from_dict({"number": 0, "params": {}, "state": "gone"})
        Traceback (most recent call last):
        ...
        ValueError: its state is 'gone', none of running, complete, pruned, failed
        """
        if not isinstance(found, Mapping):
            raise ValueError("it is no mapping")
        known = {name: found[name] for name in cls.__dataclass_fields__ if name in found}
        number, params, state = known.get("number"), known.get("params"), known.get("state")
        if not isinstance(number, int) or isinstance(number, bool) or not isinstance(params, dict):
            raise ValueError("it has no number, or no values")
        if state not in STATES:
            raise ValueError(f"its state is {state!r:.40}, none of {', '.join(STATES)}")
        for name in ("value", "error"):
            if known.get(name) is not None:
                _number(known[name], name)
        if state in ("complete", "pruned") and known.get("value") is None:
            raise ValueError("its state is that of an ended trial, but it has no value")
        for name in ("values", "rungs"):
            for item in _mapping(known.get(name, {}), name).values():
                _number(item, name)
        pairs = known.get("steps", [])
        if not isinstance(pairs, list) or not all(
            isinstance(pair, list) and len(pair) == 2 and type(pair[0]) is int and pair[0] >= 0
            for pair in pairs
        ):
            raise ValueError("its steps are no list of pairs")
        known["steps"] = {step: _number(value, "steps") for step, value in pairs}
        known["seconds"] = _number(known.get("seconds", 0.0), "seconds")
        known["reason"] = str(known.get("reason") or "")[:LONGEST_REASON]
        return cls(**known)


def _mapping(value: Any, name: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError(f"its {name} are no mapping")
    return value


def _number(value: Any, name: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"its {name}: {value!r:.40} is no number")
    return float(value)
