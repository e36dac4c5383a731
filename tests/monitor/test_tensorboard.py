"""Event files: what is in them, what a resumed run leaves of them, what stops them."""

from __future__ import annotations

import struct

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from tensorboard.backend.event_processing.plugin_event_accumulator import EventAccumulator
from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import masked_crc32c
from tensorboard.plugin_util import markdown_to_safe_html

from advnets.errors import RunError
from advnets.monitor.tensorboard import EventLog, forget


@pytest.fixture
def events(tmp_path):
    return lambda step: EventLog(tmp_path / "run" / "tensorboard", step)


def read(folder):
    """What TensorBoard's own reader finds."""
    accumulator = EventAccumulator(str(folder), size_guidance={"tensors": 0})
    accumulator.Reload()
    return accumulator


def steps(folder, tag):
    # In order: of two files begun in one second, the tenth sorts before the ninth.
    return sorted(event.step for event in read(folder).Tensors(tag))


def play(log, start, stop, value=0.0):
    for step in range(start, stop, 10):
        log.record({"step": step, "time": 1.0, "d_loss": value, "value": None})


def test_every_number_of_a_record_is_written(events):
    log = events(0)
    log.record({"step": 5, "time": 1.0, "d_loss": 1.5, "value": -1.0, "k": 0.25, "d_real": None})
    log.close()
    accumulator = read(log.folder)
    tags = set(accumulator.Tags()["tensors"]) - {"_hparams_/session_end_info"}
    assert tags == {"losses/discriminator", "game/value", "game/value_plus_log_4", "more/k"}
    [event] = accumulator.Tensors("game/value_plus_log_4")
    assert tf.make_ndarray(event.tensor_proto) == pytest.approx(np.log(4) - 1, abs=1e-6)


def test_recipe_pictures_and_hyper_parameters(events, tmp_path):
    Image.new("L", (20, 10), 77).save(tmp_path / "grid.png")
    log = events(0)
    log.recipe(0, "name: x\n", {"name": "x", "loss": {"name": "minimax"}, "seed": 3})
    log.image(0, "samples", tmp_path / "grid.png")
    log.close()
    accumulator = read(log.folder)
    [text] = accumulator.Tensors("recipe")
    assert b"name: x" in tf.make_ndarray(text.tensor_proto).item()
    [image] = accumulator.Tensors("samples")
    assert tf.make_ndarray(image.tensor_proto)[:2].tolist() == [b"20", b"10"]
    found = accumulator.SummaryMetadata("_hparams_/session_start_info").plugin_data.content
    assert b"loss.name" in found
    assert b"minimax" in found


def test_a_resumed_run_shows_every_step_once(events):
    killed = events(0)
    play(killed, 10, 101, value=1.0)
    killed._writer.flush()  # as the system finds the file when the process is killed
    resumed = events(50)
    play(resumed, 60, 121, value=2.0)
    resumed.close()
    assert steps(resumed.folder, "losses/discriminator") == list(range(10, 121, 10))
    values = [
        float(tf.make_ndarray(event.tensor_proto))
        for event in read(resumed.folder).Tensors("losses/discriminator")
    ]
    assert values == [1.0] * 5 + [2.0] * 7


def test_a_viewer_that_saw_the_lost_steps_drops_them(events):
    killed = events(0)
    play(killed, 10, 101)
    killed.close()
    [file] = killed.folder.iterdir()
    file.rename(file.with_name("events.out.tfevents.1600000000.host"))  # of an earlier second
    viewer = read(killed.folder)
    resumed = events(50)
    play(resumed, 60, 71)
    resumed.close()
    viewer.Reload()
    assert [e.step for e in viewer.Tensors("losses/discriminator")] == [10, 20, 30, 40, 50, 60, 70]


def test_going_on_after_a_clean_end_touches_nothing(events):
    first = events(0)
    play(first, 10, 51)
    first.close()
    [file] = first.folder.iterdir()
    before = file.read_bytes()
    forget(first.folder, 50)
    assert [path.read_bytes() for path in first.folder.iterdir()] == [before]


def test_a_torn_end_is_cut_off(events):
    first = events(0)
    play(first, 10, 51)
    first.close()
    [file] = first.folder.iterdir()
    file.write_bytes(file.read_bytes()[:-7])
    second = events(50)
    play(second, 60, 71)
    second.close()
    assert steps(first.folder, "losses/discriminator")[-2:] == [60, 70]


def test_a_new_start_begins_with_no_events(events):
    first = events(0)
    play(first, 10, 51)
    first.close()
    again = events(0)
    play(again, 10, 21)
    again.close()
    assert steps(again.folder, "losses/discriminator") == [10, 20]


def test_a_folder_that_cannot_be_written_is_told(events, tmp_path):
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "tensorboard").write_text("in the way")
    with pytest.raises(RunError, match="cannot write TensorBoard's event files: .*exists"):
        events(0)


def test_a_picture_that_is_gone_is_told(events, tmp_path):
    log = events(0)
    with pytest.raises(RunError, match="cannot write TensorBoard's event files: .*No such file"):
        log.image(20, "samples", tmp_path / "is not there.png")
    log.close()


@pytest.mark.parametrize("length", [2**33, 2**62, 2**64 - 1, 2**64 - 16])
def test_records_of_impossible_lengths(events, length):
    """TensorFlow's own reader ends the process over some of them."""
    first = events(0)
    play(first, 10, 51)
    first.close()
    [file] = first.folder.iterdir()
    written = struct.pack("<Q", length)
    checksum = struct.pack("<I", masked_crc32c(written))
    with file.open("ab") as opened:
        opened.write(written + checksum + b"x" * 100)
    second = events(50)
    play(second, 60, 71)
    second.close()
    assert steps(first.folder, "losses/discriminator")[-2:] == [60, 70]


def test_the_recipe_cannot_inject_html(events):
    """TensorBoard shows it as Markdown."""
    nasty = '"</code></pre>```<script>alert(1)</script>[x](javascript:alert(1))"'
    log = events(0)
    log.recipe(0, f"name: x\npath: {nasty}\n", {"dataset": {"name": nasty}})
    log.close()
    [shown] = read(log.folder).Tensors("recipe")
    html = markdown_to_safe_html(tf.make_ndarray(shown.tensor_proto).item())
    assert "<script" not in html
    assert "href" not in html
    assert "&lt;script&gt;" in html
