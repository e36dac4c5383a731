from __future__ import annotations

import inspect

import pytest
from pydantic import ValidationError

from advnets.builtin.datasets import advnets_datasets
from advnets.data import Source
from advnets.plugins.components import Component

DATASETS = advnets_datasets()
REQUIRED = {"tfds": {"id": "mnist"}, "folder": {"path": "x"}, "npz": {"path": "x"}}


@pytest.mark.parametrize("component", DATASETS, ids=lambda component: component.name)
class TestEach:
    def test_the_schema_has_the_parameters_of_the_source(self, component: Component) -> None:
        target = component.load()
        assert issubclass(target, Source)
        assert sorted(component.parameters.model_fields) == sorted(
            inspect.signature(target).parameters
        )

    def test_a_source_is_built_from_its_schema(self, component: Component) -> None:
        required = REQUIRED.get(component.name, {})
        source = component.load()(**component.resolve(required).model_dump())
        assert component.name in source.name

    def test_every_parameter_is_described(self, component: Component) -> None:
        for name, field in component.parameters.model_fields.items():
            assert field.description, name


@pytest.mark.parametrize(
    ("name", "parameters"),
    [
        ("tfds", {}),
        ("tfds", {"id": "huggingface:mnist"}),
        ("tfds", {"id": "mnist", "preprocess": "zca"}),
        ("tfds", {"id": "mnist", "preprocess": {"gcn": 0}}),
        ("tfds", {"id": "mnist", "size": "28"}),
        ("digits", {"size": 0}),
        ("ring", {"modes": 8.5}),
        ("grid", {"deviation": 0}),
        ("gaussian_1d", {"deviation": -1}),
        ("gaussian_1d", {"examples": 0}),
        ("folder", {"path": "x", "channels": 2}),
        ("folder", {"path": "x", "size": [24]}),
        ("npz", {"path": "x", "channels": 3}),
        ("folder", {"path": "x", "test": 1.0}),
        ("npz", {"path": ""}),
    ],
)
def test_wrong_parameters_are_refused(name: str, parameters: dict) -> None:
    (component,) = (c for c in DATASETS if c.name == name)
    with pytest.raises(ValidationError):
        component.resolve(parameters)
