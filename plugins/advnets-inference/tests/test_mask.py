"""What is hidden, how often, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from advnets_inference.mask import Mask

from advnets import DataError, RecipeError, UsageError
from advnets.data import DataSpec
from advnets.game import Batch, GameContext
from advnets.random import Draw
from advnets.recipe import load_recipe


def drawn(kind: object, share: float = 0.5, n: int = 400, shape=(8, 6, 1)) -> np.ndarray:
    mask = Mask(kind, share, shape)
    return mask.draw_seen(Draw(1, 0), "mask", n).numpy()[..., 0]


@pytest.mark.parametrize(
    ("kind", "rows", "columns"),
    [
        ("left", slice(None), slice(0, 3)),
        ("right", slice(None), slice(3, 6)),
        ("top", slice(0, 4), slice(None)),
        ("bottom", slice(4, 8), slice(None)),
    ],
)
def test_a_half_is_hidden(kind: str, rows: slice, columns: slice) -> None:
    expected = np.ones((8, 6))
    expected[rows, columns] = 0
    np.testing.assert_array_equal(drawn(kind), np.broadcast_to(expected, (400, 8, 6)))


def test_each_half_comes_as_often() -> None:
    kinds, counts = np.unique(drawn("halves").reshape(400, -1), axis=0, return_counts=True)
    assert len(kinds) == 4
    assert (kinds.sum(1) == 24).all()
    assert counts.min() > 70


def test_another_share_of_a_side() -> None:
    seen = drawn("top", share=0.25)
    assert (seen[:, :2] == 0).all()
    assert (seen[:, 2:] == 1).all()


def test_the_middle_is_hidden() -> None:
    seen = drawn("centre", share=0.25)[0]
    expected = np.ones((8, 6))
    expected[2:6, 1:4] = 0  # half of each side, 4 of 8 and 3 of 6
    np.testing.assert_array_equal(seen, expected)


def test_rectangles_lie_anywhere_and_are_of_the_share() -> None:
    hidden = 1 - drawn("rectangles", share=0.25, n=2000, shape=(16, 16, 1))
    area = hidden.sum((1, 2))
    assert abs(area.mean() / 256 - 0.25) < 0.01
    rows, columns = hidden.any(2), hidden.any(1)
    np.testing.assert_array_equal(area, rows.sum(1) * columns.sum(1))  # nothing but rectangles
    assert rows.sum(1).min() == 4
    assert rows.sum(1).max() == 16
    for line in (rows, columns):
        assert (np.abs(np.diff(line.astype(int), axis=1)).sum(1) <= 2).all()  # in one piece
    assert (hidden.mean(0) > 0.01).all()  # corners are hidden least


def test_pixels_are_hidden_one_by_one() -> None:
    hidden = 1 - drawn("pixels", share=0.3, n=2000)
    np.testing.assert_allclose(hidden.mean(0), 0.3, atol=0.05)
    pairs = (hidden[:, 0, 0] * hidden[:, 0, 1]).mean()
    assert abs(pairs - 0.09) < 0.03


def test_of_several_kinds_each_is_as_often() -> None:
    seen = drawn(["left", "centre"], n=1000)
    left = (seen[:, :, 0] == 0).all(1)
    assert abs(left.mean() - 0.5) < 0.05
    np.testing.assert_array_equal(seen[left][0], drawn("left", n=1)[0])


def test_it_tells_what_is_seen_and_where() -> None:
    mask = Mask("pixels", shape=(4, 4, 3))
    x = tf.random.stateless_uniform([5, 4, 4, 3], [1, 2])
    told = mask.sample(Draw(1, 0), "mask", 5, Batch(x)).numpy()
    assert told.shape == (5, 4, 4, 4) == (5, *mask.field.shape)
    assert set(np.unique(told[..., 3:])) == {0.0, 1.0}
    np.testing.assert_array_equal(told[..., :3], told[..., 3:] * x)


def test_points_have_no_parts_to_hide(small: dict) -> None:
    with pytest.raises(DataError, match="hides a part of an image"):
        Mask(context=GameContext(DataSpec((2,), "float32")))
    with pytest.raises(DataError, match="hides a part of an image"):
        Mask(shape=(2,))


def test_a_run_and_a_notebook_make_the_same_and_a_file_keeps_it() -> None:
    x = tf.random.stateless_uniform([3, 4, 4, 1], [1, 2])
    of_run = Mask("halves", 0.3, context=GameContext(DataSpec((4, 4, 1), "float32")))
    read = Mask.from_config(of_run.get_config())
    for mask in (Mask("halves", 0.3, (4, 4, 1)), read):
        for told, wanted in zip(
            *(one.sample(Draw(1, 0), "mask", 3, Batch(x)) for one in (mask, of_run)), strict=True
        ):
            np.testing.assert_array_equal(told, wanted)
    with pytest.raises(UsageError, match="shape of images is needed"):
        Mask()


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"kind": "middle"}, "kind"),
        ({"kind": []}, "kind"),
        ({"share": 0.0}, "share"),
        ({"share": 1.0}, "share"),
    ],
)
def test_bad_parameters_are_problems_of_the_recipe(small: dict, entry: dict, message: str) -> None:
    small["conditions"] = {"mask": {"name": "mask", **entry}}
    with pytest.raises(RecipeError, match=message):
        load_recipe(small)
