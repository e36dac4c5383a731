"""`advnets figure` on real runs."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from tensorboard.backend.event_processing.plugin_event_accumulator import EventAccumulator

import advnets
from advnets.cli.main import cli
from advnets.errors import UsageError

TINY = {
    "generator.layers": [8],
    "discriminator.layers": [8],
    "updates": "alternating",
    "training.steps": 40,
    "training.batch_size": 32,
    "monitoring.log_every": 10,
    "monitoring.image_every": 0,
    "dataset.examples": 2000,
    "dataset.held_out": 100,
}


def run(*words):
    return cli.main([str(word) for word in words], standalone_mode=False)


@pytest.fixture(scope="module")
def played(tmp_path_factory):
    """A short game on the line; do not write to it."""
    path = tmp_path_factory.mktemp("line") / "run"
    return advnets.run("gaussian_1d", TINY, run_dir=path)


@pytest.fixture
def line(played, tmp_path):
    """A copy of it, to write to."""
    return shutil.copytree(played.path, tmp_path / "line")


def test_every_record_says_what_theory_says(played):
    steps = [record["step"] for record in played.metrics]
    assert steps == [10, 20, 30, 40]
    last = played.metrics[-1]
    assert last["theory_criterion"] == pytest.approx(-np.log(4) + 2 * last["theory_jsd"])
    assert last["theory_gap"] == pytest.approx(last["theory_criterion"] - last["theory_value"])
    scores = {score.metric: score for score in played.evaluate(["theory"])}
    for name in ("value", "criterion", "jsd", "gap"):  # live, on fewer bins: the same
        assert scores[f"theory_{name}"].value == pytest.approx(last[f"theory_{name}"], abs=1e-4)


def test_what_theory_says_is_what_samples_say(played):
    """V in expectation against a mean over draws."""
    last = played.metrics[-1]
    samples, _ = played.sample(20_000, seed=1)
    real = played.source.load("train")

    def log_probability(x, sign):
        return -np.logaddexp(0, -sign * played.discriminator(x).numpy().astype("float64"))

    estimate = log_probability(real, 1).mean() + log_probability(samples, -1).mean()
    assert last["theory_value"] == pytest.approx(estimate, abs=0.02)


def test_the_end_of_a_run_draws_figure_1_into_it_and_into_its_report(played):
    with Image.open(played.path / "exports" / "figure-1.png") as picture:
        assert picture.width > 1500
    report = (played.path / "report.html").read_text()
    assert "Figure 1: the game on the line" in report
    assert "Theory: V(D, G) and C(G)" in report
    events = b"".join(f.read_bytes() for f in (played.path / "tensorboard").glob("*tfevents*"))
    assert b"figures/1" in events
    assert b"theory/criterion" in events


def test_figure_1_tells_what_its_panels_are(line, tmp_path, capsys):
    out = tmp_path / "x.npz"
    run("figure", 1, line, "--out", out)
    told = capsys.readouterr().out.splitlines()
    assert [words.split(":")[0] for words in told[:4]][::3] == ["(a) step 0", "(d) step 40"]
    assert "JSD 0." in told[0]
    records = {r["step"]: r for r in map(json.loads, (line / "metrics.jsonl").open())}
    with np.load(out) as held:
        assert int(held["d_step"]) == 40
        assert float(held["d_jsd"]) == records[40]["theory_jsd"]
        width = np.diff(held["d_x"])[0]
        assert held["d_data"].sum() * width == pytest.approx(1, abs=0.01)
        assert held["d_generated"].sum() * width == pytest.approx(1, abs=0.01)


def test_panels_and_forms_that_are_asked_for(line, tmp_path, capsys):
    out = tmp_path / "x.svg"
    run("figure", 1, line, "--steps", "0,20", "--out", out)
    assert capsys.readouterr().out.count("step") == 2
    assert b"<svg" in out.read_bytes()


def test_the_animation(line, capsys):
    run("figure", 1, line, "--animate")
    path = capsys.readouterr().out.strip()
    assert path == str(line / "exports" / "figure-1.gif")
    with Image.open(path) as film:
        assert film.n_frames == 5
    assert "data:image/gif" in (line / "report.html").read_text()
    shown = EventAccumulator(str(line / "tensorboard"), size_guidance={"tensors": 0})
    shown.Reload()
    [event] = shown.Tensors("figures/1_over_the_run")
    assert event.step == 40
    width, height, content = tf.make_ndarray(event.tensor_proto).tolist()
    assert (int(width), int(height)) == (800, 420)
    assert content == Path(path).read_bytes()
    assert [event.step for event in shown.Tensors("losses/discriminator")] == [10, 20, 30, 40]


def test_figures_2_and_3_of_images(run_folder, tmp_path, capsys):
    assert (run_folder / "exports" / "figure-2.png").exists()  # drawn when the run ended
    out = tmp_path / "x.npz"
    run("figure", 2, run_folder, "--rows", 2, "--columns", 3, "--seed", 5, "--out", out)
    assert "L2 to the nearest of 1,437" in capsys.readouterr().out
    opened = advnets.open_run(run_folder)
    train = opened.source.load("train")
    with np.load(out) as held:
        samples, neighbours = held["samples"], held["neighbours"]
        assert samples.shape == (2, 3, 8, 8, 1)
        np.testing.assert_array_equal(neighbours, train[held["places"]])
        for row in range(2):
            all_of_them = np.sqrt(np.square(train - samples[row, -1]).sum(axis=(1, 2, 3)))
            assert held["distances"][row] == pytest.approx(all_of_them.min(), rel=1e-6)
        drawn, told = opened.sample(6, seed=5)  # as `advnets sample` draws them
        np.testing.assert_array_equal(held["latents"].reshape(6, -1), told["latent"])
        np.testing.assert_allclose(samples.reshape(6, 8, 8, 1), drawn, rtol=1e-4, atol=1e-3)
    run("figure", 3, run_folder)
    with Image.open(run_folder / "exports" / "figure-3.png") as picture:
        assert picture.width > 700
    assert "Figure 3: lines through latent space" in (run_folder / "report.html").read_text()


def test_figure_3_goes_along_straight_lines_each_from_where_the_last_has_ended(
    run_folder, tmp_path
):
    out = tmp_path / "x.npz"
    run("figure", 3, run_folder, "--rows", 3, "--columns", 5, "--out", out)
    with np.load(out) as held:
        latents = held["latents"]
    assert latents.shape[:2] == (3, 5)
    np.testing.assert_allclose(np.diff(latents, n=2, axis=1), 0, atol=1e-6)
    np.testing.assert_array_equal(latents[1:, 0], latents[:-1, -1])


def test_the_wrong_figure_for_a_run(run_folder, line):
    with pytest.raises(UsageError, match=r"games on the line.*8 × 8 × 1") as caught:
        run("figure", 1, run_folder)
    assert "figures 2 and 3" in caught.value.hint
    with pytest.raises(UsageError, match="vectors of 1 number") as caught:
        run("figure", 3, line)
    assert "figure 1 shows this game" in caught.value.hint


def test_a_run_older_than_snapshots(line):
    (line / "samples" / "theory.jsonl").unlink()
    with pytest.raises(UsageError, match="no snapshots") as caught:
        run("figure", 1, line)
    assert "play its recipe from scratch" in caught.value.hint


def test_a_run_that_has_hardly_begun(line):
    path = line / "samples" / "theory.jsonl"
    path.write_text("".join(path.open().readlines()[:2]))
    with pytest.raises(UsageError, match="four panels; the run has 2 snapshots"):
        run("figure", 1, line)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["1", "--out", "x.jpg"], r"\.jpg is not among \.png, \.svg"),
        (["1", "--animate", "--out", "x.pdf"], r"\.pdf is not among \.gif"),
        (["2", "--out", "x.svg"], r"\.svg is not among \.png, \.pdf, \.npz"),
        (["3", "--animate"], "no such film"),
        (["1", "--steps", "5"], "no snapshot of step 5"),
        (["1", "--steps", "0,40", "--animate"], "--steps chooses panels"),
        (["2", "--steps", "0"], "--steps is for figure 1; it says nothing of 2"),
        (["1", "--seed", "0"], "--seed is for figure 2 and 3; it says nothing of 1"),
        (["1", "--weights", "current"], "--weights is for figure 2 and 3"),
        (["1", "--checkpoint", "best"], "--checkpoint is for figure 2 and 3"),
    ],
)
def test_what_cannot_be_drawn_is_refused(line, words, message):
    number, *options = words
    with pytest.raises(UsageError, match=message):
        run("figure", number, line, *options)


def test_too_large_a_sheet_is_refused(run_folder, monkeypatch):
    monkeypatch.setattr("advnets.monitor.figures.sheet.MOST", 1000)
    with pytest.raises(UsageError, match="too large"):
        run("figure", 3, run_folder, "--rows", 20)


def test_a_resumed_run_keeps_the_snapshots_up_to_its_checkpoint(line, capsys):
    path = line / "samples" / "theory.jsonl"
    before = path.read_text().splitlines()
    path.write_text("\n".join([*before, before[-1].replace('"step": 40', '"step": 41')]) + "\n")
    advnets.run("gaussian_1d", TINY | {"training.steps": 60}, run_dir=line)
    after = path.read_text().splitlines()
    assert after[:5] == before
    assert [json.loads(one)["step"] for one in after] == [0, 10, 20, 30, 40, 50, 60]


def test_theory_and_figures_that_fail_do_not_end_a_run(tmp_path, monkeypatch):
    from advnets.observe import figures
    from advnets.observe import theory as theory_watch

    def broken(*_):
        raise ValueError("no picture today")

    monkeypatch.setattr(theory_watch.Line, "__call__", broken)
    monkeypatch.setattr(figures, "read_snapshots", broken)
    run_ = advnets.run("gaussian_1d", TINY | {"monitoring.tensorboard": False}, run_dir=tmp_path)
    assert run_.manifest["status"] == "finished"
    assert "theory_jsd" not in run_.metrics[-1]
    off = [entry["who"] for entry in run_.manifest["switched_off"]]
    assert off == ["theory", "figures"]


def test_figures_can_be_left_out(tmp_path):
    few = {"training.steps": 10, "monitoring.figures": False, "monitoring.tensorboard": False}
    advnets.run("gaussian_1d", TINY | few, run_dir=tmp_path)
    assert not (tmp_path / "exports").exists()
