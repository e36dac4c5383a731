"""A network starts from another run's weights, or a file's, and the run needs these no more."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

import advnets
from advnets.cli.main import cli
from advnets.errors import RunError, UsageError
from advnets.networks import save_weights
from advnets.runs.index import own_hash

pytestmark = pytest.mark.usefixtures("without_reports")

PLUGIN = """
import os
import shutil
import keras
import numpy as np
from advnets import Component, hookimpl
from advnets.plugins.parameters import Parameters

class Folder(Parameters):
    old: str

class Poison(keras.callbacks.Callback):
    '''Removes the old run after round 1, and makes a weight NaN, unless the rate is lower.'''
    def __init__(self, old):
        super().__init__()
        self.old = old
    def on_train_batch_end(self, batch, logs=None):
        shutil.rmtree(self.old, ignore_errors=True)
        if float(self.model.generator_optimizer.learning_rate) > 0.009:
            kernel = self.model.discriminator.trainable_variables[0]
            kernel.assign(np.full(kernel.shape, np.nan))

def unnamed(context, units):
    '''Layers that nobody gave a name.'''
    inputs = context.inputs()
    x = keras.layers.Dense(units, "relu")(context.joined(inputs))
    x = keras.layers.Dense(2 if context.role == "generator" else 1)(x)
    return context.model(inputs, x)

class Units(Parameters):
    units: int = 8

@hookimpl
def advnets_architectures():
    return [Component("unnamed", __name__ + ":unnamed", parameters=Units)]

@hookimpl
def advnets_callbacks():
    return [Component("poison", __name__ + ":Poison", parameters=Folder)]
"""

TINY = {
    "name": "tiny",
    "seed": 3,
    "dataset": {"name": "ring", "examples": 200, "held_out": 50},
    "latent": {"name": "gaussian", "size": 2},
    "generator": {"name": "mlp", "layers": [8]},
    "discriminator": {"name": "mlp", "layers": [8]},
    "loss": "non_saturating",
    "optimizers": {
        "generator": {"name": "adam", "learning_rate": 0.01},
        "discriminator": {"name": "adam", "learning_rate": 0.01},
    },
    "averaging": {"decay": 0.9},
    "training": {"steps": 4, "batch_size": 20},
    "checkpoints": {"every": 2, "keep": 1},
    "monitoring": {"image_every": 0, "tensorboard": False, "figures": False},
}
BOTH = ("generator", "discriminator")


@pytest.fixture(scope="module")
def plugin(tmp_path_factory):
    path = tmp_path_factory.mktemp("plugin") / "starts_plugin.py"
    path.write_text(PLUGIN)
    return str(path)


@pytest.fixture(scope="module")
def old(tmp_path_factory, plugin):
    """A run that others start from; do not write to it."""
    path = tmp_path_factory.mktemp("old") / "run"
    discriminator = {"name": "unnamed"}
    return advnets.run(TINY | {"discriminator": discriminator}, run_dir=path, plugins=[plugin])


@pytest.fixture
def copied(old, tmp_path):
    """A copy of it, to be removed."""
    return Path(shutil.copytree(old.path, tmp_path / "copied"))


@pytest.fixture
def play(plugin):
    def run(path, old, changes=(), **entries):
        start = {name: {"run": str(old)} for name in BOTH}
        recipe = TINY | {"seed": 5, "discriminator": {"name": "unnamed"}, "start": start} | entries
        return advnets.run(recipe, dict(changes), run_dir=path, plugins=[plugin])

    return run


def plugins_of(run):
    return [str(run.recipe.registry.owner("architectures", "unnamed").source)]


def weights(run, network, which="auto", checkpoint="newest"):
    opened = advnets.open_run(run.path, plugins=plugins_of(run), checkpoint=checkpoint)
    return opened.network(network, which).get_weights()


@pytest.fixture(scope="module")
def straight(old, plugin, tmp_path_factory):
    """A run from its weights, without disturbance."""
    start = {name: {"run": str(old.path)} for name in BOTH}
    recipe = TINY | {"seed": 5, "discriminator": {"name": "unnamed"}, "start": start}
    path = tmp_path_factory.mktemp("new") / "run"
    return advnets.run(recipe, {"training.steps": 5}, run_dir=path, plugins=[plugin])


def equal(one, other):
    return all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_the_first_checkpoint_holds_the_weights_and_averages_begin_from_them(old, straight):
    assert sorted(p.name for p in straight.folder.checkpoints.iterdir()) == [
        "step-00000000",  # kept, however few are
        "step-00000005",
    ]
    given = weights(old, "generator", "averaged")
    assert not equal(given, weights(old, "generator", "current"))
    assert equal(given, weights(straight, "generator", "current", 0))
    assert equal(given, weights(straight, "generator", "averaged", 0))
    assert equal(weights(old, "discriminator"), weights(straight, "discriminator", checkpoint=0))
    said = straight.manifest["start"]
    assert said["generator"]["taken"] == 4
    assert (said["generator"]["kept"], said["generator"]["step"]) == (0, 4)
    assert said["discriminator"]["weights"] == "current"
    assert said["discriminator"]["sha256"] == old.manifest["state_sha256"]


def test_a_run_goes_on_when_the_old_one_is_gone_and_comes_to_the_same(
    play, copied, straight, tmp_path
):
    begun = play(tmp_path / "new", copied, {"training.steps": 3})
    shutil.rmtree(copied)
    with pytest.raises(UsageError, match="holds another run") as caught:
        play(begun.path, copied)  # what it began from cannot be looked up any more
    assert f"goes on without it: `advnets run {begun.path}`" in str(caught.value.hint)
    moved = tmp_path / "moved"
    begun.path.rename(moved)
    ended = advnets.run(moved, {"training.steps": 5}, plugins=plugins_of(begun))
    assert ended.manifest["state_sha256"] == straight.manifest["state_sha256"]
    samples, _ = ended.sample(3, seed=1)
    assert np.array_equal(samples, straight.sample(3, seed=1)[0])


def test_a_run_goes_back_to_its_beginning_without_the_old_one(play, old, copied, tmp_path):
    """It then plays at half the rate: as a run that began at that rate."""
    poison = {"name": "poison", "old": str(copied)}
    adam = {"name": "adam", "learning_rate": 0.005}
    monitoring = TINY["monitoring"] | {"callbacks": [poison]}
    back = play(tmp_path / "back", copied, monitoring=monitoring)
    assert not copied.exists()
    assert [each["back_to"] for each in back.manifest["divergences"]] == [0]
    slow = play(tmp_path / "slow", old.path, optimizers=dict.fromkeys(BOTH, adam))
    assert back.manifest["state_sha256"] == slow.manifest["state_sha256"]


def test_weights_without_a_partner_are_refused_by_name_or_kept(play, old, tmp_path):
    wider = {"name": "unnamed", "units": 9}
    with pytest.raises(UsageError, match=r"dense/kernel \(2, 8\), here \(2, 9\)") as caught:
        play(tmp_path / "new", old.path, discriminator=wider)
    assert caught.value.where == "start.discriminator"
    assert not (tmp_path / "new").exists()
    deeper = {"name": "mlp", "layers": [8, 8]}
    with pytest.raises(UsageError, match=r"no hidden_1/kernel, hidden_1/bias") as caught:
        play(tmp_path / "new", old.path, generator=deeper)
    assert "start.missing=keep" in caught.value.hint


def test_a_run_whose_plugin_is_not_here_gives_what_fits(old, tmp_path):
    start = {"generator": {"run": str(old.path), "weights": "current"}, "missing": "keep"}
    recipe = TINY | {"start": start, "generator": {"name": "mlp", "layers": [8, 8]}}
    run = advnets.run(recipe, {"training.steps": 1}, run_dir=tmp_path / "new")
    said = run.manifest["start"]["generator"]
    assert (said["taken"], said["kept"], said["left"]) == (4, 2, 0)
    first = advnets.open_run(run.path, checkpoint=0).network("generator", "current")
    taken = [first.get_weights()[i] for i in (0, 1, 4, 5)]
    assert equal(taken, weights(old, "generator", "current"))


def test_a_file_is_a_start_too_by_command_line(old, straight, tmp_path, monkeypatch):
    """The same weights by another door come to the same state."""
    file = tmp_path / "g.npz"
    save_weights(old.network("generator"), file)
    old.network("discriminator").save_weights(tmp_path / "d.weights.h5")
    recipe = tmp_path / "recipe.json.yaml"
    entries = TINY | {"seed": 5, "discriminator": {"name": "unnamed"}}
    recipe.write_text(json.dumps(entries | {"training": TINY["training"] | {"steps": 5}}))
    words = ["start.generator.file=g.npz", "start.discriminator.file=d.weights.h5"]
    words += [*("--run-dir", "new"), *("--plugin", plugins_of(straight)[0])]
    monkeypatch.chdir(tmp_path)
    told = CliRunner().invoke(cli, ["validate", str(recipe), *words[:2], *words[4:]])
    assert "start: the generator from g.npz (SHA-256" in told.stdout
    done = CliRunner().invoke(cli, ["run", str(recipe), *words])
    assert done.exit_code == 0, done.output
    assert "the generator starts from g.npz (SHA-256" in done.stderr
    manifest = json.loads((tmp_path / "new" / "manifest.json").read_text())
    assert manifest["state_sha256"] == straight.manifest["state_sha256"]
    assert manifest["identity"] != straight.manifest["identity"]


def test_a_checkpoint_of_an_older_kind_and_one_that_was_exchanged_are_refused(copied, tmp_path):
    start = {"generator": {"run": str(copied)}}
    folder = copied / "checkpoints" / "step-00000004"
    index = json.loads((folder / "checkpoint.json").read_text())
    del index["extras"]["weights"]
    index["sha256"] = own_hash(index)
    (folder / "checkpoint.json").write_text(json.dumps(index))
    with pytest.raises(UsageError, match="does not say what the weights .* are called"):
        advnets.run(TINY | {"start": start}, run_dir=tmp_path / "new")
    index["state_sha256"] = "a" * 64  # what it says of its state is not what is there
    index["extras"]["weights"] = {"generator": {}}
    index["sha256"] = own_hash(index)
    (folder / "checkpoint.json").write_text(json.dumps(index))
    with pytest.raises(RunError, match="is not the one committed"):
        advnets.run(TINY | {"start": start}, run_dir=tmp_path / "new")
    assert not (tmp_path / "new").exists()


@pytest.mark.slow
def test_two_replicas_and_two_workers_begin_from_the_same(old, tmp_path):
    start = {"generator": {"run": str(old.path)}}
    recipe = TINY | {"start": start, "distribution": {"precision": "mixed_bfloat16"}}
    alone = advnets.run(recipe, run_dir=tmp_path / "alone")
    (tmp_path / "recipe.yaml").write_text(json.dumps(recipe))
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path))}
    mirrored = Path(__file__).parents[1] / "distribute" / "run_mirrored.py"
    launch = [*("-m", "advnets", "launch", "-w", "2", "recipe.yaml"), "--run-dir"]
    for folder, words in {
        "mirrored": [str(mirrored), "2", json.dumps(recipe), "mirrored"],
        "launched": [*launch, "launched"],
    }.items():
        command = [sys.executable, *words]
        subprocess.run(command, cwd=tmp_path, env=environment, check=True, timeout=300)
        manifest = json.loads((tmp_path / folder / "manifest.json").read_text())
        assert manifest["initial_state_sha256"] == alone.manifest["initial_state_sha256"]
