"""Checks of every component: it says what it is, and what its parameters are."""

from __future__ import annotations

from pydantic import ValidationError

from .failure import fail
from .subject import Subject

LONGEST = 120
"""Characters that a summary may have, to fit a line of a listing."""


def has_a_summary(subject: Subject) -> None:
    """One line for ``advnets components``."""
    if subject.component is None:
        return
    summary = subject.component.summary.strip()
    if not summary or "\n" in summary or len(summary) > LONGEST:
        fail(
            f"its summary is {subject.component.summary!r}; one line of at most {LONGEST} "
            "characters was expected",
            hint="the third argument of Component",
        )


def describes_its_parameters(subject: Subject) -> None:
    """``advnets components`` and editors show the descriptions."""
    if subject.component is None:
        return
    fields = subject.component.parameters.model_fields
    silent = [name for name, field in fields.items() if not field.description]
    if silent:
        fail(
            f"nothing says what {', '.join(silent)} {'is' if len(silent) == 1 else 'are'}",
            hint="Field(…, description=…)",
        )


def has_valid_defaults(subject: Subject) -> None:
    """Defaults are not validated by pydantic, but a recipe's resolved copy is."""
    if subject.component is None:
        return
    fields = subject.component.parameters.model_fields.items()
    required = {name for name, field in fields if field.is_required()}
    given = {name: value for name, value in subject.parameters.items() if name in required}
    try:
        try:
            made = subject.component.resolve(given)
        except ValidationError as error:
            if any(one["loc"] for one in error.errors()):
                raise
            made = subject.component.resolve(subject.parameters)  # it requires one of several
        subject.component.resolve(made.model_dump(mode="json"))
    except ValueError as error:
        fail(f"its defaults do not pass its own schema: {error}")
