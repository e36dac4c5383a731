"""Describe the parameters of a component: their schema, and what some of them speak of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel, ConfigDict


class Parameters(BaseModel):
    """Base class of a component's parameter schema: strict, closed, finite.

    Subclass it with annotated, documented fields; a recipe's parameters are checked
    against it (types, ranges, unknown names) before any TensorFlow is imported.

    >>> from pydantic import Field
    >>> class Margin(Parameters):
    ...     margin: float = Field(10.0, gt=0, description="m, in units of energy")
    >>> Margin().margin
    10.0
    """

    # Deferred: most commands validate few of the many schemas, or none.
    model_config = ConfigDict(
        extra="forbid",
        strict=True,
        frozen=True,
        allow_inf_nan=False,
        defer_build=True,
        validate_default=True,
    )


@dataclass(frozen=True)
class Names:
    """Metadata of a parameter that names a component of another kind, a list of them, or ``None``.

    Its value is a name, or a mapping with ``name`` and parameters; a recipe's is checked with
    the recipe, and has the component's defaults filled in. A game's component makes it by its
    context, ``context.make("augmentations", entry)``.
    ``features: Annotated[str | dict[str, Any] | None, Names("features")]``.

    Attributes:
        kind: The kind of the component.
    """

    kind: str


@dataclass(frozen=True)
class OfField:
    """Metadata of a parameter that speaks of a field, looked at with the data's fields.

    Attributes:
        says: ``"name"``: it names a field, or is a mapping to such names; ``"data"``: the same
            of a field of the data set, by default that of a condition's own name;
            ``"classes"``: of one that has classes; ``"count"``: how many classes the field of
            the condition's name has, if the data set has it.
    """

    says: Literal["name", "data", "classes", "count"]


@dataclass(frozen=True)
class Place:
    """Metadata of a data set's parameter that says where the data lie, and not what they are.

    It is no part of a run's identity, so data can be moved: the fingerprint of the examples
    says whether they are those that a run began with. ``path: Annotated[str, Place()]``.
    """


class NoParameters(Parameters):
    """Validate the parameters of a component that has none."""
