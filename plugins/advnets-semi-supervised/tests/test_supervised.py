"""The term of labelled examples against values worked out by hand, and what it refuses."""

from __future__ import annotations

import numpy as np
import pytest
import tensorflow as tf
from advnets_semi_supervised.supervised import Supervised

from advnets.errors import AdvnetsError
from advnets.game import Batch, Play
from advnets.plugins import load_plugins
from advnets.recipe import load_recipe
from advnets.schedule import at_round
from advnets.testing import play_of

LOGITS = np.log([[3.0, 1.0], [1.0, 1.0], [1.0, 4.0]]).astype(np.float32)
"""p = (¾, ¼), (½, ½), (⅕, ⅘)."""
GAME = {
    "name": "game",
    "dataset": {"name": "digits", "preprocess": "unit"},
    "streams": {
        "labelled": {"take": {"examples": 30, "balanced": "label"}, "batch_size": 15},
    },
    "latent": {"name": "uniform", "size": 4},
    "generator": {"name": "mlp", "layers": [8], "output": {"activation": "sigmoid"}},
    "discriminator": {
        "name": "mlp",
        "layers": [8],
        "heads": {"class_logits": "label"},
        "logits": "log_sum_exp",
    },
    "loss": "non_saturating",
    "penalties": ["supervised"],
    "optimizers": {player: {"name": "adam"} for player in ("generator", "discriminator")},
    "training": {"steps": 4, "batch_size": 20},
    "monitoring": {"log_every": 2, "image_every": 0, "figures": False, "tensorboard": False},
}


def played(labels: list[int]) -> Play:
    def said(x: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"logits": tf.reduce_logsumexp(x, -1), "class_logits": x}

    labelled = Batch(tf.constant(LOGITS), {"label": tf.constant(labels, tf.int64)})
    main = tf.zeros([5, 2])
    return play_of(said, main, main, streams={"labelled": labelled})


def test_it_is_the_cross_entropy_of_the_labelled_examples_alone() -> None:
    values = Supervised(weight=2.0)(played([0, 1, 1]))
    np.testing.assert_allclose(values, -2 * np.log([3 / 4, 1 / 2, 4 / 5]), rtol=1e-6)


def test_the_k_plus_first_class_does_not_change_it() -> None:
    """−log p(y | x, y ≤ K), of a softmax of K + 1 classes whose last logit is 0."""
    whole = np.exp(np.c_[LOGITS, np.zeros(3)])
    whole /= whole.sum(1, keepdims=True)
    expected = -np.log(whole[[0, 1, 2], [1, 0, 1]] / (1 - whole[:, 2]))
    np.testing.assert_allclose(Supervised()(played([1, 0, 1])), expected, rtol=1e-6)


def test_it_logs_whether_the_class_is_named() -> None:
    seen = Supervised().observe(played([0, 1, 0]))
    assert seen["labelled_accuracy"].numpy().tolist() == [1.0, 0.0, 0.0]


def test_its_weight_may_be_a_schedule() -> None:
    term = Supervised(weight={"from": 0.0, "to": 1.0, "rounds": 10})
    with at_round(5):
        np.testing.assert_allclose(term(played([0, 0, 1]))[0], -0.5 * np.log(3 / 4), rtol=1e-6)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"penalties": [{"name": "supervised", "weight": -1.0}]}, "expected at least 0"),
        ({"streams": {}}, "reads a stream 'labelled', and there is none"),
        ({"discriminator": {"name": "mlp", "layers": [8]}}, "reads class_logits"),
    ],
)
def test_a_recipe_that_lacks_something_is_refused(changed: dict, message: str) -> None:
    registry = load_plugins()
    with pytest.raises(AdvnetsError) as refused:
        load_recipe({**GAME, **changed}, registry=registry)
    assert message in str(refused.value)
