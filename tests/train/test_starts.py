"""A network starts from another run's weights, or a file's, and the run needs these no more."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import advnets
from advnets.errors import UsageError
from advnets.networks import save_weights

pytestmark = pytest.mark.usefixtures("without_reports")

PLUGIN = """
import os
import shutil
import keras
import numpy as np
from advnets import Component, hookimpl
from advnets.plugins.components import Parameters

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


def weights(run, network, which="auto", checkpoint="newest"):
    plugins = [f"{Path(run.recipe.registry.owner('architectures', 'unnamed').source)}"]
    opened = advnets.open_run(run.path, plugins=plugins, checkpoint=checkpoint)
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
    moved = tmp_path / "moved"
    begun.path.rename(moved)
    ended = advnets.run(moved, {"training.steps": 5}, plugins=begun_plugins(begun))
    assert ended.manifest["state_sha256"] == straight.manifest["state_sha256"]
    samples, _ = ended.sample(3, seed=1)
    assert np.array_equal(samples, straight.sample(3, seed=1)[0])


def begun_plugins(run):
    return [str(run.recipe.registry.owner("architectures", "unnamed").source)]


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
    run = play(tmp_path / "new", old.path, {"start.missing": "keep"}, generator=deeper)
    said = run.manifest["start"]["generator"]
    assert (said["taken"], said["kept"], said["left"]) == (4, 2, 0)
    assert equal(weights(run, "generator", "current", 0)[:2], weights(old, "generator")[:2])


def test_a_file_is_a_start_too_by_command_line(old, straight, tmp_path):
    """The same weights by another door come to the same state."""
    file = tmp_path / "g.npz"
    save_weights(old.network("generator"), file)
    old.network("discriminator").save_weights(tmp_path / "d.weights.h5")
    recipe = tmp_path / "recipe.json.yaml"
    entries = TINY | {"seed": 5, "discriminator": {"name": "unnamed"}}
    recipe.write_text(json.dumps(entries | {"training": TINY["training"] | {"steps": 5}}))
    words = ["start.generator.file=g.npz", "start.discriminator.file=d.weights.h5"]
    words += [*("--run-dir", "new"), *("--plugin", begun_plugins(straight)[0])]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path))}
    done = subprocess.run(
        [sys.executable, "-m", "advnets", "run", str(recipe), *words],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "the generator starts from g.npz (SHA-256" in done.stderr
    manifest = json.loads((tmp_path / "new" / "manifest.json").read_text())
    assert manifest["state_sha256"] == straight.manifest["state_sha256"]
    assert manifest["identity"] != straight.manifest["identity"]


def test_a_run_whose_plugin_is_not_here_gives_its_weights_all_the_same(old, tmp_path):
    start = {"generator": {"run": str(old.path), "weights": "current", "step": "latest"}}
    run = advnets.run(TINY | {"start": start}, {"training.steps": 1}, run_dir=tmp_path / "new")
    first = advnets.open_run(run.path, checkpoint=0).network("generator", "current")
    assert equal(weights(old, "generator", "current"), first.get_weights())
