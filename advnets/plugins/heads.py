"""Describe what a discriminator says besides its logits or its energy. TensorFlow-free."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, field_validator

from .parameters import OfField, Parameters

Size = Annotated[int, Field(ge=1, le=1_000_000)]
Head = Annotated[str, Field(min_length=1)] | Size | Annotated[list[Size], Field(min_length=1)]
SPOKEN = ("logits", "energy", "features")
"""Words of a discriminator that no head can be called."""


class Heads(Parameters):
    """Validate the parameter ``heads``: a base class of the parameters of architectures.

    What it names, :class:`advnets.networks.Words` builds.

    >>> class MyParameters(Heads):
    ...     units: int = 64
    >>> MyParameters(heads={"class_logits": "label", "style": 2}).heads
    {'class_logits': 'label', 'style': 2}
    """

    heads: Annotated[dict[str, Head], OfField("name")] = Field(
        {},
        max_length=100,
        description="a discriminator's further linear outputs: {NAME: a field, for the logits of "
        "its classes or its shape; a number of values; or a shape}",
    )

    @field_validator("heads")
    @classmethod
    def _check_names(cls, heads: dict[str, Head]) -> dict[str, Head]:
        for name in heads:
            if name in SPOKEN:
                raise ValueError(
                    f"a head cannot be called {name}: a discriminator says that itself"
                )
            if not (name.isascii() and name.isidentifier()):
                raise ValueError(
                    f"a head's name is letters, digits and _, such as class_logits, not {name!r}"
                )
        return heads
