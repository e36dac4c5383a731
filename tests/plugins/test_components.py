"""A component is checked when it is made, so that a plugin fails at registration."""

from __future__ import annotations

import sys

import pytest
from pydantic import Field, ValidationError, field_validator

from advnets import Component, Parameters, PluginError
from advnets.plugins.components import KIND, KINDS
from advnets.plugins.parameters import NoParameters


class Margin(Parameters):
    margin: float = Field(10.0, gt=0, description="m")


def test_defaults() -> None:
    component = Component("hinge", "somewhere:Hinge")
    assert component.parameters is NoParameters
    assert component.roles == ("generator", "discriminator")


@pytest.mark.parametrize("name", ["minimax", "non_saturating", "conv-maxout", "r1", "a1_b2-c3"])
def test_names(name: str) -> None:
    assert Component(name, "m:a").name == name


@pytest.mark.parametrize(
    "name", ["", "Hinge", "1r", "a b", "a__b", "_a", "a_", "a.b", "no:x", None, 3]
)
def test_names_refused(name: object) -> None:
    with pytest.raises(PluginError, match="is not a component name"):
        Component(name, "m:a")  # type: ignore[arg-type]


@pytest.mark.parametrize("target", ["", "module", ":a", "m:", "m a:b", "1m:a", None])
def test_targets_refused(target: object) -> None:
    with pytest.raises(PluginError, match=r"is not 'package\.module:attribute'"):
        Component("hinge", target)  # type: ignore[arg-type]


@pytest.mark.parametrize("example", [{"shapes": (2,)}, (28, 28, 1), None])
def test_examples_refused(example: object) -> None:
    with pytest.raises(PluginError, match=r"its example is .*; a mapping of parameters, shape"):
        Component("hinge", "m:a", example=example)  # type: ignore[arg-type]


@pytest.mark.parametrize("axes", [0, -1, 3.0, True, "image"])
def test_axes_refused(axes: object) -> None:
    with pytest.raises(PluginError, match=r"axes is .*; a number was expected"):
        Component("hinge", "m:a", axes=axes)  # type: ignore[arg-type]


@pytest.mark.parametrize("schema", [dict, Margin(), None, object])
def test_schemas_refused(schema: object) -> None:
    with pytest.raises(PluginError, match=r"must be a subclass of advnets\.Parameters"):
        Component("hinge", "m:a", parameters=schema)  # type: ignore[arg-type]


def test_roles_refused() -> None:
    with pytest.raises(PluginError, match="roles"):
        Component("mlp", "m:a", roles=("critic",))


def test_load_imports_the_target() -> None:
    assert Component("x", "os.path:join").load() is __import__("os").path.join
    assert Component("x", "pathlib:Path.home").load().__name__ == "home"


@pytest.mark.parametrize("target", ["no_such_module:a", "os:no_such_attribute"])
def test_load_names_what_is_missing(target: str) -> None:
    with pytest.raises(PluginError, match=f"component 'hinge': cannot import {target}"):
        Component("hinge", target).load()


def test_load_reports_what_the_module_raises(
    tmp_path: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "raises_on_import.py").write_text("1 / 0")  # type: ignore[operator]
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(PluginError, match="ZeroDivisionError"):
        Component("hinge", "raises_on_import:a").load()
    assert "raises_on_import" not in sys.modules


@pytest.mark.parametrize("margin", [0, -1.0, "3", True, None, float("nan"), float("inf")])
def test_parameters_are_strict(margin: object) -> None:
    with pytest.raises(ValidationError):
        Margin(margin=margin)  # type: ignore[arg-type]


def test_parameters_are_closed_and_frozen() -> None:
    with pytest.raises(ValidationError, match="Extra inputs"):
        Margin(marign=3.0)  # type: ignore[call-arg]
    with pytest.raises(ValidationError, match="frozen"):
        Margin().margin = 3.0  # type: ignore[misc]


def test_parameters_are_resolved_as_those_of_a_recipe() -> None:
    component = Component("hinge", "m:a", parameters=Margin)
    assert component.resolve({}) == Margin(margin=10.0)
    assert component.resolve({"margin": 3}) == Margin(margin=3.0)
    with pytest.raises(ValidationError) as caught:
        component.resolve({"margin": "3", "marign": 3.0})
    assert [error["loc"] for error in caught.value.errors()] == [("margin",), ("marign",)]


def test_a_schema_that_fails_is_laid_at_its_plugins_door() -> None:
    class Failing(Parameters):
        margin: float = 10.0

        @field_validator("margin")
        @classmethod
        def _check(cls, value: float) -> float:
            raise TypeError("oops")

    component = Component("hinge", "some_plugin:Hinge", parameters=Failing)
    with pytest.raises(
        PluginError, match="parameter schema of 'hinge' fails: TypeError: oops"
    ) as e:
        component.resolve({"margin": 3.0})
    assert e.value.module == "some_plugin"


def _plain(margin: float) -> dict[str, object]:
    return {"margin": margin}


def _asking(margin: float, context: object = None) -> dict[str, object]:
    return {"margin": margin, "context": context}


def _first(context: object, margin: float) -> dict[str, object]:
    return {"margin": margin, "context": context}


class Asking(dict):  # type: ignore[type-arg]
    def __init__(self, margin: float, *, context: object) -> None:
        super().__init__(margin=margin, context=context)


def _anything(**parameters: object) -> dict[str, object]:
    return parameters


@pytest.mark.parametrize("target", ["_plain", "_anything"])
def test_a_context_that_is_not_asked_for_is_dropped(target: str) -> None:
    component = Component("hinge", f"{__name__}:{target}")
    assert component.make(dict, {"margin": 3.0}, context="here") == {"margin": 3.0}


@pytest.mark.parametrize("target", ["_asking", "_first", "Asking"])
def test_a_context_that_is_asked_for_is_given_by_keyword(target: str) -> None:
    component = Component("hinge", f"{__name__}:{target}")
    made = component.make(dict, {"margin": 3.0}, context="here")
    assert made == {"margin": 3.0, "context": "here"}


def test_a_context_given_by_position_is_not_given_twice() -> None:
    component = Component("hinge", f"{__name__}:_first")
    made = component.make(dict, {"margin": 3.0}, "first", context="here")
    assert made == {"margin": 3.0, "context": "first"}


def test_what_asks_for_a_context_that_is_not_there_fails_to_build() -> None:
    with pytest.raises(PluginError, match="failed to build: TypeError"):
        Component("hinge", f"{__name__}:Asking").make(dict, {"margin": 3.0})


def test_every_kind_has_a_word_for_one_of_it() -> None:
    assert KIND.keys() == KINDS.keys()
