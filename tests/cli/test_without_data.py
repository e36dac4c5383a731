"""A run samples without its data: from what it keeps of them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import advnets
from advnets.cli.main import cli
from advnets.data import DataUnavailable
from advnets.errors import AdvnetsError, RunError, UsageError
from advnets.session import ending
from advnets.session.kept import keep_for_sampling

ADAM = {"name": "adam", "learning_rate": 1e-3}
WITH_DATA = {"name": "energy_distance", "features": "pixels", "samples": 8}
GENERATED = '''
import numpy as np
import advnets
from advnets.evaluate import Score

def mean_of_class(context):
    """Score each class by itself."""
    scores = []
    for label in range(context.told["label"].classes):
        made = np.mean(context.generated(20, given={"label": label}), dtype="float64")
        parts = context.generated_features("pixels", 20, given={"label": label})
        np.testing.assert_allclose(np.mean(parts), made, rtol=1e-5)
        truncated = {"label": label, "latent": np.zeros((2, 3))}
        alike = context.generated(3, given=truncated)
        np.testing.assert_allclose(alike, alike[:1].repeat(3, 0), rtol=1e-5)
        each = {"label": np.full(3, label), "latents": np.zeros((3, 2, 3), "float32")}
        np.testing.assert_allclose(context.generator(**each), alike, rtol=1e-5)
        protocol = context.protocol(better="lower", samples=20, label=label)
        if context.splits:
            parts = list(context.real_parts("test", where={"label": label}))
            protocol["real"] = sum(map(len, parts))
            made = abs(made - np.mean(np.concatenate(parts), dtype="float64"))
        scores.append(Score(f"mean_of_class/{label}", float(made), None, protocol))
    return scores

@advnets.hookimpl
def advnets_metrics():
    return [advnets.Component("mean_of_class", f"{__name__}:mean_of_class")]
'''


def recipe(data: Path, **changed: Any) -> dict[str, Any]:
    return {
        "name": "kept",
        "seed": 3,
        "dataset": {
            "name": "npz",
            "path": str(data),
            "fields": {"edges": {"kind": "image"}},
        },
        "latent": {"name": "gaussian", "shape": [2, 3]},
        "generator": {"name": "mlp", "layers": [8], "output": {"activation": "sigmoid"}},
        "discriminator": {"name": "mlp", "layers": [8], "activation": "leaky_relu"},
        "loss": "non_saturating",
        "optimizers": {"generator": ADAM, "discriminator": ADAM},
        "training": {"steps": 4, "batch_size": 8},
        "checkpoints": {"every": 4},
        "monitoring": {
            "log_every": 4,
            "image_every": 4,
            "samples": 4,
            "tensorboard": False,
            "figures": False,
        },
        **changed,
    }


def run(*words: object) -> None:
    cli.main([str(word) for word in words], standalone_mode=False)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four runs on images with edges and labels (a third of them 1), their data gone since;
    what they sampled while they were there.
    """
    folder = tmp_path_factory.mktemp("runs")
    data, rng = folder / "data.npz", np.random.default_rng(0)
    arrays: dict[str, Any] = {}
    for split, count in (("train", 60), ("validation", 10), ("test", 12)):
        arrays[split] = rng.integers(0, 256, (count, 4, 4, 1)).astype("uint8")
        arrays[f"{split}_labels"] = (np.arange(count) % 3 == 0).astype("int64")
        arrays[f"{split}_edges"] = rng.integers(0, 256, (count, 4, 4, 1)).astype("uint8")
    np.savez(data, **arrays)
    (folder / "plugin.py").write_text(GENERATED)
    both = {"generator": ["label"], "discriminator": ["label"]}
    edges = {"generator": ["edges"], "discriminator": ["edges"]}
    for name, changed in {
        "plain": {"latent": {"name": "gaussian", "size": 3}},
        "labels": {"given": both, "averaging": {"decay": 0.5}},
        "edges": {"given": edges, "latent": "none"},
        "contrast": {
            "dataset": {"name": "npz", "path": str(data), "preprocess": {"gcn": 5}},
            "generator": {"name": "mlp", "layers": [8]},
        },
    }.items():
        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(ending, "write_report", lambda folder: None)
            advnets.run(recipe(data, **changed), (), folder / name)
        run("sample", folder / name, "-n", 20, "--out", folder / f"{name}.npz")
    np.savez(folder / "expected.npz", validation_edges=arrays["validation_edges"])
    shutil.move(data, folder / "elsewhere.npz")
    return folder


@pytest.mark.parametrize("name", ["plain", "labels", "edges", "contrast"])
def test_samples_are_the_same_without_the_data(
    runs: Path, name: str, tmp_path: Path, measured: Any
) -> None:
    moved = shutil.copytree(runs / name, tmp_path / "moved")
    with measured.timed("data_gone_while_reading", True):
        run("sample", moved, "-n", 20, "--out", tmp_path / "x.npz")
    with np.load(runs / f"{name}.npz") as before, np.load(tmp_path / "x.npz") as after:
        assert before.files == after.files
        for array in before.files:
            np.testing.assert_array_equal(before[array], after[array])
    run("sample", moved, "--out", tmp_path / "x.png")


@pytest.mark.parametrize("name", ["labels", "contrast"])
def test_samples_are_the_same_with_other_data_and_scores_say_so(
    runs: Path, name: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The same shapes in the same place, half as bright, and with other classes."""
    with np.load(runs / "elsewhere.npz") as before:
        arrays = {
            key: 1 - before[key] if key.endswith("labels") else before[key] // 2
            for key in before.files
        }
    np.savez(runs / "data.npz", **arrays)
    try:
        run("sample", runs / name, "-n", 20, "--out", tmp_path / "x.npz")
        advnets.open_run(runs / name).evaluate([WITH_DATA])
    finally:
        (runs / "data.npz").unlink()
    with np.load(runs / f"{name}.npz") as before, np.load(tmp_path / "x.npz") as after:
        for array in before.files:
            np.testing.assert_array_equal(before[array], after[array])
    assert "measured on other data than the run's: train" in caplog.text


def test_latents_of_any_shape_and_labels_by_their_frequencies(runs: Path) -> None:
    opened = advnets.open_run(runs / "labels")
    samples, told = opened.sample(600)
    assert samples.shape == (600, 4, 4, 1)
    assert told["latent"].shape == (600, 2, 3)
    assert np.mean(told["label"]) == pytest.approx(1 / 3, abs=0.07)
    assert told["label"].dtype == np.int64
    _, told = opened.sample(20, interpolate=True)
    np.testing.assert_allclose(np.diff(told["latent"].reshape(2, 10, 6), n=2, axis=1), 0, atol=1e-5)
    assert not (runs / "plain" / "samples" / "kept.npz").exists()


def test_images_are_kept_in_the_data_sets_own_range(runs: Path, tmp_path: Path) -> None:
    opened = advnets.open_run(runs / "edges")
    with np.load(runs / "expected.npz") as held:
        edges = held["validation_edges"]
    samples, told = opened.sample(10)
    assert told.keys() == {"edges"}
    np.testing.assert_allclose(told["edges"], edges, atol=1e-4)
    np.savez(tmp_path / "own.npz", edges=edges[::-1])
    run("sample", runs / "edges", "--given", f"edges=@{tmp_path}/own.npz",
        "--out", tmp_path / "x.npz")  # fmt: skip
    with np.load(tmp_path / "x.npz") as held:
        np.testing.assert_allclose(held["samples"], samples[::-1], rtol=1e-4, atol=1e-2)
    for given, message in (
        ({"edges": edges / 255.0 * 300}, "its range is 0 to 255"),
        ({"edges": edges[:, :2]}, r"the shape \(10, 2, 4, 1\); expected \(4, 4, 1\)"),
        ({"latent": [0.0]}, "made of edges"),
    ):
        with pytest.raises(UsageError, match=message):
            opened.sample(given=given)
    with pytest.raises(UsageError, match="this game has no latent"):
        opened.sample(20, interpolate=True)


def test_a_class_is_given_by_its_name(runs: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(runs / "labels", tmp_path / "run")
    entry = json.loads((folder / "manifest.json").read_text())
    entry["sampling"]["told"]["label"]["names"] = ["ant", "bee"]
    (folder / "manifest.json").write_text(json.dumps(entry))
    run("sample", folder, "-n", 3, "--given", "label=bee", "--out", tmp_path / "x.npz")
    with np.load(tmp_path / "x.npz") as held:
        assert held["label"].tolist() == [1, 1, 1]
    with pytest.raises(UsageError, match="none of its 2 classes is called"):
        run("sample", folder, "-n", 3, "--given", "label=cat")


def test_what_is_kept(runs: Path) -> None:
    manifest = json.loads((runs / "labels" / "manifest.json").read_text())["sampling"]
    assert manifest["kept"]["examples"] == 10
    assert manifest["frequencies"]["label"] == pytest.approx([2 / 3, 1 / 3])
    assert manifest["told"]["label"]["classes"] == 2
    with np.load(runs / "labels" / "samples" / "kept.npz") as held:
        assert sorted(held.files) == ["edges", "example", "label"]


def test_a_run_that_goes_on_keeps_what_it_kept(runs: Path, tmp_path: Path) -> None:
    """What a session does before its first round, where the data are there again."""
    folder = shutil.copytree(runs / "edges", tmp_path / "run")
    file = folder / "samples" / "kept.npz"
    content, written = file.read_bytes(), file.stat().st_mtime_ns
    shutil.copy(runs / "elsewhere.npz", runs / "data.npz")
    try:
        opened = advnets.open_run(folder)
        before = opened.manifest["sampling"]
        keep_for_sampling(opened.folder, opened.game, opened.source)
        assert (file.read_bytes(), file.stat().st_mtime_ns) == (content, written)
        file.write_bytes(content[:50])  # damaged
        keep_for_sampling(opened.folder, opened.game, opened.source)
    finally:
        (runs / "data.npz").unlink()
    assert file.read_bytes() == content
    assert opened.manifest["sampling"] == before


@pytest.mark.parametrize("how", ["flipped", "cut", "gone", "told"])
def test_what_is_damaged_is_said(runs: Path, tmp_path: Path, how: str) -> None:
    folder = shutil.copytree(runs / "edges", tmp_path / "run")
    file, manifest = folder / "samples" / "kept.npz", folder / "manifest.json"
    content = bytearray(file.read_bytes())
    if how == "flipped":
        content[100] ^= 1
    file.write_bytes(content[: len(content) // 2] if how == "cut" else content)
    if how == "gone":
        file.unlink()
    if how == "told":
        entry = json.loads(manifest.read_text())
        entry["sampling"]["told"]["edges"]["shape"] = "wide"
        manifest.write_text(json.dumps(entry))
    message = {
        "gone": "cannot be read: No such file",
        "told": "the manifest's entry `sampling` is damaged",
    }.get(how, "cannot be read: its hash is")
    with pytest.raises(RunError, match=message):
        advnets.open_run(folder).sample(3)


def test_a_run_that_kept_nothing(runs: Path, tmp_path: Path) -> None:
    """One of another version, say: with the data gone, there is nothing to sample with."""
    folder = shutil.copytree(runs / "edges", tmp_path / "run")
    entry = json.loads((folder / "manifest.json").read_text())
    entry["sampling"]["kept"] = None
    (folder / "manifest.json").write_text(json.dumps(entry))
    opened = advnets.open_run(folder)
    with pytest.raises(UsageError, match="'edges' comes with real examples") as refused:
        opened.sample(3)
    assert "--given edges=" in str(refused.value)
    assert len(opened.sample(3, given={"edges": np.zeros((4, 4, 1))})[0]) == 3
    del entry["sampling"]
    (folder / "manifest.json").write_text(json.dumps(entry))
    with pytest.raises(DataUnavailable, match="there is no file"):
        advnets.open_run(folder).sample(3)


def test_data_that_were_exchanged_are_told(
    runs: Path, caplog: pytest.LogCaptureFixture, measured: Any
) -> None:
    with np.load(runs / "elsewhere.npz") as held:
        arrays = dict(held)
    np.savez(runs / "data.npz", **arrays | {"train": arrays["train"][::-1]})
    measured_on = {**WITH_DATA, "split": "train"}
    try:
        with measured.timed("exchanged_when_scored"):
            advnets.open_run(runs / "plain").evaluate([measured_on])
    finally:
        (runs / "data.npz").unlink()
    assert "measured on other data than the run's: train" in caplog.text


def test_a_metric_for_each_class(runs: Path) -> None:
    """With the data it compares; without, it may look at samples, and is refused the rest."""
    plugin = str(runs / "plugin.py")
    alone = advnets.open_run(runs / "labels", plugins=[plugin]).evaluate(["mean_of_class"])
    assert [score.metric for score in alone] == ["mean_of_class/0", "mean_of_class/1"]
    shutil.copy(runs / "elsewhere.npz", runs / "data.npz")
    try:
        both = advnets.open_run(runs / "labels", plugins=[plugin]).evaluate(["mean_of_class"])
    finally:
        (runs / "data.npz").unlink()
    assert [score.protocol["real"] for score in both] == [8, 4]
    with pytest.raises(AdvnetsError, match="the run's data are needed, and they are not here"):
        advnets.open_run(runs / "labels").evaluate([WITH_DATA])


def test_a_run_goes_on_with_the_new_place_of_its_data_as_the_hint_says(
    runs: Path, tmp_path: Path
) -> None:
    moved = Path(shutil.copytree(runs / "plain", tmp_path / "moved"))
    with pytest.raises(DataUnavailable) as caught:
        advnets.open_run(moved).evaluate([WITH_DATA])
    assert "`advnets run RUN dataset.path=PLACE`" in caught.value.hint
    with pytest.raises(DataUnavailable, match="there is no file") as caught:
        advnets.run(moved, {"training.steps": 8})
    assert "a run whose data have been moved goes on with their new place" in caught.value.hint
    run("run", moved, f"dataset.path={runs / 'elsewhere.npz'}")
    assert advnets.open_run(moved).evaluate([WITH_DATA])[0].value > 0
