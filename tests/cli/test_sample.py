"""`advnets sample` on a real run."""

from __future__ import annotations

import json
import os
import re

import click
import numpy as np
import pytest
from PIL import Image

import advnets
from advnets.cli.common import check_out
from advnets.cli.main import cli
from advnets.cli.sample import FORMATS
from advnets.errors import RecipeError, UsageError


def run(*words):
    return cli.main([str(word) for word in words], standalone_mode=False)


def test_npz_holds_samples_in_the_datas_own_range_and_latents(finished_run, tmp_path):
    out = tmp_path / "x.npz"
    run("sample", finished_run, "-n", 7, "--seed", 3, "--out", out)
    with np.load(out) as held:
        assert sorted(held.files) == ["latents", "samples"]
        samples, latents = held["samples"], held["latents"]
    assert samples.shape == (7, 8, 8, 1)
    assert latents.shape == (7, 20)
    assert samples.min() >= 0
    assert 1 < samples.max() <= 255  # pixels, not what the networks see of them


def test_a_seed_gives_the_same_samples_again(finished_run, tmp_path):
    found = []
    for name, seed in (("a", 1), ("b", 1), ("c", 2)):
        run("sample", finished_run, "-n", 5, "--seed", seed, "--out", tmp_path / f"{name}.npz")
        with np.load(tmp_path / f"{name}.npz") as held:
            found.append(held["samples"])
    np.testing.assert_array_equal(found[0], found[1])
    assert not np.array_equal(found[0], found[2])


def test_lines_through_the_latent_space(finished_run, tmp_path):
    out = tmp_path / "x.npz"
    run("sample", finished_run, "--interpolate", "-n", 20, "--out", out)
    with np.load(out) as held:
        latents = held["latents"].reshape(2, 10, -1)
    np.testing.assert_allclose(np.diff(latents, n=2, axis=1), 0, atol=1e-5)
    assert np.abs(np.diff(latents, axis=1)).max() > 0.01


def test_truncation_pulls_latents_to_the_mean(finished_run, tmp_path, capsys):
    held = {}
    for psi in (None, 0.5):
        words = [] if psi is None else ["--truncation", psi]
        run("sample", finished_run, "-n", 6, *words, "--out", tmp_path / f"{psi}.npz")
        with np.load(tmp_path / f"{psi}.npz") as file:
            held[psi] = dict(file)
    np.testing.assert_allclose(held[0.5]["latents"], 0.5 * held[None]["latents"], atol=1e-6)
    assert held[0.5]["truncation"] == 0.5
    assert "truncation" not in held[None]
    assert capsys.readouterr().err.count("by truncation 0.5") == 1
    opened = advnets.open_run(finished_run)
    samples, told = opened.sample(6, truncation=0.5)
    np.testing.assert_array_equal(samples, held[0.5]["samples"])
    np.testing.assert_array_equal(told["latent"], held[0.5]["latents"])


def test_lines_are_between_truncated_points(finished_run, tmp_path):
    for psi in (0.5, 1):
        out = tmp_path / f"{psi}.npz"
        run("sample", finished_run, "--interpolate", "-n", 20, "--truncation", psi, "--out", out)
    with np.load(tmp_path / "0.5.npz") as half, np.load(tmp_path / "1.npz") as whole:
        np.testing.assert_allclose(half["latents"], 0.5 * whole["latents"], atol=1e-6)


@pytest.mark.parametrize("psi", ["-0.5", "nan", "much"])
def test_what_is_no_truncation_is_refused(finished_run, tmp_path, psi):
    with pytest.raises((UsageError, click.ClickException)):
        run("sample", finished_run, "--truncation", psi, "--out", tmp_path / "x.npz")


def test_a_picture_says_what_was_asked_for_in_its_name(run_folder, capsys):
    run("sample", run_folder, "-n", 4, "--truncation", 0.7)
    run("sample", run_folder, "-n", 4, "--weights", "current", "--seed", 2)
    names = [
        "drawn-step-00000060-seed-0-n-4-truncation-0.7",
        "drawn-step-00000060-seed-2-n-4-current",
    ]
    paths = capsys.readouterr().out.split()
    assert paths == [str(run_folder / "samples" / f"{name}.png") for name in names]


def test_images_that_g_made_are_found_again(finished_run):
    opened = advnets.open_run(finished_run)
    samples, told = opened.sample(3, seed=5)
    found = opened.invert(samples, steps=300)
    assert found.latents.shape == told["latent"].shape
    assert np.abs(found.latents).max() <= 3**0.5 + 1e-6  # the prior is uniform
    assert found.samples.shape == samples.shape
    spread = np.square(samples / 255 - samples.mean(0) / 255).sum((1, 2, 3))
    assert found.differences.max() < 0.2 * spread.min()
    off = np.square((found.samples - samples) / 255.0).sum((1, 2, 3))
    np.testing.assert_allclose(off, found.differences, atol=1e-4)
    with pytest.raises(UsageError, match=r"\[n, 8, 8, 1\] were expected"):
        opened.invert(samples[0])
    with pytest.raises(UsageError, match="were expected"):
        opened.invert(np.zeros((0, 8, 8, 1)))


def test_without_out_the_picture_goes_into_the_run(run_folder, capsys):
    run("sample", run_folder)
    path = capsys.readouterr().out.strip()
    assert path == str(run_folder / "samples" / "drawn-step-00000060-seed-0.png")
    with Image.open(path) as picture:
        assert picture.width > 400


@pytest.mark.parametrize(
    ("out", "message"), [("x.gif", r"\.gif is not among"), ("no/x.png", "there is no folder")]
)
def test_a_file_that_cannot_be_written_is_refused_at_once(tmp_path, out, message):
    with pytest.raises(UsageError, match=message):
        check_out(tmp_path / out, FORMATS)


def test_a_folder_that_is_no_run_is_refused(tmp_path):
    with pytest.raises(UsageError, match="not the folder of a run"):
        run("sample", tmp_path)


def test_a_run_of_a_plugin_that_is_not_here_says_which(run_folder, measured):
    recipe, manifest = run_folder / "recipe.yaml", run_folder / "manifest.json"
    recipe.write_text(
        re.sub(r"name: (minimax|non_saturating)\b", "name: of_mine", recipe.read_text())
    )
    told = json.loads(manifest.read_text())
    told["plugins"] = [{"name": "mine", "source": f"elsewhere{os.sep}mine.py", "sha256": "0"}]
    manifest.write_text(json.dumps(told))
    for opening in (lambda: run("sample", run_folder), lambda: advnets.open_run(run_folder)):
        with (
            measured.timed("plugin_missing"),
            pytest.raises(RecipeError, match="'of_mine' is not among") as caught,
        ):
            opening()
        assert "--plugin elsewhere/mine.py" in caught.value.hint


@pytest.mark.parametrize("name", ["x.PNG", "x.jpg", "x.JPEG"])
def test_endings_of_any_case(finished_run, tmp_path, name):
    run("sample", finished_run, "-n", 4, "--out", tmp_path / name)
    with Image.open(tmp_path / name) as picture:
        assert picture.format == ("PNG" if name.endswith("PNG") else "JPEG")
        assert picture.width > 400


def test_a_folder_gets_a_picture_of_each(finished_run, tmp_path):
    out = tmp_path / "pictures"
    run("sample", finished_run, "-n", 3, "--out", out)
    assert sorted(path.name for path in out.iterdir()) == ["00000.png", "00001.png", "00002.png"]
    run("sample", finished_run, "-n", 3, "--out", tmp_path / "x.npz")
    with np.load(tmp_path / "x.npz") as held, Image.open(out / "00001.png") as picture:
        assert picture.size == (8, 8)
        np.testing.assert_allclose(np.asarray(picture), held["samples"][1, ..., 0], atol=0.51)


def test_nothing_is_replaced_unless_it_is_asked_for(finished_run, tmp_path, measured):
    precious, full = tmp_path / "x.npz", tmp_path / "full"
    full.mkdir()
    for path in (precious, full / "x.txt"):
        path.write_text("precious")
    with measured.timed("output_exists"), pytest.raises(UsageError, match="exists") as caught:
        run("sample", finished_run, "-n", 2, "--out", precious)
    assert "--force" in caught.value.hint
    with pytest.raises(UsageError, match="not empty"):
        run("sample", finished_run, "-n", 2, "--out", full)
    with pytest.raises(UsageError, match="exists"):
        run("figure", 2, finished_run, "--out", precious)
    assert precious.read_text() == "precious"
    run("sample", finished_run, "-n", 2, "--out", precious, "--force")
    with np.load(precious) as held:
        assert len(held["samples"]) == 2
    with pytest.raises(UsageError, match="something else than pictures.*: x.txt"):
        run("sample", finished_run, "-n", 2, "--out", full, "--force")
    assert [path.name for path in full.iterdir()] == ["x.txt"]


def test_a_folder_holds_one_sample_at_a_time(finished_run, tmp_path):
    """Pictures of a larger earlier sample are replaced with the others, and nothing else is."""
    out, data = tmp_path / "pictures", tmp_path / "data"
    run("sample", finished_run, "-n", 4, "--out", out)
    earlier = (out / "00000.png").read_bytes()
    (out / ".hidden").write_text("of the desktop")
    run("sample", finished_run, "-n", 2, "--seed", 5, "--out", out, "--force")
    assert sorted(path.name for path in out.iterdir()) == [".hidden", "00000.png", "00001.png"]
    assert (out / "00000.png").read_bytes() != earlier
    # A data set's own pictures are often called so, too.
    data.mkdir()
    Image.new("L", (8, 8)).save(data / "00000.png")
    theirs = (data / "00000.png").read_bytes()
    with pytest.raises(UsageError, match="something else than pictures.*: 00000.png"):
        run("sample", finished_run, "-n", 2, "--out", data, "--force")
    assert (data / "00000.png").read_bytes() == theirs


def played_with(run_folder, **lists):
    """Let the recipe of a run name components of plugins that are not here."""
    text = (run_folder / "recipe.yaml").read_text()
    for key, entry in lists.items():
        text, count = re.subn(rf"{key}: \[[^\]]*\]", f"{key}: [{entry}]", text)
        assert count == 1
    (run_folder / "recipe.yaml").write_text(text)


def test_what_only_training_needs_need_not_be_here(run_folder, tmp_path, measured):
    """A callback's and a penalty's plugin; also by `export` and from Python."""
    played_with(run_folder, callbacks="of_mine", penalties="another_of_mine")
    with measured.timed("training_plugin_gone"):
        run("sample", run_folder, "-n", 2, "--out", tmp_path / "x.npz")
    run("export", run_folder, "--format", "npz", "--out", tmp_path / "g.npz")
    opened = advnets.open_run(run_folder)
    assert opened.sample(2)[0].shape == (2, 8, 8, 1)
    assert opened.recipe.settings.penalties == []
    with pytest.raises(RecipeError, match="'of_mine' is not among"):
        run("run", run_folder, "training.steps=70")
