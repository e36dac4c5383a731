"""The monitor, as the training loop uses it."""

from __future__ import annotations

import json

import numpy as np
import pytest
import tensorflow as tf

from advnets.evaluate import Score
from advnets.monitor import Monitor


@pytest.fixture
def monitor(folder, recipe, spec, console):
    return Monitor(folder, recipe, spec, console=console)


def test_a_record_goes_everywhere(monitor, folder, console, record):
    with monitor:
        monitor.start(0)
        written = monitor.log(record(100, d_loss=tf.constant(1.25), g_loss=np.float32(0.5)))
    assert folder.read_metrics() == [written]
    assert (written["d_loss"], written["g_loss"]) == (1.25, 0.5)
    assert written["time"] > 1.7e9
    assert "step 100/100  D 1.2500  G 0.5000" in console.file.getvalue()
    assert list(folder.tensorboard.glob("*tfevents*"))


def test_a_number_that_is_not_finite_is_null(monitor, folder, record):
    with monitor:
        monitor.start(0)
        monitor.log(record(100, d_loss=float("nan"), g_loss=np.float32("inf")))
    line = json.loads(folder.metrics_file.read_text())
    assert (line["d_loss"], line["g_loss"]) == (None, None)


def test_going_back_to_a_checkpoint_drops_what_came_after(folder, recipe, spec, console, record):
    for start, steps in ((0, (10, 20, 30, 40)), (20, (25, 35))):
        with Monitor(folder, recipe, spec, console=console) as monitor:
            monitor.start(start)
            for step in steps:
                monitor.log(record(step))
                monitor.images(step, np.full((4, 8, 8, 1), step))
    assert [r["step"] for r in folder.read_metrics()] == [10, 20, 25, 35]
    names = sorted(path.name for path in folder.samples.iterdir())
    assert names == [f"step-{step:08}.png" for step in (10, 20, 25, 35)]


def test_scores_are_shown(monitor, console):
    with monitor:
        monitor.start(0)
        monitor.scores(50, [Score("parzen", 225.0, 2.0, {})])
    assert "step 50: parzen 225 ± 2" in console.file.getvalue()


def test_pictures_that_fail_are_told_once_and_nothing_stops(monitor, console, folder, record):
    with monitor:
        monitor.start(0)
        for step in (10, 20, 30):
            monitor.images(step, np.zeros((4, 3)))  # no images
        monitor.log(record(100))
    assert console.file.getvalue().count("warning: cannot write samples") == 1
    assert len(folder.read_metrics()) == 1


def test_tensorboard_can_be_switched_off(folder, spec, console, record):
    from advnets.recipe import load_recipe

    recipe = load_recipe("digits", {"monitoring.tensorboard": False})
    with Monitor(folder, recipe, spec, console=console) as monitor:
        monitor.start(0)
        monitor.log(record(5))
    assert not folder.tensorboard.exists()


def test_others_than_the_chief_are_silent(folder, recipe, spec, console, record):
    before = sorted(folder.path.iterdir())
    with Monitor(folder, recipe, spec, console=console, chief=False) as monitor:
        monitor.start(0)
        monitor.log(record(5))
        monitor.images(5, np.zeros((4, 8, 8, 1)))
        monitor.scores(5, [Score("m", 1.0)])
    assert sorted(folder.path.iterdir()) == before
    assert console.file.getvalue() == ""


@pytest.mark.parametrize(
    ("status", "text"),
    [("finished", "finished at step 7"), ("interrupted", "the same command goes on")],
)
def test_the_last_line_says_how_it_ended(monitor, console, record, status, text):
    with monitor:
        monitor.start(0)
        monitor.log(record(7))
        monitor.finish(status)
    assert text in console.file.getvalue().splitlines()[-1]


def test_an_error_inside_ends_as_failed(monitor, console):
    monitor.start(3)
    with pytest.raises(ZeroDivisionError), monitor:
        1 / 0
    assert console.file.getvalue().splitlines()[-1] == "failed at step 3"
