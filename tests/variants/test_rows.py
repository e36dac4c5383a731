"""A condition says which real examples are read: the same on every way of playing."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf

import advnets
from advnets.data.feed.resident import ResidentData
from advnets.data.feed.streamed import StreamedData
from advnets.errors import PluginError, UsageError
from advnets.plugins import load_plugins
from advnets.recipe import load_recipe
from advnets.train.build import build_game
from advnets.train.chosen_rows import choose_rows
from advnets.train.find_data import build_source

PLUGIN = str(Path(__file__).with_name("rows.py"))
RARE = np.array([0] * 90 + [1] * 8 + [2] * 2)


@pytest.fixture(scope="module")
def recipe(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    path = tmp_path_factory.mktemp("rows") / "rare.npz"
    x = np.random.default_rng(0).normal(size=(100, 2)).astype("float32") + RARE[:, None]
    np.savez(path, train=x, train_labels=RARE)
    return {
        "name": "rows",
        "seed": 1,
        "dataset": {"name": "npz", "path": str(path)},
        "latent": {"name": "gaussian", "size": 2},
        "given": {"generator": ["label"], "discriminator": ["label"]},
        "conditions": {"label": "balanced_rows"},
        "generator": {"name": "mlp", "layers": [4]},
        "discriminator": {"name": "mlp", "layers": [4]},
        "loss": "non_saturating",
        "updates": {"name": "alternating", "discriminator_steps": 2},
        "optimizers": {"generator": "sgd", "discriminator": "sgd"},
        "training": {"steps": 4, "batch_size": 8},
        "monitoring": {"log_every": 4, "image_every": 0, "tensorboard": False, "figures": False},
    }


def loaded(recipe: dict[str, Any], **changed: Any) -> Any:
    return load_recipe(copy.deepcopy(recipe) | changed, registry=load_plugins([PLUGIN]))


def chosen_of(recipe: dict[str, Any], **changed: Any) -> Any:
    known = loaded(recipe, **changed)
    source = build_source(known)
    return choose_rows(build_game(known, source), source, 8), source


def test_every_class_is_read_as_often(recipe: dict[str, Any]) -> None:
    chosen, _ = chosen_of(recipe)
    rows = tf.function(chosen)(tf.range(500, dtype=tf.int64)).numpy()
    assert rows.shape == (500, 8)
    shares = np.bincount(RARE[rows.ravel()], minlength=3) / rows.size
    assert np.abs(shares - 1 / 3).max() < 0.03  # 0.0075 is the standard deviation
    assert set(rows.ravel()) == set(range(100))
    np.testing.assert_array_equal(chosen(tf.constant([[7], [3]], tf.int64))[:, 0], rows[[7, 3]])


def test_resident_and_streamed_data_read_the_same_rows(recipe: dict[str, Any]) -> None:
    chosen, source = chosen_of(recipe)
    feeds = [
        ResidentData(source, 1, 8, 2, ("index", "label"), chosen),
        StreamedData(source, 1, 8, 2, fields=("index", "label"), order=chosen),
    ]
    steps = [tf.constant(step, tf.int64) for step in (5, 6)]
    expected = chosen(tf.range(10, 14, dtype=tf.int64)).numpy().reshape(2, 16)
    for feed in feeds:
        feed.seek(5)
        plan = feed.plan(steps[0], tf.constant(2, tf.int64))
        for number, step in enumerate(steps):
            drawn = feed.draw(plan, tf.constant(number, tf.int64), step)
            found = feed.examples(drawn)
            np.testing.assert_array_equal(found["index"], expected[number])
            np.testing.assert_array_equal(found["label"], RARE[expected[number]])
            np.testing.assert_allclose(found["example"], source.load("train")[expected[number]])


def played(recipe: dict[str, Any], folder: Path, **changed: Any) -> advnets.Run:
    return advnets.run(copy.deepcopy(recipe), changed, folder, plugins=[PLUGIN])


@pytest.fixture(scope="module")
def whole(recipe: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> advnets.Run:
    """A run that was not interrupted, whose data are gone since."""
    folder = tmp_path_factory.mktemp("whole")
    place = folder / "moved.npz"
    place.write_bytes(Path(recipe["dataset"]["path"]).read_bytes())
    run = played(recipe, folder / "run", **{"dataset.path": str(place)})
    place.unlink()
    return run


def test_a_run_resumes_to_the_same_bits(
    recipe: dict[str, Any], whole: advnets.Run, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "advnets")
    played(recipe, tmp_path / "run", **{"training.steps": 1})
    run = played(recipe, tmp_path / "run")
    said = "the condition 'label' says which examples are read; an epoch is 6 rounds all the same"
    assert said in caplog.messages
    assert run.commit.state_sha256 == whole.commit.state_sha256


@pytest.mark.slow
def test_streamed_data_give_the_same_bits_and_other_rows_give_others(
    recipe: dict[str, Any], whole: advnets.Run, tmp_path: Path
) -> None:
    streamed = played(recipe, tmp_path / "streamed", **{"distribution.memory_budget": 0})
    assert streamed.commit.state_sha256 == whole.commit.state_sha256
    other = played(recipe, tmp_path / "other", **{"conditions.label": "batch"})
    assert other.commit.state_sha256 != whole.commit.state_sha256


def test_without_its_data_a_run_is_sampled(whole: advnets.Run) -> None:
    samples, told = advnets.open_run(whole.path, plugins=[PLUGIN]).sample(9)
    assert (len(samples), told["label"].shape) == (9, (9,))


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("outside_rows", "said 99 to 106; places are 0 to 99"),
        ("few_rows", r"said int64 of shape \(7,\); int64 of shape \(8,\)"),
        ("fickle_rows", "said other examples of the same seed and batch"),
        ("remembering_rows", "holds the variable"),
    ],
)
def test_what_is_no_choice_is_refused_before_the_first_round(
    recipe: dict[str, Any], name: str, says: str
) -> None:
    with pytest.raises(PluginError, match=f"the condition 'rows', .*{says}"):
        chosen_of(recipe, conditions={"rows": name}, given={"generator": ["rows"]})


def test_two_choices_are_refused(recipe: dict[str, Any]) -> None:
    both = {"label": "balanced_rows", "rows": "few_rows"}
    with pytest.raises(UsageError, match="'label' and 'rows' each say which examples are read"):
        chosen_of(recipe, conditions=both, given={"generator": ["label", "rows"]})


def test_fit_refuses_by_name(recipe: dict[str, Any]) -> None:
    known = loaded(recipe)
    game = build_game(known, build_source(known))
    with pytest.raises(UsageError, match="the condition 'label', a Balanced, says which examples"):
        game.fit({"example": np.zeros([16, 2]), "label": RARE[:16]}, batch_size=16)
