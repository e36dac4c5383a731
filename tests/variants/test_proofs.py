"""Do the variants learn what they are for? Measured on 8×8 digits, by a classifier of real ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.spatial.distance import pdist
from sklearn.svm import SVC

import advnets

PLUGIN = str(Path(__file__).with_name("variants.py"))
SAMPLES = 1000

pytestmark = pytest.mark.slow


def classifier(source: Any) -> tuple[SVC, float]:
    """A support vector machine of real training examples, and its accuracy on test ones."""

    def flat(split: str) -> np.ndarray:
        return source.load(split).reshape(source.count(split), -1).astype(float)

    found = SVC(gamma="scale", C=10).fit(flat("train"), source.labels("train"))
    return found, found.score(flat("test"), source.labels("test"))


def asked_for(run: advnets.Run) -> tuple[float, float, float]:
    """Return the classifier's accuracy, the share of samples read as the digit that was asked
    for, and how far samples of a class differ, by how far real ones do: the least of all classes.
    """
    machine, accuracy = classifier(run.source)
    labels = np.arange(SAMPLES) % 10
    samples, _ = run.sample(SAMPLES, seed=1, given={"label": labels})
    flat = samples.reshape(SAMPLES, -1).astype(float)
    real = run.source.load("train").reshape(run.source.count("train"), -1).astype(float)
    classes = run.source.labels("train")
    apart = min(
        pdist(flat[labels == k]).mean() / pdist(real[classes == k]).mean() for k in range(10)
    )
    return accuracy, float((machine.predict(flat) == labels).mean()), float(apart)


def test_a_conditional_game_makes_the_digits_that_are_asked_for(tmp_path: Path) -> None:
    run = advnets.run("cgan_digits", (), tmp_path / "run")
    accuracy, read, apart = asked_for(run)
    print(f"classifier {accuracy:.3f}, asked for {read:.3f}, apart {apart:.2f}")
    assert accuracy >= 0.97
    assert read >= 0.97
    assert apart >= 0.5


def test_labels_may_be_drawn_by_a_condition(tmp_path: Path) -> None:
    changed = {"conditions": {"label": "uniform"}}
    run = advnets.run("cgan_digits", changed, tmp_path / "run")
    accuracy, read, apart = asked_for(run)
    print(f"classifier {accuracy:.3f}, asked for {read:.3f}, apart {apart:.2f}")
    assert read >= 0.97
    assert apart >= 0.5


def test_an_auxiliary_classifier_does_so_too(tmp_path: Path) -> None:
    """With D told nothing: its head reads the digit (AC-GAN)."""
    changed = {
        "given": {"generator": ["label"]},
        "discriminator": {
            "name": "mlp",
            "layers": [256, 256],
            "activation": "leaky_relu",
            "heads": {"class_logits": "label"},
        },
        "penalties": [{"name": "r1", "gamma": 0.1}, "auxiliary"],
    }
    run = advnets.run("cgan_digits", changed, tmp_path / "run", plugins=[PLUGIN])
    _, read, apart = asked_for(run)
    head = run.discriminator(run.source.preprocess.apply(run.source.load("test")), training=False)
    own = np.argmax(head["class_logits"], axis=1) == run.source.labels("test")
    print(f"asked for {read:.3f}, apart {apart:.2f}, its classifier {own.mean():.3f}")
    assert read >= 0.95
    assert apart >= 0.5


def test_a_code_is_read_off_the_samples(tmp_path: Path) -> None:
    """I(code; G(z, code)) ≥ log 10 − E[−log q] comes within 0.1 nats of log 10 (InfoGAN)."""
    changed = {
        "conditions": {"code": {"name": "categorical", "classes": 10}},
        "given": {"generator": ["code"]},
        "discriminator": {
            "name": "mlp",
            "layers": [256, 256],
            "activation": "leaky_relu",
            "heads": {"code_logits": "code"},
        },
        "penalties": [{"name": "r1", "gamma": 0.1}, "information"],
    }
    run = advnets.run("cgan_digits", changed, tmp_path / "run", plugins=[PLUGIN])
    codes = np.arange(SAMPLES) % 10
    samples, _ = run.sample(SAMPLES, seed=1, given={"code": codes})
    said = run.discriminator(run.source.preprocess.apply(samples), training=False)
    logits = np.asarray(said["code_logits"], np.float64)
    logits -= np.log(np.exp(logits).sum(axis=1, keepdims=True))
    missing = -logits[np.arange(SAMPLES), codes].mean()
    print(f"log 10 less {missing:.4f} nats")
    assert missing <= 0.1
