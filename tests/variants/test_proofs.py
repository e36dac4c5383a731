"""Do the variants learn what they are for? Measured by a classifier of real images only."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from sklearn.svm import SVC

import advnets
from advnets.data import DataUnavailable
from advnets.evaluate import Score
from advnets.plugins import load_plugins
from advnets.recipe import load_recipe
from advnets.testing import play_of
from advnets.train.find_data import build_source

PLUGINS = tuple(
    str(Path(__file__).with_name(f"{name}.py")) for name in ("variants", "asked", "unbalanced")
)
REGISTRY = load_plugins(PLUGINS)
SAMPLES = 1000
ASKED = {"name": "asked_for", "samples": SAMPLES}
DISCRIMINATOR = {"name": "mlp", "layers": [256, 256], "activation": "leaky_relu"}
AUXILIARY: dict[str, Any] = {
    "given": {"generator": ["label"]},
    "discriminator": {**DISCRIMINATOR, "heads": {"class_logits": "label"}},
    "penalties": [{"name": "r1", "gamma": 0.1}, "own_auxiliary"],
}
INFORMATION: dict[str, Any] = {
    "conditions": {"code": {"name": "categorical", "classes": 10}},
    "given": {"generator": ["code"]},
    "discriminator": {**DISCRIMINATOR, "heads": {"code_logits": "code"}},
    "penalties": [{"name": "r1", "gamma": 0.1}, "own_information"],
}


def made(penalty: str, **parameters: Any) -> Any:
    return REGISTRY.component("penalties", penalty).load()(**parameters)


@pytest.fixture(scope="module", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The classifiers are trained anew, and once for all tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ADVNETS_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


def measured(
    recipe: str, changed: dict[str, Any], folder: Path, *metrics: dict[str, Any]
) -> tuple[advnets.Run, dict[str, Score]]:
    """Play a recipe, and return the run and its scores, by name."""
    overrides = {**changed, "evaluation.metrics": list(metrics)}
    run = advnets.run(recipe, overrides, folder, plugins=PLUGINS)
    scores = {told["metric"]: Score.from_dict(told) for told in run.manifest.get("scores", ())}
    for score in scores.values():
        accuracy = score.protocol.get("features", {}).get("accuracy")
        print(score if accuracy is None else f"{score}; classifier {accuracy:.4f}")
    print(f"{run.manifest['time']['total']:.0f} s")
    return run, scores


def is_as_asked_for(scores: dict[str, Score], at_least: float) -> None:
    assert scores["asked_for"].protocol["features"]["accuracy"] >= 0.97
    assert scores["asked_for"].value >= at_least
    assert scores["apart"].value >= 0.5


LOGITS = np.log([[3.0, 1.0], [1.0, 1.0], [1.0, 4.0]]).astype(np.float32)
"""Of three examples and two classes: p = (¾, ¼), (½, ½), (⅕, ⅘)."""


def judged(player: str, **fields: list[int]) -> Any:
    """A play whose examples are the logits: real ones those above, generated ones backwards."""

    def words(x: tf.Tensor) -> dict[str, tf.Tensor]:
        return {"logits": tf.zeros(3), "class_logits": x, "code_logits": x}

    told = {name: tf.constant(values, tf.int64) for name, values in fields.items()}
    real, fake = tf.constant(LOGITS), tf.constant(LOGITS[::-1])
    return play_of(words, real, fake, player=player, fields=told)


def test_the_auxiliary_term_is_of_both_sides_for_d_and_of_generated_examples_for_g() -> None:
    label = [0, 1, 1]
    term = made("own_auxiliary", weight=2.0)
    generated = -np.log([1 / 5, 1 / 2, 1 / 4])
    real = -np.log([3 / 4, 1 / 2, 4 / 5])
    play = judged("discriminator", label=label)
    np.testing.assert_allclose(term(play), 2 * (real + generated), rtol=1e-6)
    np.testing.assert_allclose(term(judged("generator", label=label)), 2 * generated, rtol=1e-6)
    np.testing.assert_array_equal(term.observe(play)["class_accuracy"], [1, 0, 1])


@pytest.mark.parametrize("player", ["discriminator", "generator"])
def test_the_information_term_is_of_generated_examples_for_both(player: str) -> None:
    term = made("own_information")(judged(player, code=[0, 1, 1]))
    np.testing.assert_allclose(term, -np.log([1 / 5, 1 / 2, 1 / 4]), rtol=1e-6)


@pytest.fixture(scope="module")
def short(tmp_path_factory: pytest.TempPathFactory) -> advnets.Run:
    """The game of the digits, with a code as well, in short."""
    changed = {
        **INFORMATION,
        "given": {"generator": ["label", "code"], "discriminator": ["label"]},
        "averaging": {"decay": 0.98},
        "training.steps": 400,
        "optimizers.generator.learning_rate": 2e-3,
        "optimizers.discriminator.learning_rate": 2e-3,
        "monitoring.image_every": 0,
        "monitoring.tensorboard": False,
        "monitoring.figures": False,
    }
    folder = tmp_path_factory.mktemp("short") / "run"
    return advnets.run("cgan_digits", changed, folder, plugins=PLUGINS)


def test_what_is_asked_for_is_read_off_the_samples_soon(short: advnets.Run) -> None:
    """By chance it is a tenth."""

    def flat(images: np.ndarray) -> np.ndarray:
        return images.reshape(len(images), -1).astype(float)

    real, labels = flat(short.source.load("train")), short.source.labels("train")
    machine = SVC(gamma="scale", C=10).fit(real, labels)
    asked = np.arange(500) % 10
    samples, _ = short.sample(500, given={"label": asked})
    assert (machine.predict(flat(samples)) == asked).mean() >= 0.4


def test_a_code_is_read_off_the_samples_soon(short: advnets.Run) -> None:
    """By chance it costs log 10 = 2.30 nats."""
    (score,) = short.evaluate([{"name": "code_missing", "told": ["label"]}])
    assert score.value <= 0.7


def test_a_metric_that_does_not_pass_what_d_is_told_is_told_what_to_pass(
    short: advnets.Run,
) -> None:
    with pytest.raises(advnets.UsageError, match="'discriminator' takes example, label"):
        short.evaluate(["code_missing"])


def test_the_unbalanced_digits_are_unbalanced() -> None:
    component = REGISTRY.component("datasets", "unbalanced")
    counts = np.bincount(component.load()().labels("train"))
    assert counts[::2].min() >= 9 * counts[1::2].max()


@pytest.mark.slow
def test_a_conditional_game_makes_the_digits_that_are_asked_for(tmp_path: Path) -> None:
    _, scores = measured("cgan_digits", {}, tmp_path / "run", ASKED)
    is_as_asked_for(scores, 0.97)


@pytest.mark.slow
def test_it_does_so_on_mnist(tmp_path: Path) -> None:
    try:
        build_source(load_recipe("cgan_mnist")).available()
    except DataUnavailable as error:
        pytest.skip(error.message)
    _, scores = measured("cgan_mnist", {}, tmp_path / "run", ASKED)
    is_as_asked_for(scores, 0.9)


@pytest.mark.slow
def test_a_condition_draws_every_digit_alike_where_the_data_do_not(tmp_path: Path) -> None:
    """Odd digits are ten times as rare as even ones; the classifier learnt from all."""
    changed = {"dataset": {"name": "unbalanced"}, "conditions": {"label": "uniform"}}
    _, scores = measured("cgan_digits", changed, tmp_path / "run", {**ASKED, "dataset": "digits"})
    is_as_asked_for(scores, 0.97)


@pytest.mark.slow
def test_an_auxiliary_classifier_does_so_too(tmp_path: Path) -> None:
    """With D told nothing: its head reads the digit (AC-GAN)."""
    run, scores = measured("cgan_digits", AUXILIARY, tmp_path / "run", ASKED)
    is_as_asked_for(scores, 0.95)
    head = run.discriminator(run.source.preprocess.apply(run.source.load("test")), training=False)
    own = np.argmax(head["class_logits"], axis=1) == run.source.labels("test")
    print(f"its own classifier: {own.sum()} of {len(own)} test images")
    assert own.mean() >= 0.95


@pytest.mark.slow
def test_a_code_is_read_off_the_samples(tmp_path: Path) -> None:
    """I(code; G(z, code)) ≥ log 10 − E[−log q] comes within 0.1 nats of log 10 (InfoGAN)."""
    metric = {"name": "code_missing", "samples": SAMPLES}
    _, scores = measured("cgan_digits", INFORMATION, tmp_path / "run", metric)
    assert scores["code_missing"].value <= 0.1
