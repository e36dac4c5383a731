"""Pictures of samples: their layout, their range, and what they show of vectors."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from advnets.data import DataSpec
from advnets.monitor.columns import interleave, save_columns
from advnets.monitor.grid import BROKEN, GUTTER, image_grid, save_grid, vector_figure
from advnets.monitor.sequences import sequence_figure

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


def test_sequences_are_curves_with_real_ones_above() -> None:
    x = np.zeros((5, 10, 2))
    x[0, 3] = 9.0
    figure = sequence_figure(x, columns=2, reference=np.ones((3, 10, 2)), title="step 1")
    shown = [axes for axes in figure.axes if axes.get_visible()]
    assert len(shown) == 2 + 5  # a row of real ones, and three of samples
    assert [len(axes.lines) for axes in shown] == [2] * 7
    assert figure.axes[0].lines[0].get_ydata().tolist() == [1.0] * 10
    assert figure.axes[2].lines[1].get_ydata()[3] == 9.0
    assert figure._suptitle.get_text() == "step 1   1 of 5 leave the frame"
    low, high = figure.axes[2].get_ylim()
    assert low < 1 < high < 9  # of the real ones, so that grids can be leafed through


def test_of_many_sequences_the_first_are_shown_and_the_number_said() -> None:
    figure = sequence_figure(np.zeros((300, 4, 1)), columns=20)
    assert len(figure.axes) == 80
    assert figure._suptitle.get_text() == "80 of 300 samples"
    assert len(sequence_figure(np.full((4, 6, 1), np.nan)).axes) == 4


def test_a_data_set_draws_its_own_examples(tmp_path: Path) -> None:
    spec = DataSpec((3,), "float32", kind="tune")
    each = np.zeros((4, 8, 16, 3), np.uint8)
    for own, size in (
        (each, (486, 246)),
        (np.zeros((20, 30, 1), np.uint8), (30, 20)),
        (Image.new("RGB", (7, 9)), (7, 9)),
    ):
        path = save_grid(tmp_path / "x.png", np.ones((4, 3)), spec, draw=lambda x, own=own: own)
        with Image.open(path) as picture:
            assert picture.size == size
    figure = sequence_figure(np.zeros((1, 4, 1)))
    save_grid(tmp_path / "x.png", np.ones((4, 3)), spec, draw=lambda x: figure)
    save_grid(tmp_path / "x.png", np.ones((4, 3)), spec, draw=lambda x: None)  # as vectors


def test_columns_stand_next_to_each_other() -> None:
    a, b = (np.full((3, 4, 4, 3), value, np.uint8) for value in (10, 200))
    grid = np.asarray(interleave({"a": a, "b": b[:, :2, :2]}, columns=1))
    row = grid[60].reshape(-1, 3)
    assert {10, 200} <= set(row[:, 0].tolist())
    assert row[:, 0].tolist().index(10) < row[:, 0].tolist().index(200)
    assert (grid[:18] != 255).any()  # the labels


def test_columns_of_vectors_and_sequences_are_a_picture_each(tmp_path: Path) -> None:
    for spec in (DataSpec((2,), "float32"), DataSpec((6, 1), "float32", kind="sequence")):
        x = np.random.default_rng(0).normal(size=(9, *spec.shape))
        alone, both = (
            save_columns(tmp_path / f"{len(shown)}.png", shown, spec, title="step 1")
            for shown in ({"source": x}, {"source": x, "translation": 2 * x})
        )
        with Image.open(alone) as one, Image.open(both) as two:
            assert two.width == 2 * one.width + 2
