"""One generator paints whatever is hidden of a digit, judged as a whole or by patches."""

from __future__ import annotations

import copy
import math
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

import advnets
from advnets.cli.main import cli
from advnets.evaluate import mean_interval
from advnets.game import AdversarialGame, Batch, NonSaturating
from advnets.plugins import load_plugins
from advnets.random import Draw
from advnets.recipe import load_recipe
from advnets.testing import play_of

PLUGIN = str(Path(__file__).with_name("inpainting.py"))
ADAM = {"name": "adam", "learning_rate": 5e-4, "beta_1": 0.5}
CLOSENESS = {"name": "own_closeness", "weight": 2.0}
INPAINTING: dict[str, Any] = {
    "name": "inpainting",
    "seed": 1,
    "dataset": {"name": "digits", "preprocess": "unit"},
    "latent": {"name": "gaussian", "size": 16},
    "encounter": "own_inpainting",
    "conditions": {"hidden": "hidden"},
    "given": {"generator": ["hidden"], "discriminator": ["hidden"]},
    "generator": {
        "name": "mlp",
        "layers": [256, 256],
        "output": {"activation": "sigmoid", "bias": "marginals"},
    },
    "discriminator": {"name": "mlp", "layers": [256, 256], "activation": "leaky_relu"},
    "loss": "non_saturating",
    "penalties": [{"name": "r1", "gamma": 0.1}, CLOSENESS],
    "optimizers": {"generator": ADAM, "discriminator": ADAM},
    "averaging": {"decay": 0.999},
    "training": {"steps": 3000, "batch_size": 64},
    "monitoring": {"log_every": 500, "image_every": 0, "tensorboard": False, "figures": False},
}
PATCHES = {
    "conditions": {"hidden": {"name": "hidden", "squares": 0.0}},
    "discriminator": "patches",
}
BY_CLOSENESS_ALONE = {
    "loss": "silent",
    "penalties": [CLOSENESS],
    "discriminator": {"name": "mlp", "layers": [4]},
}
PARTS = "discriminator judges {} parts of each example, whose losses are averaged"
SHORT = {
    "generator.layers": [16],
    "training.steps": 8,
    "training.batch_size": 16,
    "monitoring.log_every": 4,
    "averaging": None,
}


def played(folder: Path, changed: dict[str, Any] | None = None, **overrides: Any) -> advnets.Run:
    recipe = {**copy.deepcopy(INPAINTING), **(changed or {})}
    return advnets.run(recipe, overrides, folder, plugins=[PLUGIN])


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> advnets.Run:
    return played(tmp_path_factory.mktemp("short") / "run", **SHORT)


@pytest.fixture(scope="module")
def patched(tmp_path_factory: pytest.TempPathFactory) -> advnets.Run:
    return played(tmp_path_factory.mktemp("patches") / "run", PATCHES, **SHORT)


def hidden_of(run: advnets.Run, split: str, times: int = 1, seed: int = 0) -> tuple[Any, Any]:
    """Examples of a split, each so many times, and each with something of it hidden."""
    x = np.asarray(run.source.preprocess.apply(run.source.load(split)))
    x = np.concatenate([x] * times)
    condition = run.game.conditions["hidden"]
    return x, condition.sample(Draw(seed, 0), "hidden", len(x), Batch(x)).numpy()


def distance(painted: np.ndarray, x: np.ndarray, hidden: np.ndarray) -> np.ndarray:
    """The mean of |painted − x| over what is hidden, of each example."""
    of = 1.0 - hidden[..., -1:].astype(np.float64)
    return (of * np.abs(painted - x)).sum((1, 2, 3)) / of.sum((1, 2, 3))


def test_halves_and_squares_are_hidden(short: advnets.Run) -> None:
    module = sys.modules[type(short.game.conditions["hidden"]).__module__]
    upper, lower, left, right = module.halves(tf.range(4), 2, 2).numpy()[..., 0].tolist()
    assert (upper, lower) == ([[0, 0], [1, 1]], [[1, 1], [0, 0]])
    assert (left, right) == ([[0, 1], [0, 1]], [[1, 0], [1, 0]])
    (square,) = module.squares(tf.constant([1]), tf.constant([0]), 4, 4).numpy()[..., 0].tolist()
    assert square == [[1, 1, 1, 1], [0, 0, 1, 1], [0, 0, 1, 1], [1, 1, 1, 1]]


def test_every_mask_comes(short: advnets.Run) -> None:
    x, hidden = hidden_of(short, "train")
    masks, count = np.unique(hidden[..., -1].reshape(len(x), -1), axis=0, return_counts=True)
    shares = count / len(x)
    half = masks.sum(1) == 32
    assert (half.sum(), len(masks)) == (4, 4 + 25)  # the squares have 16 pixels of 64
    assert abs(shares[half].sum() - 0.5) < 0.05
    np.testing.assert_array_equal(hidden[..., :1], x * hidden[..., -1:])


def test_closeness_is_that_of_what_is_hidden(short: advnets.Run) -> None:
    x = tf.zeros([1, 2, 2, 1])
    painted = tf.constant([[[[9.0], [9.0]], [[0.25], [0.75]]]])
    seen = tf.constant([[[[0.0, 1.0]] * 2, [[0.0, 0.0]] * 2]])
    play = play_of(
        lambda x: tf.reduce_sum(x, [1, 2, 3]), x, painted, player="generator",
        fields={"hidden": seen},
    )  # fmt: skip
    closeness = short.game.penalties[1]
    assert closeness(play).numpy().tolist() == [2.0 * 0.5]


def test_what_is_seen_stays_and_another_z_changes_the_rest(short: advnets.Run) -> None:
    x, hidden = hidden_of(short, "test")
    one, told = short.sample(len(x), seed=1, given={"hidden": hidden})
    other, _ = short.sample(len(x), seed=2, given={"hidden": hidden})
    seen = np.broadcast_to(hidden[..., -1:] == 1, x.shape)
    np.testing.assert_array_equal(one[seen], short.source.load("test")[seen])
    np.testing.assert_array_equal(one[seen], other[seen])
    assert (one != other)[~seen].mean() > 0.5
    np.testing.assert_array_equal(told["hidden"], hidden)


def test_without_being_given_any_it_paints_examples_that_the_run_kept(short: advnets.Run) -> None:
    painted, told = short.sample(20)
    assert painted.shape == (20, 8, 8, 1)
    seen = told["hidden"][..., -1:] == 1
    kept = short.source.load("validation")[:20]
    np.testing.assert_array_equal(painted[seen], kept[seen])


def test_grids_show_what_was_seen_next_to_what_was_painted(
    short: advnets.Run, tmp_path: Path
) -> None:
    painted, told = short.sample(12)
    shown = short.columns(painted, told)
    assert [*shown] == ["original", "seen", "painted"]
    np.testing.assert_allclose(shown["original"], short.source.load("validation")[:12], atol=1e-4)
    np.testing.assert_allclose(shown["painted"], painted, atol=1e-4)
    seen = told["hidden"][..., -1:] == 1
    np.testing.assert_allclose(shown["seen"][seen], shown["original"][seen], atol=1e-4)
    assert not np.ptp(shown["seen"][~seen])
    np.savez(tmp_path / "hidden.npz", hidden=told["hidden"])
    words = ["--plugin", PLUGIN, "--given", f"hidden=@{tmp_path}/hidden.npz"]
    for more, columns in ([], 3), (words, 2):  # of what is given, nobody knows the original
        out = tmp_path / f"{columns}.png"
        command = ["sample", str(short.path), "--plugin", PLUGIN, "-n", "12", "--out", str(out)]
        cli.main(command + more[2:], standalone_mode=False)
        with Image.open(out) as picture:
            side = {3: 80, 2: 120}[columns] + 2  # six rows of two examples
            assert picture.size == (2 * (columns * side + 8) - 8 + 2, 18 + 6 * side + 2)
    assert [*short.columns(painted, told, ["hidden"])] == ["seen", "painted"]


def test_on_a_line_all_are_of_one_example(short: advnets.Run, tmp_path: Path) -> None:
    """Also where the program draws them: its picture is that of these columns."""
    from advnets.monitor.columns import save_columns

    shown = short.columns(*short.sample(20, interpolate=True), interpolate=True)
    kept = short.source.load("validation")[:2]
    np.testing.assert_allclose(shown["original"], np.repeat(kept, 10, axis=0), atol=1e-4)
    drawn, expected = tmp_path / "drawn.png", tmp_path / "expected.png"
    command = ["sample", str(short.path), "-n", "20", "--interpolate", "--out", str(drawn)]
    command += ["--plugin", PLUGIN]
    cli.main(command, standalone_mode=False)
    save_columns(expected, shown, short.source.spec, columns=10)
    assert drawn.read_bytes() == expected.read_bytes()


@pytest.mark.parametrize("changed", [{}, PATCHES])
def test_it_resumes_as_it_was(
    changed: dict[str, Any],
    short: advnets.Run,
    patched: advnets.Run,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO", "advnets")
    played(tmp_path / "run", changed, **{**SHORT, "training.steps": 5})
    said = [line for line in caplog.messages if "parts of each example" in line]
    assert said == [
        "discriminator judges 4 × 4 × 1 parts of each example, whose losses are averaged"
    ] * bool(changed)
    again = played(tmp_path / "run", changed, **SHORT)
    whole = patched if changed else short
    assert again.commit.state_sha256 == whole.commit.state_sha256


def test_fit_plays_the_same_rounds(short: advnets.Run) -> None:
    from advnets.data.order import epoch_order
    from advnets.train.build import build_game

    recipe = load_recipe(copy.deepcopy(INPAINTING), SHORT, registry=load_plugins([PLUGIN]))
    game, source = build_game(recipe, short.source), short.source
    order = epoch_order(1, tf.range(8, dtype=tf.int64), 16, source.count("train")).numpy().ravel()
    x = np.asarray(source.preprocess.apply(source.take("train", order).examples))
    game.fit(x, batch_size=16, epochs=1, shuffle=False, verbose=0)
    for name, network in short.game.networks.items():
        others = game.networks[name].get_weights()
        for one, other in zip(network.get_weights(), others, strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5)


def test_patches_are_judged_one_by_one(patched: advnets.Run) -> None:
    x, hidden = hidden_of(patched, "test")
    words = patched.discriminator({"example": x, "hidden": hidden}, training=False)
    assert words.shape == (180, 4, 4, 1)
    # What a patch is told of: a change in one corner is nothing to the opposite one.
    other = x.copy()
    other[:, 0, 0] = 1.0 - other[:, 0, 0]
    change = patched.discriminator({"example": other, "hidden": hidden}, training=False) - words
    assert np.abs(change[:, 0, 0]).min() > 0
    assert not np.any(change[:, 3, 3])
    last = patched.metrics[-1]
    assert all(math.isfinite(last[name]) for name in ("d_loss", "g_loss"))


def test_fit_says_once_that_parts_are_judged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "advnets")
    dense, reshape = keras.layers.Dense, keras.layers.Reshape
    game = AdversarialGame(
        keras.Sequential([keras.Input((3,)), dense(8), reshape((4, 2))]),
        keras.Sequential([keras.Input((4, 2)), dense(1)]),  # a logit for each of four steps
        loss=NonSaturating(),
    )
    game.compile()
    history = game.fit(np.ones([8, 4, 2], "float32"), batch_size=4, epochs=2, verbose=0)
    assert all(math.isfinite(value) for value in history.history["d_loss"])
    said = [line for line in caplog.messages if "parts of each example" in line]
    assert said == [PARTS.format("4 × 1")]


def linear(told: np.ndarray, x: np.ndarray, weight: float) -> np.ndarray:
    """Ridge regression of x on what is told and a constant, ``[F + 1, 64]``."""
    a = with_constant(told)
    squares = a.T @ a + weight * np.eye(a.shape[1])
    return np.linalg.solve(squares, a.T @ x.reshape(len(x), -1).astype(np.float64))


def with_constant(told: np.ndarray) -> np.ndarray:
    return np.c_[told.reshape(len(told), -1).astype(np.float64), np.ones(len(told))]


def by_ridge(run: advnets.Run, hidden: np.ndarray) -> np.ndarray:
    """Paint by one linear map for all masks, as G is one network: it is told the same.

    It learns of 20 masks of each training image; its weight is chosen on validation images.
    """
    x, told = hidden_of(run, "train", 20, seed=1)
    maps = [linear(told, x, 10.0**power) for power in range(-3, 4)]
    checked, of = hidden_of(run, "validation", 10, seed=2)
    best = min(maps, key=lambda w: distance(paint(of, w), checked, of).mean())
    return paint(hidden, best)


def paint(hidden: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return np.clip(with_constant(hidden) @ weights, 0, 1).reshape(-1, 8, 8, 1)


def by_ridge_of_each_mask(run: advnets.Run, hidden: np.ndarray) -> np.ndarray:
    """Paint by a linear map for each mask of its own, which sees every training image."""
    x, _ = hidden_of(run, "train")
    kinds, kind = np.unique(hidden[..., -1:], axis=0, return_inverse=True)
    painted = np.zeros((*hidden.shape[:-1], 1))
    for index, seen in enumerate(kinds):
        rows = kind.ravel() == index
        painted[rows] = paint(hidden[rows, ..., :1], linear(seen * x, x, 3.0))
    return painted


@pytest.mark.slow
def test_it_paints_better_than_a_linear_map(tmp_path: Path) -> None:
    """One network for halves and squares, and it paints more than one thing."""
    run = played(tmp_path / "game")
    x, hidden = hidden_of(run, "test", 10, seed=3)

    def error(painted: np.ndarray) -> float:
        return float(distance(painted, x, hidden).mean())

    def painted(run: advnets.Run, seed: int) -> np.ndarray:
        return run.game.generate(len(x), seed=seed, given={"hidden": hidden})[0]

    one, other = painted(run, 1), painted(run, 2)
    of_images = distance(one, x, hidden).reshape(10, -1).mean(0)
    ridge, for_each = error(by_ridge(run, hidden)), error(by_ridge_of_each_mask(run, hidden))
    change = float(distance(one, other, hidden).mean())
    mean = error(np.broadcast_to(np.mean(hidden_of(run, "train")[0], 0), x.shape))
    alone = error(painted(played(tmp_path / "alone", BY_CLOSENESS_ALONE), 1))
    print(
        f"hidden {error(one):.4f} ± {mean_interval(of_images).error:.4f}, another z {change:.4f}, "
        f"L1 alone {alone:.4f}, ridge {ridge:.4f}, for each mask {for_each:.4f}, mean {mean:.4f}"
    )
    assert error(one) < ridge
    assert change > 0.02
