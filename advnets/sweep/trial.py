"""Record a trial: values of the space, and the results of the runs with them."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from ..runs.record import Count, validate
from ..safe_io.wording import shorten

LONGEST_REASON = 500

Finite = Annotated[float, Field(strict=True, allow_inf_nan=False)]


def _of_pairs(pairs: Any) -> dict[int, float]:
    return dict(validate(list[tuple[Count, Finite]], pairs))


def _cut(reason: str) -> str:
    return shorten(reason, LONGEST_REASON)


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

    number: Count
    params: dict[str, Any]
    state: Literal["running", "complete", "pruned", "failed"] = "running"
    value: Finite | None = None
    error: Finite | None = None
    values: dict[str, Finite] = field(default_factory=dict)
    steps: Annotated[dict[int, float], BeforeValidator(_of_pairs)] = field(default_factory=dict)
    rungs: dict[str, Finite] = field(default_factory=dict)
    reason: Annotated[str, AfterValidator(_cut)] = ""
    seconds: Finite = 0.0

    @property
    def ended(self) -> bool:
        """Whether nothing is left to be played."""
        return self.state != "running"

    def fail(self, reason: str) -> None:
        """End it as failed."""
        self.state, self.value, self.error = "failed", None, None
        self.reason = _cut(reason)

    def format_value(self) -> tuple[str, str]:
        """Return the objective and its error as texts, empty where there is none.

        >>> Trial(0, {}, "complete", 0.1234567).format_value()
        ('0.12346', '')
        """
        return (
            "" if self.value is None else f"{self.value:.5g}",
            "" if self.error is None else f"{self.error:.2g}",
        )

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
        ValueError: state: expected 'running', 'complete', 'pruned' or 'failed', got the text 'gone'
        """
        trial = validate(cls, found)
        if trial.state in ("complete", "pruned") and trial.value is None:
            raise ValueError("its state is that of an ended trial, but it has no value")
        return trial
