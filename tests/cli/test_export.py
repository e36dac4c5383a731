"""`advnets export` on a real run: what is written computes what the run computes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import advnets
from advnets.cli.export import check_target
from advnets.cli.main import cli
from advnets.errors import UsageError


def run(*words):
    return cli.main([str(word) for word in words], standalone_mode=False)


@pytest.fixture(scope="module")
def opened(finished_run):
    return advnets.open_run(finished_run)


@pytest.fixture(scope="module")
def known(opened):
    """Latents and what the run's generator makes of them, in the preprocessed range."""
    latents = np.random.default_rng(0).uniform(-1, 1, (4, 20)).astype("float32")
    return latents, np.asarray(opened.generator(latents, training=False))


def test_a_keras_file_computes_the_same(finished_run, tmp_path, known):
    import keras

    out = tmp_path / "g.keras"
    run("export", finished_run, "--format", "keras", "--out", out)
    model = keras.models.load_model(out)
    np.testing.assert_allclose(np.asarray(model(known[0])), known[1], atol=1e-6)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["g.keras", "g.keras.json"]


def test_a_saved_model_needs_tensorflow_only(finished_run, tmp_path, known):
    out = tmp_path / "served"
    run("export", finished_run, "--format", "savedmodel", "--out", out)
    np.save(tmp_path / "z.npy", known[0])
    program = (
        "import sys, numpy as np, tensorflow as tf\n"
        "served = tf.saved_model.load(sys.argv[1])\n"
        "np.save(sys.argv[3], served.serve(np.load(sys.argv[2])).numpy())\n"
        "assert not any(name.startswith('advnets') for name in sys.modules)\n"
    )
    words = [str(tmp_path / name) for name in ("served", "z.npy", "x.npy")]
    subprocess.run([sys.executable, "-c", program, *words], check=True, cwd=tmp_path)
    np.testing.assert_allclose(np.load(tmp_path / "x.npy"), known[1], atol=1e-6)


def test_npz_holds_every_weight(finished_run, tmp_path, opened):
    out = tmp_path / "d.npz"
    run("export", finished_run, "--format", "npz", "--network", "discriminator", "--out", out)
    with np.load(out) as held:
        weights = {name: held[name] for name in held.files}
    expected = {weight.path: weight.numpy() for weight in opened.discriminator.weights}
    assert weights.keys() == expected.keys()
    assert all(np.array_equal(weights[path], expected[path]) for path in expected)


def test_the_discriminator_loads_too(finished_run, tmp_path, opened):
    import keras

    out = tmp_path / "d.keras"
    run("export", finished_run, "--format", "keras", "--network", "discriminator", "--out", out)
    x = np.random.default_rng(1).random((3, 8, 8, 1), "float32")
    np.testing.assert_allclose(
        np.asarray(keras.models.load_model(out)(x, training=False)),
        np.asarray(opened.discriminator(x, training=False)),
        atol=1e-6,
    )


def test_beside_it_lies_what_one_has_to_know(run_folder, capsys):
    run("export", run_folder, "--format", "npz")
    path = capsys.readouterr().out.strip()
    assert path.endswith("exports/generator-step-00000060.npz")
    with open(f"{path}.json") as file:
        about = json.load(file)
    assert (about["network"], about["step"], about["recipe"]) == ("generator", 60, "digits")
    assert about["latent"]["size"] == 20
    assert about["inputs"] == {"latent": {"shape": [20], "dtype": "float32"}}
    assert about["outputs"] == {"example": {"shape": [8, 8, 1], "dtype": "float32"}}
    assert about["preprocessed_range"] == [0, 1]
    manifest = json.loads((run_folder / "manifest.json").read_text())
    assert about["state_sha256"] == manifest["state_sha256"]


@pytest.mark.parametrize("name", ["g.keras", "g.npz", "served"])
def test_the_ending_says_the_format(finished_run, tmp_path, name):
    run("export", finished_run, "--out", tmp_path / name)
    assert (tmp_path / name).is_dir() == (name == "served")
    told = json.loads((tmp_path / f"{name}.json").read_text())
    assert told["network"] == "generator"


def test_no_ending_and_an_unknown_one(finished_run, tmp_path):
    with pytest.raises(UsageError, match=r"'.h5' is no ending of an export") as found:
        run("export", finished_run, "--out", tmp_path / "g.h5")
    assert ".keras: keras" in found.value.hint
    with pytest.raises(UsageError, match="nothing says what to export"):
        run("export", finished_run)


def test_nothing_is_overwritten_unasked(finished_run, tmp_path, measured):
    out = tmp_path / "g.npz"
    out.write_text("precious")
    with measured.timed("output_exists"), pytest.raises(UsageError, match="exists"):
        run("export", finished_run, "--format", "npz", "--out", out)
    assert out.read_text() == "precious"
    run("export", finished_run, "--format", "npz", "--out", out, "--force")
    assert out.stat().st_size > 10_000


def test_even_force_replaces_no_folder_of_something_else(tmp_path):
    (tmp_path / "photos").mkdir()
    with pytest.raises(UsageError, match="no SavedModel"):
        check_target(tmp_path / "photos", "savedmodel", force=True)


@pytest.mark.parametrize(
    ("out", "form", "message"),
    [("g.h5", "keras", r"ends in \.keras"), ("no/g.npz", "npz", "there is no folder")],
)
def test_unfit_paths(tmp_path, out, form, message):
    with pytest.raises(UsageError, match=message):
        check_target(tmp_path / out, form, force=False)


def test_what_follows_a_schedule_has_the_value_of_its_checkpoint(tmp_path):
    """In both formats, at two checkpoints, averaged or not; and a resumed run samples alike."""
    import keras
    import tensorflow as tf

    plugin = Path(__file__).with_name("fading.py")
    alpha = {"from": 0.0, "to": 8.0, "rounds": 8}
    recipe = {
        "name": "fading",
        "dataset": {"name": "gaussian_1d", "examples": 100},
        "latent": {"name": "gaussian", "size": 1},
        "generator": {"name": "fading", "alpha": alpha},
        "discriminator": {"name": "mlp", "layers": [4]},
        "loss": "non_saturating",
        "optimizers": {"generator": "adam", "discriminator": "adam"},
        "averaging": {"decay": 0.5},
        "training": {"steps": 4, "batch_size": 8},
        "checkpoints": {"every": 2},
        "monitoring": {"image_every": 0, "tensorboard": False, "figures": False},
    }
    whole = advnets.run(recipe, run_dir=tmp_path / "run", plugins=[plugin])
    advnets.run(recipe, {"training.steps": 2}, run_dir=tmp_path / "parts", plugins=[plugin])
    parts = advnets.run(recipe, run_dir=tmp_path / "parts", plugins=[plugin])
    np.testing.assert_array_equal(parts.sample(3)[0], whole.sample(3)[0])
    z = np.ones([2, 1], "float32")
    for step in (2, 4):
        found = advnets.open_run(tmp_path / "run", plugins=[plugin], checkpoint=step)
        for weights in ("averaged", "current"):
            network = found.network("generator", weights)
            assert float(network.get_layer("fade").alpha()) == step
            for name in ("g.keras", "served"):
                out = tmp_path / f"{step}-{weights}-{name}"
                words = ("--checkpoint", step, "--weights", weights, "--plugin", plugin)
                run("export", tmp_path / "run", "--out", out, *words)
                if name == "served":
                    served = tf.saved_model.load(out)
                    made = served.serve(z)
                else:
                    made = keras.models.load_model(out)(z)
                np.testing.assert_allclose(made, network(z), rtol=1e-6)
