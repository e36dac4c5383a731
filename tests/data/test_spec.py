from __future__ import annotations

import pytest

from advnets.data import DataSpec, Field
from advnets.errors import DataError


def test_sizes() -> None:
    spec = DataSpec((2, 3, 1), "float32", -1, 1, "image")
    assert (spec.size, spec.bytes) == (6, 24)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"shape": ()}, "positive integers"),
        ({"shape": (0, 2)}, "positive integers"),
        ({"shape": (28, 28), "kind": "image"}, "height, width, channels"),
        ({"dtype": "string"}, "real numbers"),
        ({"dtype": "complex64"}, "real numbers"),
        ({"low": 0.0}, "both ends"),
        ({"low": 1.0, "high": 1.0}, "is empty"),
        ({"kind": "A sound"}, "kind is a word"),
        ({"shape": (8,), "kind": "sequence"}, "steps, channels"),
    ],
)
def test_contradictions_are_refused(fields: dict, says: str) -> None:
    with pytest.raises(DataError, match=says):
        DataSpec(**({"shape": (2,), "dtype": "float32"} | fields))


def test_fields_by_name() -> None:
    label, weight = Field((), "int64", classes=3), Field((2, 2), "float32")
    spec = DataSpec((2,), "uint8", fields={"label": label, "weight": weight})
    assert spec.num_classes == 3
    assert (spec.field("label"), spec.field("index")) == (label, Field((), "int64"))
    assert (spec.bytes, spec.bytes_with(["weight", "label", "index"])) == (2, 2 + 16 + 8)
    with pytest.raises(DataError, match="no field 'lable'") as caught:
        spec.field("lable")
    assert caught.value.hint == "it has: label, weight, index"
    assert DataSpec((2,), "uint8").num_classes is None


@pytest.mark.parametrize(
    ("declared", "says"),
    [
        ({"shape": (0,)}, "a field's shape must be positive integers"),
        ({"shape": (2, 2), "kind": "image"}, "height, width, channels"),
        ({"dtype": "string"}, "real numbers"),
        ({"low": 0.0}, "both ends"),
        ({"classes": 0}, "at least one class"),
        ({"classes": 2, "dtype": "float32"}, "classes are integers"),
        ({"classes": 2, "low": 0, "high": 1}, "no other range"),
    ],
)
def test_contradictions_in_a_field_are_refused(declared: dict, says: str) -> None:
    with pytest.raises(DataError, match=says):
        Field(**({"shape": (), "dtype": "int64"} | declared))


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"index": Field((), "int64")}, "cannot be called 'index': that is taken"),
        ({"two words": Field((), "int64")}, "no name of one word"),
        ({"label": 10}, "field 'label' is declared by int"),
    ],
)
def test_fields_that_cannot_be_declared(fields: dict, says: str) -> None:
    with pytest.raises(DataError, match=says):
        DataSpec((2,), "float32", fields=fields)
