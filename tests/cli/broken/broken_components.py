"""Register one wrong component after the other, and a few that are right."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field, field_validator

from advnets import Component, DatasetParameters, Names, Parameters, hookimpl


class Extra(Parameters):
    """Has a parameter that the target does not take."""

    extra: float = Field(1.0, description="too much")


class Wide(Parameters):
    """Has a default that its own schema refuses."""

    margin: float = "wide"


class Failing(Parameters):
    """Has a validator that fails."""

    margin: float = 1.0

    @field_validator("margin")
    @classmethod
    def check(cls, value: float) -> float:
        """Fail."""
        raise RuntimeError("no luck")


class Sized(Parameters):
    """Has no default."""

    size: int = Field(ge=1, description="of a point")


class Outer(Parameters):
    """Names another component."""

    inner: Annotated[str | dict[str, Any], Names("priors")] = Field(description="another prior")


def one(name: str, target: str = "", *more: Any, **fields: Any) -> Component:
    """Describe a component whose target lies in the module of targets."""
    target = target if ":" in target else f"broken_targets:{target or name}"
    return Component(name, target, "wrong", *more, **fields)


@hookimpl
def advnets_losses():
    return [
        one("minimax", "loss"),
        one("right", "loss"),
        one("too_much", "loss", Extra),
        one("wide", "loss", Wide),
        one("failing", "loss", Failing),
        one("no_syntax", "broken_syntax:loss"),
        one("no_module", "broken_nowhere:loss"),
        one("no_attribute", "nothing_of_the_kind"),
        one("undeclared", "loss", requires=("energy",)),
        one("a_class", "loss_class"),
        one("exits"),
        one("unlike_example", "loss", Extra, example={"parameters": {"extra": "x"}}),
        one("example_is_list", "loss", example={"parameters": [1]}),
        one("example_field", "loss", example={"fields": {"label": 3}}),
        one("example_encounter", "loss", example={"encounter": "broken_nowhere:Meeting"}),
    ]


@hookimpl
def advnets_penalties():
    return [one("no_network", "penalty", networks=("encoder",)), one("no_penalty", "nothing")]


@hookimpl
def advnets_architectures():
    return [one("a_layer"), one("no_context", "nothing"), one("net_raises", "raises")]


@hookimpl
def advnets_priors():
    return [
        one("a_point", "prior", Sized, example={"parameters": {"size": 3}}),
        one("of_a_point", "outer", Outer, example={"parameters": {"inner": inner("a_point")}}),
        one("of_nobody", "outer", Outer, example={"parameters": {"inner": "nobody"}}),
        one("unsaid", "prior", Sized),
    ]


def inner(name: str) -> dict[str, Any]:
    """Name a prior with its parameter."""
    return {"name": name, "size": 2}


@hookimpl
def advnets_conditions():
    return [one("no_field")]


@hookimpl
def advnets_encounters():
    return [
        one("no_role"),
        one("no_player"),
        one("no_stream", "encounter", streams=("other",)),
    ]


@hookimpl
def advnets_augmentations():
    return [one("no_map", "nothing")]


@hookimpl
def advnets_updates():
    return [one("no_rule", "nothing")]


@hookimpl
def advnets_optimizers():
    return [one("optimizer_class"), one("no_rate_context", "nothing")]


@hookimpl
def advnets_metrics():
    return [one("not_called", "nothing")]


@hookimpl
def advnets_features():
    return [one("not_made", "nothing")]


@hookimpl
def advnets_callbacks():
    return [one("argument"), one("not_in_runs"), one("changes"), one("remembers")]


@hookimpl
def advnets_datasets():
    return [
        one("a_line", "line", DatasetParameters),
        one("no_spec", parameters=DatasetParameters),
        one("no_split", parameters=DatasetParameters),
        one("fails_to_look", parameters=DatasetParameters),
        one("no_preprocess", "nothing", DatasetParameters),
    ]


@hookimpl
def advnets_recipes():
    return [
        one("names_nobody", "broken_components:names_nobody.yaml"),
        one("not_packed", "broken_components:not_packed.yaml"),
        one("no_package", "broken_nowhere:recipe.yaml"),
    ]


@hookimpl
def advnets_sweeps():
    return [one("of_no_recipe", "broken_components:of_no_recipe.yaml")]


@hookimpl
def advnets_commands():
    return [
        one("imports_nothing", "broken_targets:imports_nothing"),
        one("a_function", "broken_targets:nothing"),
    ]
