from __future__ import annotations

import pytest

from advnets.data import DataSpec
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
        ({"kind": "sound"}, "'image' or 'vector'"),
    ],
)
def test_contradictions_are_refused(fields: dict, says: str) -> None:
    with pytest.raises(DataError, match=says):
        DataSpec(**({"shape": (2,), "dtype": "float32"} | fields))
