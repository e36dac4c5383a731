from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from advnets.builtin.networks import (
    ConvMaxoutParameters,
    DcganParameters,
    MaxoutParameters,
    MlpParameters,
    TransposedConvParameters,
    advnets_architectures,
)
from advnets.plugins.parameters import Parameters


def check(schema: type[Parameters], **parameters: Any) -> dict[str, Any]:
    return schema.model_validate_json(json.dumps(parameters)).model_dump()


def complaint(schema: type[Parameters], **parameters: Any) -> tuple[tuple[Any, ...], str]:
    with pytest.raises(ValidationError) as caught:
        check(schema, **parameters)
    (error,) = caught.value.errors()
    return error["loc"], error["msg"]


def test_a_number_is_a_layer_of_so_many_units() -> None:
    assert check(MlpParameters, layers=[128, {"units": 128}])["layers"] == 2 * [
        {
            "units": 128,
            "activation": None,
            "bias": None,
            "batch_norm": None,
            "irange": None,
            "stddev": None,
            "sparse": None,
            "max_col_norm": None,
        }
    ]


@pytest.mark.parametrize("schema", [c.parameters for c in advnets_architectures()])
def test_what_was_resolved_once_resolves_to_itself(schema: type[Parameters]) -> None:
    needed = {
        MaxoutParameters: {"layers": [3, {"units": 2, "pieces": 4}]},
        ConvMaxoutParameters: {"convolutions": [{"channels": 2, "kernel": 3}]},
        TransposedConvParameters: {"maps": {"channels": 2}},
    }
    first = check(schema, **needed.get(schema, {}))
    assert check(schema, **first) == first


def test_problems_are_laid_at_the_value_that_causes_them() -> None:
    assert complaint(MlpParameters, layers=[128, 0])[0] == ("layers", 1, "units")
    assert complaint(MlpParameters, layers=[{"unit": 3, "units": 3}])[0] == ("layers", 0, "unit")
    assert complaint(MlpParameters, activation="rleu")[0] == ("activation",)
    assert complaint(MaxoutParameters, layers=["128"])[0][:2] == ("layers", 0)
    assert complaint(MaxoutParameters, layers=[3], dropout=[0.2, 1.5])[0] == ("dropout", 1)
    assert complaint(MaxoutParameters)[0] == ("layers",)
    convolution = {"channels": 1, "kernel": 1, "pool": 2, "pool_stride": 3}
    assert complaint(ConvMaxoutParameters, convolutions=[convolution])[0] == ("convolutions", 0)


def test_starts_exclude_each_other() -> None:
    where, what = complaint(MlpParameters, layers=[{"units": 3, "irange": 0.1, "sparse": 2}])
    assert where == ("layers", 0)
    assert "irange and sparse exclude each other" in what


@pytest.mark.parametrize(
    ("schema", "parameters", "needed"),
    [
        (MlpParameters, {"layers": [3], "dropout": [0.5]}, 2),
        (MaxoutParameters, {"layers": [3, 3], "dropout": [0.2, 0.5]}, 3),
        (
            ConvMaxoutParameters,
            {"convolutions": [{"channels": 1, "kernel": 1}], "layers": [3], "dropout": [0.2]},
            3,
        ),
    ],
)
def test_dropout_needs_a_rate_for_every_layer(schema, parameters, needed: int) -> None:
    where, what = complaint(schema, **parameters)
    assert where == ()
    assert f"{needed} are needed" in what


def test_marginals_need_an_activation_with_an_inverse() -> None:
    where, what = complaint(MlpParameters, output={"activation": "relu", "bias": "marginals"})
    assert where == ("output",)
    assert "sigmoid" in what
    assert "marginals" in complaint_about_bias()


def complaint_about_bias() -> str:
    with pytest.raises(ValidationError) as caught:
        check(MlpParameters, output={"bias": "marginal"})
    return str(caught.value)


def test_a_transposed_convolution_refuses_what_only_dense_layers_have() -> None:
    where, what = complaint(
        TransposedConvParameters, maps={"channels": 2}, output={"max_col_norm": 1.0}
    )
    assert where == ()
    assert "max_col_norm" in what


def test_the_json_schema_offers_the_shorthands() -> None:
    schema = json.dumps(MlpParameters.model_json_schema()["properties"]["layers"])
    assert '"integer"' in schema
    assert "Hidden" in schema


def test_roles() -> None:
    roles = {component.name: component.roles for component in advnets_architectures()}
    all_three = ("generator", "discriminator", "encoder")
    assert roles == {
        "mlp": all_three,
        "maxout": all_three,
        "conv_maxout": ("discriminator", "encoder"),
        "transposed_conv": ("generator",),
        "dcgan": all_three,
    }


@pytest.mark.parametrize("schema", [MlpParameters, DcganParameters])
def test_heads_are_spaces_by_name(schema: type[Parameters]) -> None:
    heads = {"class_logits": "label", "code": 10, "grid": [2, 3]}
    assert check(schema, heads=heads)["heads"] == heads
    loc, message = complaint(schema, heads={"energy": 1})
    assert (loc, "cannot be called energy" in message) == (("heads",), True)
    assert "is letters, digits and _" in complaint(schema, heads={"a/b": 1})[1]
    assert "needs a head of classes" in complaint(schema, logits="log_sum_exp", heads={"a": 3})[1]
    with pytest.raises(ValidationError):
        check(schema, heads={"a": 0})
    with pytest.raises(ValidationError):
        check(schema, heads={"a": True})
