"""A registry of toy components, so that these tests depend on no real one."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal

import pytest
from pydantic import Field, model_validator

from advnets import Component, Names, Parameters, RecipeError
from advnets.plugins.registry import PluginRecord, Registry
from advnets.recipe import Recipe, parse_recipe

GOOD = """\
dataset: {name: faces, id: tfd, offline: noise}
latent: cube
generator: dense
discriminator: {name: critic}
loss: {name: hinge, margin: 3}
penalties: [{name: zero, weight: 2}, zero]
updates: turns
optimizers:
  generator: descent
  discriminator: {name: descent, rate: 0.5}
training: {steps: 10, batch_size: 4}
"""


class Scaled(Parameters):
    gcn: float = Field(gt=0)


class Faces(Parameters):
    id: str = Field(description="its name")
    size: int = Field(8, ge=8, le=64)
    preprocess: Literal["none", "unit", "symmetric"] | Scaled = "unit"


class Hinge(Parameters):
    margin: float = Field(10.0, gt=0)

    @model_validator(mode="after")
    def lucky(self) -> Hinge:
        if self.margin == 13:
            raise ValueError("13 is an unlucky margin")
        if self.margin == 14:
            raise TypeError("oops")
        return self


class Zero(Parameters):
    weight: float = Field(1.0, ge=0)


class Layer(Parameters):
    units: int = Field(ge=1)


class Dense(Parameters):
    layers: tuple[int | Layer, ...] = ()


class Descent(Parameters):
    rate: float = Field(0.1, gt=0)


class Edges(Parameters):
    width: int = Field(3, ge=1)
    dataset: Annotated[str | dict[str, Any] | None, Names("datasets")] = None


class Gap(Parameters):
    features: Annotated[str | dict[str, Any] | None, Names("features")] = None


class Classes(Parameters):
    classes: int = Field(ge=2)


class Packed(Parameters):
    of: int = Field(2, ge=1)
    encounter: Annotated[str | dict[str, Any] | None, Names("encounters")] = "generated"


@pytest.fixture(scope="session")
def registry() -> Registry:
    """Toy components of every kind that a recipe needs."""
    registry = Registry()
    registry.add(
        PluginRecord(
            "toys",
            "toys 1.0",
            components={
                "datasets": [
                    Component("faces", "m:a", "faces", Faces),
                    Component("noise", "m:a", "noise"),
                ],
                "priors": [Component("cube", "m:a")],
                "architectures": [
                    Component("dense", "m:a", parameters=Dense),
                    Component("critic", "m:a", roles=("discriminator",)),
                ],
                "losses": [Component("hinge", "m:a", parameters=Hinge)],
                "penalties": [Component("zero", "m:a", parameters=Zero)],
                "updates": [Component("turns", "m:a"), Component("alternating", "m:a")],
                "conditions": [
                    Component("uniform", "m:a"),
                    Component("categorical", "m:a", parameters=Classes),
                ],
                "encounters": [
                    Component("generated", "m:a"),
                    Component("packed", "m:a", parameters=Packed),
                ],
                "optimizers": [Component("descent", "m:a", parameters=Descent)],
                "metrics": [
                    Component("score", "m:a"),
                    Component("gap", "m:a", parameters=Gap),
                ],
                "features": [Component("edges", "m:a", parameters=Edges)],
                "callbacks": [
                    Component("bell", "m:a"),
                    Component("brake", "m:a", parameters=Zero, changes_game=True),
                ],
            },
        )
    )
    registry.add(
        PluginRecord("ill", "ill 2.0", status="quarantined", error="RuntimeError: no luck")
    )
    return registry


Problems = Callable[..., list[str]]


@pytest.fixture
def parse(registry: Registry) -> Callable[..., Recipe]:
    """Text and overrides → Recipe, called ``r.yaml``."""

    def parse(text: str = GOOD, overrides: object = ()) -> Recipe:
        return parse_recipe(text, overrides, registry, "r.yaml")  # type: ignore[arg-type]

    return parse


@pytest.fixture
def problems(parse: Callable[..., Recipe]) -> Problems:
    """Text and overrides → what is wrong with them, one line per problem."""

    def problems(text: str = GOOD, overrides: object = ()) -> list[str]:
        with pytest.raises(RecipeError) as error:
            parse(text, overrides)
        return str(error.value).splitlines()

    return problems


@pytest.fixture
def changed(problems: Problems) -> Problems:
    """The problems of the good recipe with a piece of its text replaced."""

    def changed(*replacements: tuple[str, str]) -> list[str]:
        text = GOOD
        for old, new in replacements:
            assert text.count(old) == 1, old
            text = text.replace(old, new)
        return problems(text)

    return changed


@pytest.fixture
def good() -> str:
    """A recipe without problems."""
    return GOOD
