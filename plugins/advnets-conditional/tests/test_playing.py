"""From the shipped recipes to samples and scores, in short, on digits that need no download."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import advnets
from advnets.errors import AdvnetsError

SHORT: dict[str, Any] = {
    "generator.layers": [16],
    "discriminator.layers": [16],
    "training": {"steps": 6, "batch_size": 20},
    "monitoring": {"log_every": 3, "image_every": 0, "figures": False, "tensorboard": False},
    "evaluation": {"metrics": []},
}
FEW = {"name": "classifier", "steps": 30}


def played(recipe: str, folder: Path, **changed: Any) -> advnets.Run:
    return advnets.run(recipe, {**SHORT, **changed}, run_dir=folder / "run")


def test_projection_makes_what_is_asked_for(tmp_path: Path) -> None:
    run = played("projection_digits", tmp_path)
    scores = run.evaluate([{"name": "class_agreement", "features": FEW, "samples": 40}])
    assert [score.metric for score in scores] == ["class_agreement"]
    assert len(scores[0].protocol["by_class"]) == 10
    samples, _ = run.sample(4, given={"label": 3})
    assert samples.shape == (4, 8, 8, 1)


def test_projection_without_a_class_is_refused_before_a_round(tmp_path: Path) -> None:
    with pytest.raises(AdvnetsError, match="told no class") as refused:
        played("projection_digits", tmp_path, given={"generator": ["label"]})
    assert refused.value.hint == (
        "given: {discriminator: [label]}, with the name of a field that has classes"
    )


def test_acgan_logs_and_scores_its_own_classifier(tmp_path: Path) -> None:
    run = played("acgan_digits", tmp_path)
    logged = [record for record in run.metrics if "label_accuracy" in record]
    assert logged
    (score,) = run.evaluate(["classification_error"])
    said = run.discriminator(run.source.preprocess.apply(run.source.load("test")), training=False)
    wrong = np.argmax(said["class_logits"], axis=1) != run.source.labels("test")
    assert score.value == pytest.approx(wrong.mean())


def test_infogan_reads_both_codes(tmp_path: Path) -> None:
    run = played("infogan_digits", tmp_path)
    last = [record for record in run.metrics if "code_accuracy" in record][-1]
    assert 0.0 <= last["code_accuracy"] <= 1.0
    assert last["style_squared_error"] > 0.0
    agreement = {"name": "class_agreement", "field": "code", "matched": True}
    error = {"name": "classification_error", "head": "code_logits", "matched": True}
    scores = run.evaluate([{**agreement, "features": FEW, "samples": 40}, error])
    assert [score.metric for score in scores] == ["class_agreement", "classification_error"]
    style = np.linspace(-1, 1, 10, dtype="float32").reshape(5, 2)
    samples, _ = run.sample(5, given={"code": 3, "style": style})
    assert samples.shape == (5, 8, 8, 1)


def test_a_network_of_its_own_reads_the_code(tmp_path: Path) -> None:
    run = played(
        "infogan_digits",
        tmp_path,
        **{
            "networks": {"q": {"name": "mlp", "layers": [8]}},
            "discriminator.heads": {},
            "given": {"generator": ["code"]},
            "conditions": {"code": {"name": "categorical", "classes": 10}},
            "penalties": [{"name": "information", "network": "q"}],
        },
    )
    (score,) = run.evaluate([{"name": "classification_error", "network": "q", "matched": True}])
    assert 0.0 <= score.value <= 1.0
