from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import given
from hypothesis import strategies as st

from advnets.data import DataSpec, Preprocess
from advnets.errors import DataError

IMAGES = DataSpec((1, 2, 1), "uint8", 0, 255, "image")
VECTORS = DataSpec((2,), "float32")
RANGED = DataSpec((2,), "float32", -3, 5)
BYTES = np.array([[[[0], [255]]], [[[51], [102]]]], np.uint8)


@pytest.mark.parametrize(
    ("spec", "name"),
    [(IMAGES, "unit"), (VECTORS, "none"), (RANGED, "none")],
)
def test_auto(spec: DataSpec, name: str) -> None:
    assert Preprocess("auto", spec).name == name


@pytest.mark.parametrize(
    ("entry", "expected", "ends"),
    [
        ("unit", [0, 1, 0.2, 0.4], (0, 1)),
        ("symmetric", [-1, 1, -0.6, -0.2], (-1, 1)),
        ("none", [0, 255, 51, 102], (0, 255)),
    ],
)
def test_by_hand(entry: str, expected: list[float], ends: tuple[float, float]) -> None:
    preprocess = Preprocess(entry, IMAGES)
    y = preprocess.apply(BYTES)
    assert y.dtype == tf.float32
    np.testing.assert_allclose(np.ravel(y), expected, atol=1e-6)
    assert preprocess.range == ends
    np.testing.assert_allclose(preprocess.invert(np.asarray(y)), BYTES, atol=1e-4)


def test_gcn_by_hand() -> None:
    """(3, 7) less its mean 5 is (-2, 2), of norm √8; (4, 4) is left at zero."""
    preprocess = Preprocess({"gcn": 55.0}, VECTORS)
    y = preprocess.apply(np.array([[3, 7], [4, 4]], np.float32))
    np.testing.assert_allclose(y, [[-55 / np.sqrt(2), 55 / np.sqrt(2)], [0, 0]], rtol=1e-6)
    assert preprocess.range is None
    assert preprocess.find_ends(np.array([[3, 7], [4, 4]])) == pytest.approx(
        (-55 / np.sqrt(2), 55 / np.sqrt(2))
    )


@pytest.mark.parametrize("entry", ["none", "unit", "symmetric", {"gcn": 3.0}])
def test_ends_are_those_of_what_networks_see(entry: object) -> None:
    preprocess = Preprocess(entry, IMAGES)  # type: ignore[arg-type]
    seen = np.asarray(preprocess.apply(BYTES))
    assert preprocess.find_ends(BYTES) == pytest.approx((seen.min(), seen.max()))


@given(st.lists(st.floats(-3, 5, width=32), min_size=2, max_size=2))
def test_there_and_back(x: list[float]) -> None:
    batch = np.array([x], np.float32)
    for entry in ("none", "unit", "symmetric"):
        preprocess = Preprocess(entry, RANGED)
        y = np.asarray(preprocess.apply(batch))
        assert preprocess.range is not None
        assert preprocess.range[0] - 1e-6 <= y.min() <= y.max() <= preprocess.range[1] + 1e-6
        np.testing.assert_allclose(preprocess.invert(y), batch, atol=1e-5)


@pytest.mark.parametrize("entry", ["unit", "symmetric", {"gcn": 55.0}])
@pytest.mark.parametrize("jit", [False, True])
def test_in_a_graph_and_under_xla(entry: str, jit: bool) -> None:
    preprocess = Preprocess(entry, IMAGES)
    compiled = tf.function(preprocess.apply, jit_compile=jit)
    np.testing.assert_allclose(compiled(tf.constant(BYTES)), preprocess.apply(BYTES), rtol=1e-6)


@pytest.mark.parametrize("entry", ["unit", "symmetric"])
def test_a_range_is_needed(entry: str) -> None:
    with pytest.raises(DataError, match=f"{entry} needs a data set with a range") as caught:
        Preprocess(entry, VECTORS)
    assert "preprocess: none" in str(caught.value.hint)


@pytest.mark.parametrize(
    "entry", ["zca", {"gcn": 0}, {"gcn": float("nan")}, {"gcn": 55, "zca": 1}, {}, 3, None]
)
def test_nonsense_is_refused(entry: object) -> None:
    with pytest.raises(DataError, match="is no way of preprocessing"):
        Preprocess(entry, IMAGES)  # type: ignore[arg-type]
