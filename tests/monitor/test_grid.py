"""Pictures of samples: their layout, their range, and what they show of vectors."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from advnets.data import DataSpec
from advnets.monitor.grid import BROKEN, GUTTER, image_grid, save_grid, vector_figure

DIGITS = DataSpec((8, 8, 1), "float32", 0, 16, "image")
COLOUR = DataSpec((4, 6, 3), "uint8", 0, 255, "image")


def test_images_lie_row_by_row_between_gutters():
    x = np.zeros((6, 240, 240, 1))
    x[1] = 1.0
    x[5] = 0.5
    grid = np.asarray(image_grid(x, 0, 1, columns=3))
    assert grid.shape == (2 * 242 + 2, 3 * 242 + 2)
    assert grid[0, 0] == GUTTER[0]
    assert [grid[122, 122 + 242 * i] for i in range(3)] == [0, 255, 0]
    assert [grid[122 + 242, 122 + 242 * i] for i in range(3)] == [0, 0, 128]


def test_small_images_are_enlarged_by_a_whole_factor():
    x = np.arange(64, dtype=float).reshape(1, 8, 8, 1).repeat(16, axis=0)
    grid = np.asarray(image_grid(x, 0, 63))
    factor = 480 // 32
    first = grid[2 : 2 + 8 * factor, 2 : 2 + 8 * factor]
    np.testing.assert_array_equal(first, np.kron(first[::factor, ::factor], np.ones((factor,) * 2)))


def test_values_are_placed_in_the_range_and_clipped():
    x = np.array([-5.0, 0.0, 8.0, 16.0, 40.0]).reshape(5, 1, 1, 1) * np.ones((1, 480, 480, 1))
    grid = np.asarray(image_grid(x, 0, 16, columns=5))
    assert [grid[200, 100 + 482 * i] for i in range(5)] == [0, 0, 128, 255, 255]


def test_colours_stay(tmp_path):
    x = np.zeros((4, 4, 6, 3), np.uint8)
    x[..., 0], x[..., 2] = 200, 7
    image = Image.open(save_grid(tmp_path / "new" / "grid.png", x, COLOUR))
    assert image.getpixel((10, 10)) == (200, 0, 7)
    assert [p.name for p in (tmp_path / "new").iterdir()] == ["grid.png"]


def test_pixels_that_are_no_numbers_shine():
    x = np.zeros((1, 480, 480, 1))
    x[0, 100, 100] = np.nan
    grid = np.asarray(image_grid(x, 0, 1))
    assert tuple(grid[102, 102]) == BROKEN
    assert tuple(grid[50, 50]) == (0, 0, 0)


def test_a_network_gone_to_nan_can_still_be_drawn(tmp_path):
    save_grid(tmp_path / "a.png", np.full((4, 8, 8, 1), np.nan), DIGITS)
    for d in (1, 2, 5):
        spec = DataSpec((d,), "float32")
        save_grid(tmp_path / f"{d}.png", np.full((9, d), np.nan), spec)
        assert (tmp_path / f"{d}.png").stat().st_size > 1000


@pytest.mark.parametrize("d", [1, 2, 3, 40])
def test_vectors_of_any_dimension_are_drawn(tmp_path, d):
    rng = np.random.default_rng(0)
    path = save_grid(
        tmp_path / "x.png",
        rng.normal(size=(50, d)),
        DataSpec((d,), "float32"),
        reference=rng.normal(size=(60, d)),
    )
    assert Image.open(path).width > 600


def test_one_dimension_shows_both_densities_and_d():
    figure = vector_figure(
        np.random.default_rng(0).normal(size=(100, 1)),
        (1,),
        density=lambda x: np.exp(-(x[:, 0] ** 2) / 2) / np.sqrt(2 * np.pi),
        probability=lambda x: np.full(len(x), 0.5),
    )
    [legend] = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["p(data)", "p(generated)", "D(x)"]


def test_the_histogram_is_a_density_of_all_samples():
    x = np.concatenate([np.zeros((50, 1)), np.full((50, 1), 99.0)])
    figure = vector_figure(x, (1,), reference=np.array([[-1.0], [1.0]]))
    assert "50 of 100 samples lie outside" in figure.get_suptitle()
    bars = [patch for patch in figure.axes[0].patches if patch.get_alpha() == 0.3]
    area = sum(bar.get_height() * bar.get_width() for bar in bars)
    assert area == pytest.approx(0.5)


def test_the_axes_stay_where_the_data_are():
    reference = np.array([[-1.0, -2.0], [1.0, 2.0]])
    far, near = (vector_figure(np.full((5, 2), v), (2,), reference=reference) for v in (50.0, 0.0))
    assert far.axes[0].get_xlim() == near.axes[0].get_xlim() == (-1.3, 1.3)


def test_a_density_that_is_zero_everywhere_in_sight_is_no_obstacle(tmp_path):
    spec = DataSpec((2,), "float32")
    save_grid(tmp_path / "x.png", np.ones((5, 2)), spec, density=lambda x: np.zeros(len(x)))


def test_nothing_to_draw_is_an_error(tmp_path):
    with pytest.raises(ValueError, match=r"n >= 1, got shape \(0, 8, 8, 1\)"):
        save_grid(tmp_path / "x.png", np.zeros((0, 8, 8, 1)), DIGITS)
