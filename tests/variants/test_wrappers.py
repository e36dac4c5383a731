"""Architectures that wrap others: spectral normalisation and packing, each on a page."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import advnets
from advnets.data import Field
from advnets.errors import PluginError, RecipeError, UsageError
from advnets.game import AdversarialGame, Gaussian, Generated, Uniform
from advnets.game.role import gather_roles
from advnets.networks import NetworkContext
from advnets.plugins import load_plugins
from advnets.recipe import load_recipe
from advnets.train.build import build_game
from advnets.train.build_networks import network_contexts
from advnets.train.find_data import find_data

PAGES = Path(__file__).with_name("pages")
PLUGINS = [str(PAGES / f"{name}.py") for name in ("spectral", "pac")]
SGD = {"name": "sgd", "learning_rate": 0.1}
MLP: dict[str, Any] = {"name": "mlp", "layers": [8]}
SPECTRAL = {"name": "my_spectral", "network": MLP, "iterations": 3}
RECIPE: dict[str, Any] = {
    "name": "wrapped",
    "dataset": {"name": "ring", "examples": 64, "held_out": 16},
    "latent": {"name": "gaussian", "size": 3},
    "generator": MLP,
    "discriminator": SPECTRAL,
    "loss": "non_saturating",
    "optimizers": {"generator": SGD, "discriminator": SGD},
    "training": {"steps": 6, "batch_size": 8},
    "monitoring": {"log_every": 3, "image_every": 0, "tensorboard": False, "figures": False},
}


@pytest.fixture(scope="module")
def registry() -> Any:
    return load_plugins(PLUGINS)


def make(registry: Any, **changes: Any) -> AdversarialGame:
    recipe = load_recipe({**RECIPE, **changes}, registry=registry)
    return build_game(recipe, find_data(recipe).source)


def norms(network: keras.Model) -> list[float]:
    """Compute the largest singular values of the kernels that a network's layers use."""
    kind = importlib.import_module("spectral").layer_of_keras()
    found = []
    for layer in network._flatten_layers():
        if isinstance(layer, kind):
            kernel = np.asarray(layer.layer.kernel, np.float64)
            flat, u = kernel.reshape(-1, kernel.shape[-1]), np.asarray(layer.u, np.float64)[0]
            v = flat @ u / np.linalg.norm(flat @ u)
            found.append(float(np.linalg.svd(flat / (v @ flat @ u), compute_uv=False)[0]))
    return found


# --------------------------------------------------------------------- by a recipe


def test_the_inner_network_has_its_defaults_and_enters_the_identity(registry: Any) -> None:
    recipe = load_recipe(RECIPE, registry=registry)
    inner = recipe.data["discriminator"]["network"]
    assert [layer["units"] for layer in inner["layers"]] == [8]
    assert inner["activation"] == registry.component("architectures", "mlp").resolve({}).activation
    other = {**SPECTRAL, "network": {"name": "mlp", "layers": [9]}}
    written = {**SPECTRAL, "network": inner}
    identity = recipe.identity()
    for discriminator, same in ((other, False), (written, True), (MLP, False)):
        changed = load_recipe({**RECIPE, "discriminator": discriminator}, registry=registry)
        assert (changed.identity() == identity) is same


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"generator": {"name": "my_spectral", "network": "my_pac"}},
            "'my_pac' cannot play the generator",
        ),
        ({"discriminator": {"name": "my_pac", "network": {"name": "nlp"}}}, "'nlp' is not among"),
        ({"discriminator": {"name": "my_pac", "network": {"name": "mlp", "layer": 3}}}, "'layer'"),
        ({"discriminator": {"name": "my_pac", "m": 0}}, "m: expected"),
    ],
    ids=["role", "name", "parameter", "number"],
)
def test_it_is_checked_with_the_recipe(registry: Any, changes: Any, said: str) -> None:
    with pytest.raises(RecipeError, match=said):
        load_recipe({**RECIPE, **changes}, registry=registry)


def test_a_problem_is_at_its_line(registry: Any, tmp_path: Path) -> None:
    file = tmp_path / "recipe.yaml"
    network = "generator:\n  name: my_spectral\n  network:\n    name: my_pac\n"
    file.write_text(f"loss: minimax\n{network}")
    with pytest.raises(RecipeError) as found:
        load_recipe(file, registry=registry)
    lines = {p.line: p.message for p in found.value.problems}
    assert "generator.network: architecture 'my_pac' cannot play the generator" in lines[5]


def test_seeds_and_names_are_its_own(registry: Any) -> None:
    game = make(registry, generator=SPECTRAL, latent={"name": "gaussian", "size": 2})
    kernels = [w for w in game.generator.weights if w.path.endswith("kernel")]
    others = [w for w in game.discriminator.weights if w.path.endswith("kernel")]
    pairs = [(a, b) for a in kernels for b in others if a.shape == b.shape]
    assert pairs
    assert not any(np.array_equal(one, other) for one, other in pairs)
    again = make(registry, generator=SPECTRAL, latent={"name": "gaussian", "size": 2})
    for one, other in zip(game.generator.weights, again.generator.weights, strict=True):
        np.testing.assert_array_equal(one, other)


def test_heads_features_and_labels_pass_through(registry: Any) -> None:
    inner = {**MLP, "heads": {"scores": 4}, "features": True}
    for name in ("my_spectral", "my_pac"):
        game = make(
            registry,
            discriminator={"name": name, "network": inner},
            generator=MLP,
            given={"generator": ["label"], "discriminator": ["label"]},
        )
        for n in (1, 3, 8):
            inputs = {"example": np.zeros([n, 2], "float32"), "label": np.arange(n) % 8}
            said = game.discriminator(inputs)
            shapes = {word: tuple(value.shape) for word, value in said.items()}
            assert shapes["scores"] == (n, 4)
            assert shapes["features"] == (n, 8)
            assert shapes["logits"][0] == n


# --------------------------------------------------------------------- spectral


@pytest.fixture(scope="module")
def run(registry: Any, tmp_path_factory: pytest.TempPathFactory) -> advnets.Run:
    folder = tmp_path_factory.mktemp("wrapped")
    return advnets.run(RECIPE, {}, folder / "plain", plugins=PLUGINS)


def test_norms_are_one(run: advnets.Run) -> None:
    found = norms(run.discriminator)
    assert len(found) == 2
    np.testing.assert_allclose(found, 1.0, atol=1e-2)


def test_resumed_it_is_the_same(run: advnets.Run, tmp_path: Path) -> None:
    advnets.run(RECIPE, {"training.steps": 3}, tmp_path / "run", plugins=PLUGINS)
    resumed = advnets.run(RECIPE, {}, tmp_path / "run", plugins=PLUGINS)
    assert resumed.commit.state_sha256 == run.commit.state_sha256


def test_saved_as_a_keras_file(run: advnets.Run, tmp_path: Path) -> None:
    run.discriminator.save(tmp_path / "d.keras")
    loaded = keras.models.load_model(tmp_path / "d.keras")
    x = np.random.default_rng(0).normal(size=(5, 2)).astype("float32")
    np.testing.assert_array_equal(loaded(x), run.discriminator(x))


@pytest.mark.slow
@pytest.mark.parametrize(
    "way",
    [{"distribution.precision": "mixed_bfloat16"}, {"distribution.jit": "on"}],
    ids=["bfloat16", "xla"],
)
@pytest.mark.parametrize("name", ["my_spectral", "my_pac"])
def test_it_plays(name: str, way: dict[str, Any], tmp_path: Path) -> None:
    discriminator = {"name": name, "network": MLP}
    changes = {**way, "discriminator": discriminator}
    run = advnets.run(RECIPE, changes, tmp_path / "run", plugins=PLUGINS)
    assert all(np.isfinite(value) for value in run.metrics[-1].values())


def test_one_step_by_hand(registry: Any) -> None:
    """x·W/σ + b, with W's largest singular value of its own decomposition."""
    dense = keras.layers.Dense(2)
    layer = importlib.import_module("spectral").layer_of_keras()(dense, iterations=50)
    x = np.asarray([[1.0, 2.0]], "float32")
    layer.build((None, 2))
    dense.set_weights([np.asarray([[3.0, 0.0], [0.0, 4.0]]), np.asarray([1.0, 0.0])])
    np.testing.assert_allclose(layer(x, training=True), [[1.0 + 3 / 4, 2.0]], rtol=1e-5)
    np.testing.assert_allclose(np.abs(layer.u), [[0.0, 1.0]], atol=1e-5)
    np.testing.assert_allclose(layer(x), [[1.0 + 3 / 4, 2.0]], rtol=1e-5)


def test_it_needs_a_kernel(registry: Any) -> None:
    x = keras.Input((2,))
    empty = keras.Model(x, keras.ops.sum(x, axis=1))
    page = importlib.import_module("spectral")
    with pytest.raises(UsageError, match="the discriminator has no kernel"):
        page.spectral(NetworkContext("discriminator", (2,)), empty)


# --------------------------------------------------------------------- packing


@pytest.mark.parametrize("n", [1, 2, 3, 4, 5])
def test_what_packing_sees(registry: Any, n: int) -> None:
    """Two by two, along the channels; a last one alone is joined by the first."""
    pack, unpack = (kind(2) for kind in importlib.import_module("pac").layers_of_keras())
    x = np.arange(n * 4, dtype="float32").reshape(n, 2, 2)  # [length, channels]
    packs = np.asarray(pack(x))
    pairs = [(i, (i + 1) % n) for i in range(0, n, 2)]
    expected = [np.concatenate([x[i], x[j]], axis=-1) for i, j in pairs]
    np.testing.assert_array_equal(packs, expected)
    said = np.arange(len(pairs), dtype="float32")
    each = np.asarray(unpack([said, x]))
    np.testing.assert_array_equal(each, np.arange(n) // 2)
    labels = np.asarray(pack(np.arange(n)))
    np.testing.assert_array_equal(labels, pairs)


def test_a_packed_game_by_hand(registry: Any) -> None:
    """A model, and a function, are taken as they are; a batch may be of any size."""
    page = importlib.import_module("pac")
    context = NetworkContext("discriminator", (2,))
    packed = keras.Sequential([keras.Input((6,)), keras.layers.Dense(1)])

    def make_packed(context: NetworkContext) -> keras.Model:
        assert context.input_shape == (6,)
        assert context.name == "discriminator_inner"
        inputs = context.inputs()
        return context.model(inputs, context.dense(1, "output")(context.joined(inputs)))

    for inner in (packed, make_packed):
        discriminator = page.pac(context, inner, m=3)
        generator = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
        game = AdversarialGame(generator, discriminator, prior=Uniform(3))
        assert game.joint == set()  # its packs hold examples of one side
        game.compile(keras.optimizers.SGD(0.1), keras.optimizers.SGD(0.1))
        for n in (1, 3, 4):
            logs = game.train_step(np.ones([n, 2], "float32"))
            assert np.isfinite(float(logs["d_loss"]))
    x = np.random.default_rng(0).normal(size=(3, 2)).astype("float32")
    expected = np.asarray(packed(x.reshape(1, 6)))
    np.testing.assert_allclose(page.pac(context, packed, m=3)(x), np.repeat(expected, 3, 0))


@pytest.mark.parametrize(
    ("entry", "error", "said"),
    [
        ("mlp", UsageError, "'mlp' of the architectures is named, and there is no recipe"),
        (3, UsageError, "is to wrap a int, which is no keras.Model"),
        (lambda context: None, UsageError, "is to wrap a NoneType"),
    ],
    ids=["a name", "a number", "a function of nothing"],
)
def test_by_hand_it_is_a_network(entry: Any, error: type[Exception], said: str) -> None:
    with pytest.raises(error, match=said):
        NetworkContext("discriminator", (2,)).make("architectures", entry)


def test_another_kind_and_another_shape(registry: Any) -> None:
    recipe = load_recipe(RECIPE, registry=registry)
    roles = gather_roles(Generated(), ())
    source = find_data(recipe).source
    context = network_contexts(recipe, source, Gaussian(3), roles, {})["discriminator"]
    with pytest.raises(UsageError, match="a network makes no losses"):
        context.make("losses", "minimax")
    with pytest.raises(PluginError, match="'no_such' is not among the registered architectures"):
        context.make("architectures", "no_such")
    told = context.make("architectures", MLP, given={"label": Field((), "int64", classes=8)})
    assert {tensor.name for tensor in told.inputs} == {"example", "label"}
