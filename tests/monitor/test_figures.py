"""The figures of the paper: the numbers that they show, and that they can be drawn."""

from __future__ import annotations

import io
import itertools
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image

from advnets.data import DataSpec
from advnets.errors import UsageError
from advnets.monitor.figures.animation import Animation, choose_frames, write_animation
from advnets.monitor.figures.figure_1 import (
    choose_panels,
    describe_panel,
    figure_1,
    to_arrays,
)
from advnets.monitor.figures.figure_2 import SamplesAndNeighbours, figure_2
from advnets.monitor.figures.figure_3 import LatentLines, figure_3
from advnets.monitor.figures.line_panel import common_limits
from advnets.monitor.figures.sheet import Sheet
from advnets.monitor.grid import vector_figure
from advnets.monitor.snapshot import Snapshot
from advnets.safe_io import printable

NASTY = "</pre></text>--><script>alert(1)</script>[bold]$\\frac{$\x1b[31m&\u202e#010203{{7*7}}"
GREY = DataSpec((8, 8, 1), "uint8", 0, 255, "image")


def snapshot(step, jsd=0.5, gap=0.1, judge=True):
    """Two bins on [0, 4]: p_data on the right, p_g on the left."""
    numbers = {"jsd": jsd, "criterion": -1.0, **({"value": -1.2, "gap": gap} if judge else {})}
    if judge:
        numbers["discriminator_error"] = 0.25
    return Snapshot(
        step=step,
        low=0.0,
        high=4.0,
        data=np.array([0.0, 0.5]),
        generated=np.array([0.4, 0.1]),
        discriminator=np.array([0.25, 0.75]) if judge else None,
        latents=np.array([-1.0, 0.0, 1.0]),
        images=np.array([0.5, 1.0, 9.0]),
        numbers=numbers,
    )


RUN = [
    snapshot(0, 0.69, 1.3),
    snapshot(10, 0.68, 0.4),
    snapshot(20, 0.60, 0.05),  # D is nearest to D* while G is poor
    snapshot(30, 0.50, 0.2),
    snapshot(40, 0.28, 0.1),  # half of 0.60 is left
    snapshot(50, 0.01, 0.001),
    snapshot(60, 0.02, 0.01),
]


def test_the_panels_are_chosen_by_the_rule():
    assert [s.step for s in choose_panels(RUN)] == [0, 20, 40, 60]
    assert [s.step for s in choose_panels(RUN[-4:])] == [30, 40, 50, 60]


def test_the_panels_are_in_order_whatever_the_numbers_say():
    for order in itertools.permutations(RUN[:5]):
        taken = [Snapshot(**{**vars(s), "step": step}) for step, s in enumerate(order)]
        steps = [s.step for s in choose_panels(taken)]
        assert steps == sorted(set(steps))
        assert (steps[0], steps[-1]) == (0, 4)
    without = [Snapshot(**{**vars(s), "numbers": {}}) for s in RUN]
    assert len(choose_panels(without)) == 4


def test_the_panels_that_are_asked_for():
    assert [s.step for s in choose_panels(RUN, [50, 0])] == [50, 0]
    with pytest.raises(UsageError, match="no snapshot of step 12") as caught:
        choose_panels(RUN, [0, 12])
    assert "nearest is of step 10" in caught.value.hint
    with pytest.raises(UsageError, match="has 3 snapshots"):
        choose_panels(RUN[:3])


def test_the_figure_shows_the_numbers():
    figure = figure_1(choose_panels(RUN), "a name")
    curves = {line.get_label(): line for axes in figure.axes for line in axes.lines}
    np.testing.assert_array_equal(curves["p(data)"].get_ydata(), [0.0, 0.5])
    np.testing.assert_array_equal(curves["p(generated)"].get_xdata(), [1.0, 3.0])
    np.testing.assert_array_equal(curves["D"].get_ydata(), [0.25, 0.75])
    np.testing.assert_allclose(curves["D*"].get_ydata(), [0.0, 5 / 6])
    titles = [axes.get_title() for axes in figure.axes if axes.get_title()]
    assert titles == ["(a)  step 0", "(b)  step 20", "(c)  step 40", "(d)  step 60"]
    assert {tuple(a.get_xlim()) for a in figure.axes} == {(0.0, 4.0)}  # x is one line


@pytest.mark.parametrize("form", ["png", "svg", "pdf"])
def test_the_figure_can_be_written(form):
    file = io.BytesIO()
    figure_1([snapshot(5, judge=False)], "").savefig(file, format=form)
    assert file.getvalue().startswith({"png": b"\x89PNG", "svg": b"<?xml", "pdf": b"%PDF"}[form])


def test_numbers_and_words():
    numbers = to_arrays([snapshot(5), snapshot(9, judge=False)])
    assert int(numbers["b_step"]) == 9
    assert float(numbers["a_jsd"]) == 0.5
    np.testing.assert_array_equal(numbers["a_images"], [0.5, 1.0, 9.0])
    assert "b_discriminator" not in numbers
    assert describe_panel(snapshot(5)) == [
        "V −1.200",
        "C(G) −1.000",
        "JSD 0.5000",
        "max|D−D*| 0.25",
    ]
    assert describe_panel(snapshot(5, judge=False)) == ["C(G) −1.000", "JSD 0.5000"]


@pytest.mark.parametrize("name", [NASTY, r"$\frac$", "$x$ $", "\x00\n\ud800"])
def test_a_run_may_be_called_anything(name):
    """No formula, no character that XML or a font refuses; the name as it is."""
    as_it_is = printable(name, lines=False)
    figure = figure_1(choose_panels(RUN), name)
    for form in ("png", "svg", "pdf"):
        figure.savefig(io.BytesIO(), format=form)
    assert any(text.get_text().startswith(f"{as_it_is}: ") for text in figure.texts)
    file = io.BytesIO()
    figure.savefig(file, format="svg")
    ElementTree.fromstring(file.getvalue())
    write_animation(io.BytesIO(), RUN[:2], ".gif", name)
    film = Animation(RUN[:2], name)
    shown = film.show(1)[-1].get_text()
    assert shown == f"{as_it_is}, step 10"
    film.figure.savefig(io.BytesIO(), format="png")


@pytest.mark.parametrize("name", [NASTY, "\x00\n\ud800"])
def test_so_it_may_on_sheets_and_beside_vectors(name):
    drawn = {"samples": images(2, 2, 8, 8, 1), "latents": np.zeros((2, 2, 5)), "step": 7, "seed": 1}
    near = {"neighbours": images(2, 8, 8, 1), "places": np.zeros(2, int), "distances": np.ones(2)}
    second, unnamed = (
        np.asarray(figure_2(SamplesAndNeighbours(**drawn, **near), GREY, said))
        for said in (name, "")
    )
    assert (second != unnamed).any()
    third, unnamed = (np.asarray(figure_3(LatentLines(**drawn), GREY, said)) for said in (name, ""))
    assert (third != unnamed).any()
    vector_figure(np.zeros((5, 2)), (2,), title=name).savefig(io.BytesIO(), format="png")


def test_sheets_tell_averaged_weights():
    drawn = {"samples": images(2, 5, 8, 8, 1), "latents": np.zeros((2, 5, 5)), "step": 7, "seed": 1}
    own, averaged = (
        np.asarray(figure_3(LatentLines(**drawn, averaged=said), GREY)) for said in (False, True)
    )
    assert (own != averaged).any()


def test_peaks_do_not_flatten_the_rest():
    spike = Snapshot(**{**vars(snapshot(0)), "generated": np.array([90.0, 0.0])})
    assert common_limits([spike]).density < 1.5


@pytest.mark.parametrize(("suffix", "form"), [(".gif", "GIF"), (".webp", "WEBP"), (".png", "PNG")])
def test_an_animation(suffix, form):
    file = io.BytesIO()
    write_animation(file, RUN[:4], suffix, "run")
    with Image.open(file) as film:
        assert (film.format, film.n_frames) == (form, 4)
        assert film.size == (800, 420)
    assert len(file.getvalue()) < 200_000


def test_a_frame_shows_the_past_only():
    film = Animation(RUN)
    drawn = film.show(2)
    courses = [artist for artist in drawn if getattr(artist, "get_label", str)() == "JSD"]
    assert list(courses[0].get_xdata()) == [0, 10, 20]
    assert list(courses[0].get_ydata()) == [0.69, 0.68, 0.6]


def test_frames_are_bounded_and_begin_and_end_with_the_run():
    chosen = choose_frames(list(range(1000)), 50)
    assert (chosen[0], chosen[-1]) == (0, 999)
    assert len(chosen) <= 50
    assert chosen[1] - chosen[0] < chosen[-1] - chosen[-2]
    assert choose_frames(["only"], 50) == ["only"]
    with pytest.raises(UsageError, match="two frames"):
        write_animation(io.BytesIO(), RUN[:1])


def images(*shape):
    return np.random.default_rng(0).integers(0, 256, shape).astype("float32")


def cell(sheet_image, sheet, row, column, right=0):
    left, top = sheet.corner(row, column, right)
    side = 8 * sheet.factor
    return np.asarray(sheet_image)[top : top + side, left : left + side]


def test_figure_2_has_samples_and_to_the_right_their_neighbours():
    samples, neighbours = images(2, 3, 8, 8, 1), images(2, 8, 8, 1)
    shown = SamplesAndNeighbours(
        samples, np.zeros((2, 3, 4)), neighbours, np.array([5, 6]), np.array([1.5, 2345.6]), 60, 0
    )
    picture = figure_2(shown, GREY, "digits \x1b[31m")
    sheet = Sheet(GREY.shape, 2, 4, above=2)
    factor = sheet.factor
    for row in range(2):
        seen = cell(picture, sheet, row, 2)[::factor, ::factor, 0]
        np.testing.assert_array_equal(seen, samples[row, 2, ..., 0])
        # beside the grid: 18 pixels apart, inside of its frame
        beside = cell(picture, sheet, row, 3, 18)[factor // 2 :: factor, factor // 2 :: factor, 0]
        np.testing.assert_array_equal(beside, neighbours[row, ..., 0])


def test_figure_3_has_a_line_in_each_row():
    samples = images(3, 5, 8, 8, 1)
    picture = figure_3(LatentLines(samples, np.zeros((3, 5, 2)), 7, 1), GREY)
    sheet = Sheet(GREY.shape, 3, 5)
    seen = cell(picture, sheet, 1, 2)[:: sheet.factor, :: sheet.factor, 0]
    np.testing.assert_array_equal(seen, samples[1, 2, ..., 0])


def test_a_sheet_is_bounded():
    with pytest.raises(ValueError, match="too large"):
        Sheet((512, 512, 3), 10, 10)
    assert Sheet((300, 200, 3), 2, 2).factor == 1
