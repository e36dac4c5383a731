from __future__ import annotations

import json

import keras
import pytest
from pydantic import ValidationError

from advnets.builtin.optimizers import MomentumParameters, advnets_optimizers
from advnets.optimizers import OptimizerContext

CONTEXT = OptimizerContext(steps_per_epoch=500, total_steps=1000, batch_size=100)


@pytest.mark.parametrize("component", advnets_optimizers(), ids=lambda component: component.name)
def test_every_optimizer_can_be_had_by_its_name_alone(component) -> None:
    optimizer = component.load()(CONTEXT, **component.parameters().model_dump())
    assert isinstance(optimizer, keras.optimizers.Optimizer)
    expected = component.parameters().learning_rate
    assert float(optimizer.learning_rate) == pytest.approx(expected)


def test_momentum_may_be_a_number() -> None:
    checked = MomentumParameters.model_validate_json('{"momentum": 0.9}').model_dump()
    assert checked["momentum"] == {"start": 0.9, "final": None, "epochs": 1}


@pytest.mark.parametrize(
    "parameters",
    [
        {"momentum": 1.0},
        {"momentum": True},
        {"momentum": {"start": 0.5, "end": 0.7}},
        {"momentum": {"start": 0.5, "final": 0.7, "epochs": 0}},
        {"decay": 0.99},
        {"learning_rate": 0},
        {"learning_rate": "0.1"},
    ],
)
def test_nonsense_is_refused(parameters) -> None:
    with pytest.raises(ValidationError):
        MomentumParameters.model_validate_json(json.dumps(parameters))
